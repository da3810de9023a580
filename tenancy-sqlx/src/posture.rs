//! The proof at start-up that row-level security binds the connected role.

use std::fmt;

use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use tenancy_core::{TableCatalog, TenantTable};

use crate::setting::identifier;
use crate::{Error, Setting, TenantTransaction};

/// The database would not keep tenants apart. Nothing is served until that is mended.
#[derive(Clone, PartialEq, Eq)]
pub struct PostureError {
    problems: Vec<PostureProblem>,
}

/// One reason why the database would not keep tenants apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostureProblem {
    /// The catalogue declares no tenant table, so nothing would be checked.
    #[error("no tenant table is declared; declare the tables of the service in the `TableCatalog`")]
    NothingDeclared,
    /// The role ignores row-level security, or can become one that does.
    #[error(
        "role `{role}` {}, which row-level security does not bind; connect as a role with NOSUPERUSER and \
         NOBYPASSRLS that is a member of no such role",
        if role == becomes { "is a superuser or has BYPASSRLS".to_owned() } else { format!("can become `{becomes}`") }
    )]
    RoleNotBound {
        /// The connected role.
        role: String,
        /// The role that is not bound: the same, or one that it is a member of.
        becomes: String,
    },
    /// A table is declared twice, differently.
    #[error("table `{0}` is declared twice and differently in the `TableCatalog`; declare it once")]
    Contradictory(String),
    /// The role may create temporary tables, which outlive the transaction and stand in the way of tables of
    /// the same name for the next user of the connection.
    #[error(
        "role `{role}` may create temporary tables, which outlive a transaction; run REVOKE TEMPORARY ON \
         DATABASE … FROM PUBLIC, as `Rls` does"
    )]
    TemporaryTables {
        /// The connected role.
        role: String,
    },
    /// The role may create tables, which no policy protects.
    #[error(
        "the connected role may create tables in schema `{0}`, which no policy would protect; run REVOKE CREATE ON \
         SCHEMA … FROM PUBLIC, or from the role"
    )]
    NewTables(String),
    /// The role can reach a table or view that is neither protected nor declared as shared.
    #[error(
        "`{0}` is open to the role and neither protected nor declared; declare it as a tenant table and protect it, \
         declare it as a shared table, or revoke the privileges on it"
    )]
    Undeclared(String),
    /// A policy of a declared table admits rows whatever their tenant.
    #[error(
        "policy `{policy}` on table `{table}` does not look at the tenant, and permissive policies add up; drop \
         it or make it AS RESTRICTIVE"
    )]
    OpenPolicy {
        /// The table.
        table: String,
        /// The policy.
        policy: String,
    },
    /// A tenant that does not exist sees rows of a declared table.
    #[error(
        "table `{table}` shows rows to a tenant that does not exist; its policies do not compare the tenant column \
         with the setting `{setting}`"
    )]
    ShowsForeignRows {
        /// The table.
        table: String,
        /// The setting that the pool uses.
        setting: String,
    },
    /// The collation of a tenant column takes different texts for the same.
    #[error(
        "column `{column}` of table `{table}` has a nondeterministic collation, to which `Acme` may be `acme`; give it another"
    )]
    Collation {
        /// The table.
        table: String,
        /// The tenant column.
        column: String,
    },
    /// A declared table does not exist.
    #[error("table `{0}` is declared and does not exist; create it or mend the `TableCatalog`")]
    TableMissing(String),
    /// Row-level security is off for this role on a declared table.
    #[error(
        "row-level security does not bind this role on table `{0}`; run ALTER TABLE … ENABLE ROW LEVEL SECURITY \
         and ALTER TABLE … FORCE ROW LEVEL SECURITY, as `Rls` does"
    )]
    TableNotProtected(String),
    /// A declared table has no tenant column of the declared name.
    #[error("table `{table}` has no column `{column}`; add it or mend the `TableCatalog`")]
    TenantColumnMissing {
        /// The table.
        table: String,
        /// The declared column.
        column: String,
    },
}

impl PostureError {
    /// Everything that was found.
    pub fn problems(&self) -> &[PostureProblem] {
        &self.problems
    }
}

impl fmt::Display for PostureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database would not keep tenants apart")?;
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{} {problem}", if index == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

/// The sentence, because a `main` that returns the error shows it by `Debug`.
impl fmt::Debug for PostureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for PostureError {}

