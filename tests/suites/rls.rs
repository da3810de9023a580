//! What `Rls` makes of a database, and that every choice can be taken back.

mod around;
mod choices;
mod migrating;
mod names;
mod roles;
mod sealed;
mod types;
mod withheld;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_tests::notes::Notes;

/// A session of `role`, which cannot go back to the superuser that it came from.
async fn session(notes: &Notes, role: &str) -> PgConnection {
    let mut connection = notes.admin().await.unwrap();
    run(
        &mut connection,
        &format!(
            "SET SESSION AUTHORIZATION \"{}\"",
            role.replace('"', "\"\"")
        ),
    )
    .await
    .unwrap();
    connection
}

/// Runs SQL; the error is its SQLSTATE and message.
async fn run(connection: &mut PgConnection, sql: &str) -> Result<u64, String> {
    let result = sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await;
    result
        .map(|done| done.rows_affected())
        .map_err(|e| told(&e))
}

/// Runs SQL in a transaction that is rolled back, with `tenant` in the setting. What it yields is text.
async fn ask(
    connection: &mut PgConnection,
    tenant: Option<&str>,
    sql: &str,
) -> Result<Vec<String>, String> {
    let mut transaction = connection.begin().await.unwrap();
    if let Some(tenant) = tenant {
        let set = sqlx::query("SELECT set_config('app.current_tenant_id', $1, true)").bind(tenant);
        set.execute(&mut *transaction).await.unwrap();
    }
    let rows = sqlx::query_scalar(AssertSqlSafe(sql))
        .fetch_all(&mut *transaction)
        .await;
    transaction.rollback().await.unwrap();
    rows.map_err(|error| told(&error))
}

fn told(error: &sqlx::Error) -> String {
    match error.as_database_error() {
        Some(error) => format!("{} {}", error.code().unwrap_or_default(), error.message()),
        None => error.to_string(),
    }
}

/// Everything of the database that a set-up could leave behind on tables: policies, triggers, defaults, flags.
async fn on_tables(notes: &Notes) -> Vec<String> {
    let mut admin = notes.admin().await.unwrap();
    sqlx::query_scalar(
        "SELECT * FROM (
            SELECT format('policy %s %s %s %s %s', polrelid::regclass, polname, polpermissive, polroles::regrole[],
                          pg_get_expr(polqual, polrelid)) AS fact FROM pg_policy
            UNION ALL
            SELECT format('trigger %s %s', tgrelid::regclass, tgname) FROM pg_trigger WHERE NOT tgisinternal
            UNION ALL
            SELECT format('default %s %s', adrelid::regclass, pg_get_expr(adbin, adrelid)) FROM pg_attrdef
            WHERE adrelid::regclass::text NOT LIKE 'tenancy.%'
            UNION ALL
            SELECT format('table %s %s %s', oid::regclass, relrowsecurity, relforcerowsecurity) FROM pg_class
            WHERE relkind IN ('r', 'p') AND relnamespace = 'public'::regnamespace
            UNION ALL
            SELECT format('function %s %s %s %s', oid::regprocedure, prosecdef, proconfig, prosrc) FROM pg_proc
            WHERE pronamespace = to_regnamespace('tenancy')
         ) AS facts ORDER BY fact",
    )
    .fetch_all(&mut admin)
    .await
    .unwrap()
}
