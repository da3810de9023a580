//! Work across tenants: a role of its own, a reason, a record before the first statement, and nothing of it elsewhere.

use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection, PgPool};
use tenancy_sqlx::danger::{AllTenants, NoReason};
use tenancy_sqlx::{Error, Rls, pool_options};
use tenancy_tests::cancel::at_await;
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::postgres::unique_role;
use tenancy_tests::slow_link::SlowLink;
use tenancy_tests::sqlstate::sqlstate;

/// The notes, with a role that may work across tenants.
struct Operated {
    notes: Notes,
    operator: String,
}

impl Operated {
    async fn new() -> Self {
        let notes = Notes::unprotected().await.unwrap();
        let operator = unique_role("operator");
        let catalog = catalog();
        let rls = Rls::new(&catalog)
            .application_role(notes.application())
            .all_tenants_role(&operator);
        let sql = format!(
            "CREATE ROLE {operator} LOGIN PASSWORD 'operator'; {}",
            rls.set_up_sql()
        );
        notes.administer(sql).await.unwrap();
        Self { notes, operator }
    }

    async fn pool(&self) -> PgPool {
        self.pool_with(self.options()).await
    }

    /// Over a link on which each answer is waited for, however busy the machine is.
    async fn slow_pool(&self) -> (PgPool, SlowLink) {
        let options = self.options();
        let link = SlowLink::to(options.get_host(), options.get_port())
            .await
            .unwrap();
        let address = link.address();
        let options = options.host(&address.ip().to_string()).port(address.port());
        (self.pool_with(options).await, link)
    }

    fn options(&self) -> PgConnectOptions {
        let options = self.notes.options();
        options.username(&self.operator).password("operator")
    }

    async fn pool_with(&self, options: PgConnectOptions) -> PgPool {
        let pool = pool_options().max_connections(1);
        pool.connect_with(options).await.unwrap()
    }

    /// The reasons that were recorded, with whether the work could only read.
    async fn records(&self) -> Vec<(String, String, bool)> {
        let mut admin = self.notes.admin().await.unwrap();
        let records =
            "SELECT role::text, reason, read_only FROM tenancy.all_tenants_record ORDER BY id";
        let records = sqlx::query_as(AssertSqlSafe(records))
            .fetch_all(&mut admin)
            .await
            .unwrap();
        admin.close().await.unwrap();
        records
    }
}

#[tokio::test]
async fn the_record_is_there_before_the_first_statement() {
    let operated = Operated::new().await;
    let all = AllTenants::justified(operated.pool().await, " monthly invoices ").unwrap();
    assert_eq!(operated.records().await, []);
    let mut transaction = all.begin().await.unwrap();
    let recorded = [(
        operated.operator.clone(),
        "monthly invoices".to_owned(),
        true,
    )];
    assert_eq!(operated.records().await, recorded);
    let owners: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tenant_id FROM note ORDER BY 1")
        .fetch_all(&mut transaction)
        .await
        .unwrap();
    assert_eq!(owners, ["a", "b"]);
    drop(transaction);
    // Rolled back or not, the record stays.
    assert_eq!(operated.records().await.len(), 1);
}

#[tokio::test]
async fn it_reads_only_unless_it_is_asked_to_write() {
    let operated = Operated::new().await;
    let all = AllTenants::justified(operated.pool().await, "repair").unwrap();
    let change = "UPDATE note SET body = 'mended'";
    let mut transaction = all.begin().await.unwrap();
    let error = sqlx::query(change)
        .execute(&mut transaction)
        .await
        .unwrap_err();
    assert_eq!(sqlstate(&error), "25006", "{error}");
    assert!(matches!(
        transaction.commit().await.unwrap_err(),
        Error::Aborted
    ));

    let mut transaction = all.writing().begin().await.unwrap();
    let changed = sqlx::query(change).execute(&mut transaction).await.unwrap();
    assert_eq!(changed.rows_affected(), 5);
    transaction.commit().await.unwrap();
    let read_only: Vec<_> = operated
        .records()
        .await
        .into_iter()
        .map(|(_, _, read_only)| read_only)
        .collect();
    assert_eq!(read_only, [true, false]);
}

#[tokio::test]
async fn it_takes_a_reason_and_a_role_that_is_not_the_services() {
    let operated = Operated::new().await;
    let services = operated.notes.bare_pool(1).await.unwrap();
    assert!(matches!(
        AllTenants::justified(services.clone(), " \t"),
        Err(NoReason)
    ));
    let all = AllTenants::justified(services, "curiosity").unwrap();
    let error = all.begin().await.unwrap_err();
    assert!(
        matches!(&error, Error::NoAllTenantsRole { role } if role == operated.notes.application()),
        "{error}"
    );
    assert_eq!(operated.records().await, []);
}