/// Asks the catalogue of the database as the connected role.
///
/// One thing cannot be seen from within: a superuser that took the place of a plain role by `SET SESSION
/// AUTHORIZATION` and can take its own again.
pub(crate) async fn prove(
    connection: &mut PgConnection,
    catalog: &TableCatalog,
) -> Result<(), Error> {
    let mut problems = unbound_roles(connection).await?;
    problems.extend(what_it_may_create(connection).await?);
    problems.extend(
        catalog
            .contradictions()
            .map(|name| PostureProblem::Contradictory(name.to_owned())),
    );
    problems.extend(what_it_may_reach(connection, catalog).await?);
    let mut tables = catalog.tenant_tables().peekable();
    if tables.peek().is_none() {
        problems.push(PostureProblem::NothingDeclared);
    }
    for table in tables {
        problems.extend(table_problems(connection, table).await?);
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(PostureError { problems }.into())
    }
}

/// Both the role that logged in and the one in force: `RESET ROLE` leads back to the former.
async fn unbound_roles(connection: &mut PgConnection) -> Result<Vec<PostureProblem>, sqlx::Error> {
    let found: Vec<(String, String)> = sqlx::query_as(
        "SELECT DISTINCT me.rolname::text, other.rolname::text \
         FROM pg_catalog.pg_roles me, pg_catalog.pg_roles other \
         WHERE me.rolname IN (current_user, session_user) \
           AND (other.rolsuper OR other.rolbypassrls) \
           AND pg_catalog.pg_has_role(me.oid, other.oid, 'MEMBER') \
           AND (me.oid = other.oid OR NOT (me.rolsuper OR me.rolbypassrls)) \
         ORDER BY 1, 2",
    )
    .fetch_all(connection)
    .await?;
    let problem = |(role, becomes)| PostureProblem::RoleNotBound { role, becomes };
    Ok(found.into_iter().map(problem).collect())
}

/// `SELECT … INTO` and its like would copy a tenant's rows to where no policy is.
async fn what_it_may_create(
    connection: &mut PgConnection,
) -> Result<Vec<PostureProblem>, sqlx::Error> {
    let (role, temporary): (String, bool) = sqlx::query_as(
        "SELECT current_user::text, \
                pg_catalog.has_database_privilege(current_user, pg_catalog.current_database(), 'TEMPORARY') \
                OR pg_catalog.has_database_privilege(session_user, pg_catalog.current_database(), 'TEMPORARY')",
    )
    .fetch_one(&mut *connection)
    .await?;
    let schemas: Vec<String> = sqlx::query_scalar(
        "SELECT nspname::text FROM pg_catalog.pg_namespace \
         WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' \
           AND (pg_catalog.has_schema_privilege(current_user, oid, 'CREATE') \
                OR pg_catalog.has_schema_privilege(session_user, oid, 'CREATE')) \
         ORDER BY 1",
    )
    .fetch_all(connection)
    .await?;
    let temporary = temporary.then_some(PostureProblem::TemporaryTables { role });
    Ok(temporary
        .into_iter()
        .chain(schemas.into_iter().map(PostureProblem::NewTables))
        .collect())
}

