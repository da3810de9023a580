//! The proof at start-up that row-level security binds the connected role.

use std::fmt;

use sqlx::postgres::PgConnection;
use tenancy_core::{TableCatalog, TenantTable};

use crate::Error;

/// The database would not keep tenants apart. Nothing is served until that is mended.
#[derive(Debug, Clone, PartialEq, Eq)]
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

impl std::error::Error for PostureError {}

/// Asks the catalogue of the database as the connected role.
pub(crate) async fn prove(
    connection: &mut PgConnection,
    catalog: &TableCatalog,
) -> Result<(), Error> {
    let mut problems = unbound_roles(connection).await?;
    let mut tables = catalog.tenant_tables().peekable();
    if tables.peek().is_none() {
        problems.push(PostureProblem::NothingDeclared);
    }
    for table in tables {
        problems.extend(table_problem(connection, table).await?);
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
    Ok(found
        .into_iter()
        .map(|(role, becomes)| PostureProblem::RoleNotBound { role, becomes })
        .collect())
}

async fn table_problem(
    connection: &mut PgConnection,
    table: &TenantTable,
) -> Result<Option<PostureProblem>, sqlx::Error> {
    let name = format!("{}.{}", table.schema(), table.name());
    let found: Option<(bool, bool)> = sqlx::query_as(
        "SELECT pg_catalog.row_security_active(c.oid), \
                EXISTS (SELECT FROM pg_catalog.pg_attribute a \
                        WHERE a.attrelid = c.oid AND a.attname = $3 AND a.attnum > 0 AND NOT a.attisdropped) \
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
         WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')",
    )
    .bind(table.schema())
    .bind(table.name())
    .bind(table.tenant_column())
    .fetch_optional(connection)
    .await?;
    Ok(match found {
        None => Some(PostureProblem::TableMissing(name)),
        Some((false, _)) => Some(PostureProblem::TableNotProtected(name)),
        Some((true, false)) => Some(PostureProblem::TenantColumnMissing {
            table: name,
            column: table.tenant_column().to_owned(),
        }),
        Some((true, true)) => None,
    })
}