/// Where nobody has set up the role, there is no place for records either.
#[tokio::test]
async fn without_a_place_for_records_nothing_begins() {
    let notes = Notes::new().await.unwrap();
    let superuser = pool_options()
        .max_connections(1)
        .connect_with(notes.superuser())
        .await
        .unwrap();
    let all = AllTenants::justified(superuser, "because I can").unwrap();
    assert!(matches!(
        all.begin().await.unwrap_err(),
        Error::NoAllTenantsRole { .. }
    ));
}

/// A set-up that was run again without the role takes its policies away; to the role every table then looks empty.
#[tokio::test]
async fn a_role_that_no_policy_serves_is_told_so() {
    let operated = Operated::new().await;
    operated
        .notes
        .administer("DROP POLICY all_tenants ON tag")
        .await
        .unwrap();
    let all = AllTenants::justified(operated.pool().await, "count").unwrap();
    let error = all.begin().await.unwrap_err();
    assert!(
        matches!(&error, Error::AllTenantsBlind { tables, .. } if tables == "public.tag"),
        "{error}"
    );
}

/// The service goes on as before beside it, and its pool starts on the same database.
#[tokio::test]
async fn it_does_not_reach_into_the_work_of_a_tenant() {
    let operated = Operated::new().await;
    let pool = operated.notes.pool(1).await.unwrap();
    let all = AllTenants::justified(operated.pool().await, "count").unwrap();
    let across = all.begin().await.unwrap();
    let own: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
        .fetch_one(&pool.reader(&context("b")))
        .await
        .unwrap();
    assert_eq!(own, 2);
    drop(across);
    // No setting makes a transaction of the service one across tenants.
    let mut transaction = pool.begin(&context("b")).await.unwrap();
    let become_operator = format!("SELECT set_config('role', '{}', true)", operated.operator);
    sqlx::query(AssertSqlSafe(become_operator))
        .execute(&mut transaction)
        .await
        .unwrap_err();
}

#[tokio::test]
async fn commands_are_checked_as_for_a_tenant() {
    let operated = Operated::new().await;
    let all = AllTenants::justified(operated.pool().await, "test").unwrap();
    let mut transaction = all.begin().await.unwrap();
    sqlx::query("COMMIT")
        .execute(&mut transaction)
        .await
        .unwrap_err();
    transaction.rollback().await.unwrap();
}

/// How many connections of `role` have a transaction open and nothing to do.
async fn in_transaction(admin: &mut PgConnection, role: &str) -> i64 {
    sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND state LIKE 'idle in transaction%'",
    )
    .bind(role)
    .fetch_one(admin)
    .await
    .unwrap()
}

#[tokio::test]
async fn it_can_be_cancelled_at_every_await() {
    for commits in [true, false] {
        cancelled_at_every_await(commits).await;
    }
}

async fn cancelled_at_every_await(commits: bool) {
    let operated = Operated::new().await;
    let (pool, _link) = operated.slow_pool().await;
    for awaits in 1.. {
        let all = AllTenants::justified(pool.clone(), "test")
            .unwrap()
            .writing();
        let finished = at_await(awaits, async {
            let mut transaction = all.begin().await.unwrap();
            sqlx::query("UPDATE note SET body = body")
                .execute(&mut transaction)
                .await
                .unwrap();
            if commits {
                transaction.commit().await.unwrap();
            } else {
                transaction.rollback().await.unwrap();
            }
        });
        let finished = finished.await.is_some();
        let mut admin = operated.notes.admin().await.unwrap();
        let next: String = sqlx::query_scalar("SELECT pg_current_xact_id_if_assigned() IS NULL AND current_setting('transaction_read_only') = 'off' AS fresh")
            .fetch_one(&pool)
            .await
            .map(|fresh: bool| fresh.to_string())
            .unwrap();
        assert_eq!(next, "true", "cancelled at await {awaits}");
        // A connection that was closed is gone as soon as the server has noticed.
        let patience = tokio::time::timeout(Duration::from_secs(10), async {
            while in_transaction(&mut admin, &operated.operator).await > 0 {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        });
        let is_over = patience.await.is_ok();
        assert!(
            is_over,
            "a transaction stays open, cancelled at await {awaits}"
        );
        admin.close().await.unwrap();
        if finished {
            assert!(awaits > 4, "cancelled at {awaits} awaits only");
            break;
        }
    }
}