/// The table that somebody forgot to declare, a partition reached directly, a view that shows what its owner
/// sees. Declared tenant tables are looked at one by one; what belongs to an extension is left to it.
async fn what_it_may_reach(
    connection: &mut PgConnection,
    catalog: &TableCatalog,
) -> Result<Vec<PostureProblem>, sqlx::Error> {
    let open: Vec<(String, String)> = sqlx::query_as(
        "SELECT n.nspname::text, c.relname::text \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') \
           AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' \
           AND pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
           AND (pg_catalog.has_table_privilege(c.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE') \
                OR pg_catalog.has_any_column_privilege(c.oid, 'SELECT, INSERT, UPDATE')) \
           AND NOT (c.relkind IN ('r', 'p') AND pg_catalog.row_security_active(c.oid)) \
           AND NOT (c.relkind = 'v' AND coalesce(c.reloptions && '{security_invoker=true,security_invoker=on}', false)) \
           AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
                           WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid AND d.deptype = 'e') \
         ORDER BY 1, 2",
    )
    .fetch_all(connection)
    .await?;
    let declared = |schema: &str, name: &str| {
        catalog.shared_tables().any(|shared| shared == name)
            || catalog.contradictions().any(|table| table == name)
            || catalog
                .tenant_tables()
                .any(|table| table.schema() == schema && table.name() == name)
    };
    let forgotten = open
        .into_iter()
        .filter(|(schema, name)| !declared(schema, name));
    Ok(forgotten
        .map(|(schema, name)| PostureProblem::Undeclared(format!("{schema}.{name}")))
        .collect())
}

async fn table_problems(
    connection: &mut PgConnection,
    table: &TenantTable,
) -> Result<Vec<PostureProblem>, sqlx::Error> {
    let name = format!("{}.{}", table.schema(), table.name());
    // Protected: active for this role, and not to be shed by becoming the owner. Open: a permissive policy that
    // does not depend on the tenant column.
    let facts: Option<(bool, Option<i16>, bool, Vec<String>)> = sqlx::query_as(
        "SELECT pg_catalog.row_security_active(c.oid) \
                AND (c.relforcerowsecurity \
                     OR NOT (pg_catalog.pg_has_role(current_user, c.relowner, 'MEMBER') \
                             OR pg_catalog.pg_has_role(session_user, c.relowner, 'MEMBER'))) AS protected, \
                a.attnum AS tenant_column, \
                coalesce((SELECT o.collisdeterministic FROM pg_catalog.pg_collation o \
                          WHERE o.oid = a.attcollation), true) AS deterministic, \
                ARRAY(SELECT p.polname::text FROM pg_catalog.pg_policy p \
                      WHERE p.polrelid = c.oid AND p.polpermissive AND NOT EXISTS ( \
                          SELECT FROM pg_catalog.pg_depend d \
                          WHERE d.classid = 'pg_catalog.pg_policy'::regclass AND d.objid = p.oid \
                            AND d.refclassid = 'pg_catalog.pg_class'::regclass AND d.refobjid = c.oid \
                            AND d.refobjsubid = a.attnum) \
                      ORDER BY 1) AS open_policies \
         FROM pg_catalog.pg_class c \
         JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         LEFT JOIN pg_catalog.pg_attribute a \
             ON a.attrelid = c.oid AND a.attname = $3 AND a.attnum > 0 AND NOT a.attisdropped \
         WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')",
    )
    .bind(table.schema())
    .bind(table.name())
    .bind(table.tenant_column())
    .fetch_optional(connection)
    .await?;
    let Some((protected, tenant_column, deterministic, open_policies)) = facts else {
        return Ok(vec![PostureProblem::TableMissing(name)]);
    };
    if tenant_column.is_none() {
        let column = table.tenant_column().to_owned();
        return Ok(vec![PostureProblem::TenantColumnMissing {
            table: name,
            column,
        }]);
    }
    if !protected {
        return Ok(vec![PostureProblem::TableNotProtected(name)]);
    }
    if !deterministic {
        let column = table.tenant_column().to_owned();
        return Ok(vec![PostureProblem::Collation {
            table: name,
            column,
        }]);
    }
    Ok(open_policies
        .into_iter()
        .map(|policy| PostureProblem::OpenPolicy {
            table: name.clone(),
            policy,
        })
        .collect())
}

/// What a tenant that does not exist sees: nothing, whatever the policies and their functions look like.
/// `transaction` is that tenant's.
pub(crate) async fn try_canary(
    transaction: &mut TenantTransaction,
    catalog: &TableCatalog,
    setting: &Setting,
) -> Result<(), Error> {
    let mut problems = Vec::new();
    for table in catalog.tenant_tables() {
        let name = format!(
            "{}.{}",
            identifier(table.schema()),
            identifier(table.name())
        );
        let readable: bool =
            sqlx::query_scalar("SELECT pg_catalog.has_table_privilege($1, 'SELECT')")
                .bind(&name)
                .fetch_one(&mut *transaction)
                .await?;
        let sees = AssertSqlSafe(format!("SELECT EXISTS (SELECT FROM {name})"));
        if readable
            && sqlx::query_scalar(sees)
                .fetch_one(&mut *transaction)
                .await?
        {
            problems.push(PostureProblem::ShowsForeignRows {
                table: format!("{}.{}", table.schema(), table.name()),
                setting: setting.to_string(),
            });
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(PostureError { problems }.into())
    }
}
