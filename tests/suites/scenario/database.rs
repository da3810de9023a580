//! How the examples come to their database, and what they say when they do not.

use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_core::{TenantId, danger};
use tenancy_examples::analytics::{Insights, TABLES, catalog};
use tenancy_examples::database::{Database, DatabaseError};
use tenancy_examples::scenario::seed;
use tenancy_sqlx::Rls;
use tenancy_tests::postgres::{self, Cluster, unique_role};

const PASSWORD: &str = "s3cret-of-the-test";

#[tokio::test]
async fn the_application_role_starts_without_the_rights_to_set_up() {
    let database = Cluster::shared().await.database().await;
    let role = role(&database, "LOGIN").await;
    let rls = Rls::new(&catalog()).application_role(&role).set_up_sql();
    administer(&database, &format!("{TABLES}{rls}")).await;

    let opened = Database::open(Some(&url(&database, &role))).await.unwrap();
    let pool = opened.tenant_pool(TABLES, &catalog(), 2).await.unwrap();
    let insights = Insights::new(pool.clone());
    seed(&insights).await.unwrap();
    seed(&insights).await.unwrap();

    for (tenant, rows) in [("acme", 3), ("globex", 2)] {
        let context = danger::assume(TenantId::parse(tenant).unwrap(), "a test").unwrap();
        let latest = insights.latest(&context).await.unwrap();
        assert_eq!(latest.len(), rows, "{tenant}");
    }
    pool.close().await;
    opened.close().await;
}

#[tokio::test]
async fn the_administrator_may_start_a_second_time_on_the_same_database() {
    let database = Cluster::shared().await.database().await;
    for _ in 0..2 {
        let opened = Database::open(Some(&database.admin_url())).await.unwrap();
        let pool = opened.tenant_pool(TABLES, &catalog(), 1).await.unwrap();
        seed(&Insights::new(pool.clone())).await.unwrap();
        pool.close().await;
    }
}

#[tokio::test]
async fn a_url_that_is_none_is_answered_with_the_shape_of_one() {
    let error = Database::open(Some("nonsense")).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Url(_)), "{error:?}");
    says(&error, "postgres://user:password@host:5432/database");
}

#[tokio::test]
async fn a_port_where_nobody_listens_is_reported_at_once() {
    let open = Database::open(Some("postgres://x:y@127.0.0.1:1/z"));
    let opened = tokio::time::timeout(Duration::from_secs(5), open).await;
    let error = opened.unwrap().unwrap_err();
    assert!(matches!(error, DatabaseError::Connect(_)), "{error:?}");
    says(&error, "cannot connect to the database of DATABASE_URL");
}

#[tokio::test]
async fn a_wrong_password_is_reported_and_not_repeated() {
    let database = Cluster::shared().await.database().await;
    let role = role(&database, "LOGIN").await;
    let wrong = url(&database, &role).replace(PASSWORD, "mistyped");
    let error = Database::open(Some(&wrong)).await.unwrap_err();
    assert!(matches!(error, DatabaseError::Connect(_)), "{error:?}");
    says(&error, "password authentication failed");
    assert!(!error.to_string().contains("mistyped"), "{error}");
}

#[tokio::test]
async fn a_role_that_may_not_create_tables_is_told_so() {
    let database = Cluster::shared().await.database().await;
    let error = refused(&database, "LOGIN CREATEROLE").await;
    assert!(matches!(error, DatabaseError::SetUp(_)), "{error:?}");
    says(&error, "connect as a role that may create roles and tables");
}

#[tokio::test]
async fn a_role_that_row_level_security_does_not_bind_is_turned_away() {
    let database = Cluster::shared().await.database().await;
    administer(&database, TABLES).await;
    administer(&database, &Rls::new(&catalog()).set_up_sql()).await;
    let error = refused(&database, "LOGIN BYPASSRLS").await;
    assert!(
        matches!(error, DatabaseError::UnsafeWithoutSetUp(_)),
        "{error:?}"
    );
    says(&error, "has BYPASSRLS");
    says(&error, "Take BYPASSRLS from it");
}

