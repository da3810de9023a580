//! Whether the declared tables are protected, and which others the role can reach.

use sqlx::postgres::PgConnection;
use tenancy_core::{TableCatalog, TenantTable};

use super::PostureProblem;

/// The table that somebody forgot to declare, a partition reached directly, a view that shows what its owner
/// sees. Declared tenant tables are looked at one by one; what belongs to an extension is left to it.
pub(super) async fn what_it_may_reach(
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

pub(super) async fn table_problems(
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
