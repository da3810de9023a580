//! What the connected role is, can become and may create.

use sqlx::postgres::PgConnection;

use super::PostureProblem;

/// Both the role that logged in and the one in force: `RESET ROLE` leads back to the former.
pub(super) async fn unbound_roles(
    connection: &mut PgConnection,
) -> Result<Vec<PostureProblem>, sqlx::Error> {
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
pub(super) async fn what_it_may_create(
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