#[tokio::test]
async fn an_application_role_on_an_empty_database_is_told_what_is_missing() {
    let database = Cluster::shared().await.database().await;
    let error = refused(&database, "LOGIN").await;
    assert!(
        matches!(error, DatabaseError::UnsafeWithoutSetUp(_)),
        "{error:?}"
    );
    says(
        &error,
        "public.insight: it is declared as a tenant table and is no table of the database (Create the table",
    );
}

/// The administrator of a managed Postgres: no superuser, but owner of the database with CREATEROLE.
#[tokio::test]
async fn an_owner_of_the_database_sets_up_without_being_superuser() {
    let database = Cluster::shared().await.database().await;
    let role = role(&database, "LOGIN CREATEROLE").await;
    administer(
        &database,
        &format!("ALTER DATABASE {} OWNER TO {role}", database.name()),
    )
    .await;
    let opened = Database::open(Some(&url(&database, &role))).await.unwrap();
    for _ in 0..2 {
        let pool = opened.tenant_pool(TABLES, &catalog(), 1).await.unwrap();
        seed(&Insights::new(pool.clone())).await.unwrap();
        pool.close().await;
    }
}

#[tokio::test]
async fn a_second_start_does_not_lock_out_the_first() {
    let database = Cluster::shared().await.database().await;
    let opened = Database::open(Some(&database.admin_url())).await.unwrap();
    let first = opened.tenant_pool(TABLES, &catalog(), 1).await.unwrap();
    let second = opened.tenant_pool(TABLES, &catalog(), 1).await.unwrap();
    // Both have to connect anew.
    administer(&database, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename LIKE 'tenancy%app' AND datname = current_database()").await;
    for pool in [first, second] {
        seed(&Insights::new(pool)).await.unwrap();
    }
}

#[tokio::test]
async fn instances_may_start_at_the_same_moment() {
    let database = Cluster::shared().await.database().await;
    let start = || async {
        let opened = Database::open(Some(&database.admin_url())).await.unwrap();
        opened.tenant_pool(TABLES, &catalog(), 1).await.unwrap();
    };
    tokio::join!(start(), start(), start(), start());
}

#[tokio::test]
async fn a_table_that_somebody_else_made_is_left_alone() {
    let database = Cluster::shared().await.database().await;
    administer(&database, "CREATE TABLE insight (treasure text)").await;
    let opened = Database::open(Some(&database.admin_url())).await.unwrap();
    let error = opened.tenant_pool(TABLES, &catalog(), 1).await.unwrap_err();
    says(
        &error,
        "table `public.insight` is there already and belongs to `postgres`",
    );
}

/// Why there is no pool for a new role with these attributes.
async fn refused(database: &postgres::Database, attributes: &str) -> DatabaseError {
    let role = role(database, attributes).await;
    let opened = Database::open(Some(&url(database, &role))).await.unwrap();
    let pool = opened.tenant_pool(TABLES, &catalog(), 1).await;
    pool.unwrap_err()
}

async fn role(database: &postgres::Database, attributes: &str) -> String {
    let role = unique_role("analytics");
    let sql = format!("CREATE ROLE {role} {attributes} PASSWORD '{PASSWORD}'");
    administer(database, &sql).await;
    role
}

async fn administer(database: &postgres::Database, sql: &str) {
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    let sql = sqlx::raw_sql(AssertSqlSafe(sql));
    sql.execute(&mut admin).await.unwrap();
}

fn url(database: &postgres::Database, role: &str) -> String {
    let admin = database.admin_url();
    let (_, server) = admin.split_once('@').unwrap();
    format!("postgres://{role}:{PASSWORD}@{server}")
}

/// The error is one line that says what to do.
#[track_caller]
fn says(error: &DatabaseError, sentence: &str) {
    let text = error.to_string();
    assert!(text.contains(sentence), "{text}");
    assert!(!text.contains('\n'), "{text}");
}
