//! A connection that goes back to the pool carries nothing of its tenant: after commit, rollback, error, panic
//! and cancellation at every await, on a pool of one.

use std::future::Future;
use std::time::Duration;

use futures_util::StreamExt as _;
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgPool};
use tenancy_core::TenantContext;
use tenancy_sqlx::{TenantPool, TenantTransaction};
use tenancy_tests::cancel::at_await;
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::slow_link::SlowLink;

/// A tenant pool and, over the same single connection, a bare one to look at what is left behind.
///
/// The link is slow: on loopback an answer may be there before the future waits for it, and then there is
/// nothing to cancel.
struct Shared {
    notes: Notes,
    bare: PgPool,
    pool: TenantPool,
    _link: SlowLink,
}

/// What a borrower without a tenant finds on the connection.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    tenant: Option<String>,
    rows: i64,
    open_transactions: i64,
}

const NOTHING: Left = Left {
    tenant: None,
    rows: 0,
    open_transactions: 0,
};

impl Shared {
    async fn new() -> Self {
        let notes = Notes::new().await.unwrap();
        let (bare, link) = slow_pool(&notes).await;
        let pool = TenantPool::builder(bare.clone())
            .build(&catalog())
            .await
            .unwrap();
        Self {
            notes,
            bare,
            pool,
            _link: link,
        }
    }

    async fn left(&self) -> Left {
        look(&self.bare, &self.notes).await
    }

    /// Tenant b works on the connection next and finds its own rows, and a has lost none.
    async fn next_tenant_is_served(&self) {
        let mut transaction = self.pool.begin(&context("b")).await.unwrap();
        let owners: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tenant_id FROM note")
            .fetch_all(&mut transaction)
            .await
            .unwrap();
        assert_eq!(owners, ["b"]);
        transaction.commit().await.unwrap();
    }
}

/// One connection over a slow link.
async fn slow_pool(notes: &Notes) -> (PgPool, SlowLink) {
    let options = notes.options();
    let link = SlowLink::to(options.get_host(), options.get_port())
        .await
        .unwrap();
    let options = options
        .host(&link.address().ip().to_string())
        .port(link.address().port());
    (
        PgPoolOptions::new()
            .max_connections(1)
            .connect_with(options)
            .await
            .unwrap(),
        link,
    )
}

async fn look(bare: &PgPool, notes: &Notes) -> Left {
    let (tenant, rows): (Option<String>, i64) = sqlx::query_as(
        "SELECT nullif(current_setting('app.current_tenant_id', true), ''), (SELECT count(*) FROM note)",
    )
    .fetch_one(bare)
    .await
    .unwrap();
    let mut admin = notes.admin().await.unwrap();
    let open_transactions = sqlx::query_scalar(
        "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND state LIKE 'idle in transaction%'",
    )
    .bind(notes.application())
    .fetch_one(&mut admin)
    .await
    .unwrap();
    admin.close().await.unwrap();
    Left {
        tenant,
        rows,
        open_transactions,
    }
}

#[tokio::test]
async fn nothing_is_left_after_commit_rollback_drop_and_error() {
    let shared = Shared::new().await;
    let a = context("a");
    shared.pool.begin(&a).await.unwrap().commit().await.unwrap();
    assert_eq!(shared.left().await, NOTHING);
    shared
        .pool
        .begin(&a)
        .await
        .unwrap()
        .rollback()
        .await
        .unwrap();
    assert_eq!(shared.left().await, NOTHING);
    drop(shared.pool.read(&a).await.unwrap());
    assert_eq!(shared.left().await, NOTHING);
    let mut transaction = shared.pool.begin(&a).await.unwrap();
    sqlx::query("SELECT 1 / 0")
        .execute(&mut transaction)
        .await
        .unwrap_err();
    drop(transaction);
    assert_eq!(shared.left().await, NOTHING);
    shared.next_tenant_is_served().await;
}

#[tokio::test]
async fn nothing_is_left_after_a_panic() {
    let shared = Shared::new().await;
    let pool = shared.pool.clone();
    let panicked = tokio::spawn(async move {
        let mut transaction = pool.begin(&context("a")).await.unwrap();
        sqlx::query("DELETE FROM note")
            .execute(&mut transaction)
            .await
            .unwrap();
        panic!("in the middle of a transaction");
    });
    assert!(panicked.await.unwrap_err().is_panic());
    assert_eq!(shared.left().await, NOTHING);
    shared.next_tenant_is_served().await;
}

#[tokio::test]
async fn nothing_is_left_when_a_stream_is_dropped() {
    let shared = Shared::new().await;
    let mut transaction = shared.pool.begin(&context("a")).await.unwrap();
    {
        let mut rows =
            sqlx::query("SELECT * FROM note, generate_series(1, 10000)").fetch(&mut transaction);
        rows.next().await.unwrap().unwrap();
    }
    drop(transaction);
    assert_eq!(shared.left().await, NOTHING);
    shared.next_tenant_is_served().await;
}

/// Runs `work` again and again, cancelled at its first await, its second, and so on until it finishes, with
/// a look at the connection after each. Returns how many awaits there are.
async fn cancel_everywhere<F, T>(
    shared: &Shared,
    work: impl FnMut(TenantPool, TenantContext) -> F,
) -> usize
where
    F: Future<Output = T>,
{
    cancel_at(shared, |awaits| awaits + 1, work).await
}

/// The same, at the awaits that `next` picks, each from the one before.
async fn cancel_at<F, T>(
    shared: &Shared,
    next: impl Fn(usize) -> usize,
    mut work: impl FnMut(TenantPool, TenantContext) -> F,
) -> usize
where
    F: Future<Output = T>,
{
    let mut awaits = 1;
    loop {
        let work = work(shared.pool.clone(), context("a"));
        let finished = at_await(awaits, work).await.is_some();
        assert_eq!(shared.left().await, NOTHING, "cancelled at await {awaits}");
        shared.next_tenant_is_served().await;
        if finished {
            return awaits - 1;
        }
        awaits = next(awaits);
    }
}

async fn write(transaction: &mut TenantTransaction) {
    sqlx::query("INSERT INTO note (tenant_id, body) VALUES ('a', $1)")
        .bind("x")
        .execute(transaction)
        .await
        .unwrap();
}

#[tokio::test]
async fn begin_can_be_cancelled_at_every_await() {
    let shared = Shared::new().await;
    let awaits = cancel_everywhere(&shared, |pool, a| async move {
        drop(pool.begin(&a).await.unwrap());
    })
    .await;
    assert!(awaits >= 2, "begin was cancelled at {awaits} awaits only");
}

/// Computing the password's proof alone yields hundreds of times, so this picks ever fewer of the awaits.
#[tokio::test]
async fn begin_on_a_new_connection_can_be_cancelled_anywhere() {
    let shared = Shared::new().await;
    let next = |awaits: usize| awaits + 1 + awaits / 6;
    let awaits = cancel_at(&shared, next, |pool, a| {
        let bare = shared.bare.clone();
        async move {
            #[expect(
                clippy::disallowed_methods,
                reason = "to close the connection, so that the next begin makes one"
            )]
            bare.acquire().await.unwrap().close().await.unwrap();
            drop(pool.begin(&a).await.unwrap());
        }
    })
    .await;
    assert!(
        awaits >= 6,
        "connecting and beginning was cancelled at {awaits} awaits only"
    );
}

#[tokio::test]
async fn a_statement_can_be_cancelled_at_every_await() {
    let shared = Shared::new().await;
    cancel_everywhere(&shared, |pool, a| async move {
        let mut transaction = pool.begin(&a).await.unwrap();
        write(&mut transaction).await;
    })
    .await;
}

#[tokio::test]
async fn commit_and_rollback_can_be_cancelled_at_every_await() {
    let shared = Shared::new().await;
    let counted = |rows: &'static str| {
        let notes = &shared.notes;
        async move {
            let mut admin = notes.admin().await.unwrap();
            sqlx::query_scalar::<_, i64>(rows)
                .fetch_one(&mut admin)
                .await
                .unwrap()
        }
    };
    cancel_everywhere(&shared, |pool, a| async move {
        let mut transaction = pool.begin(&a).await.unwrap();
        write(&mut transaction).await;
        transaction.rollback().await.unwrap();
    })
    .await;
    assert_eq!(
        counted("SELECT count(*) FROM note WHERE tenant_id = 'a'").await,
        3
    );
    cancel_everywhere(&shared, |pool, a| async move {
        let mut transaction = pool.begin(&a).await.unwrap();
        write(&mut transaction).await;
        transaction.commit().await.unwrap();
    })
    .await;
    assert!(counted("SELECT count(*) FROM note WHERE tenant_id = 'a'").await >= 4);
    assert_eq!(
        counted("SELECT count(*) FROM note WHERE tenant_id = 'b'").await,
        2
    );
}

/// The negative control: what sqlx 0.9.0 does by itself, and what everybody writes. If this stops leaking,
/// the guard may go; until then it shows that the tests above can fail.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "shows why it is disallowed")]
async fn unguarded_begin_with_leaks_when_it_is_cancelled() {
    let notes = Notes::new().await.unwrap();
    let (bare, _link) = slow_pool(&notes).await;
    let mut leaked = false;
    for awaits in 1..20 {
        let begin = bare.begin_with("BEGIN; SET LOCAL app.current_tenant_id = 'a'");
        if at_await(awaits, begin).await.is_some() {
            break;
        }
        leaked = look(&bare, &notes).await != NOTHING;
        if leaked {
            break;
        }
    }
    assert!(
        leaked,
        "sqlx no longer leaks; look whether the guard of `TenantTransaction` is still needed"
    );
}

/// Another negative control: a session-level setting outlives its borrower.
#[tokio::test]
async fn a_session_setting_leaks_to_the_next_borrower() {
    let notes = Notes::new().await.unwrap();
    let bare = notes.bare_pool(1).await.unwrap();
    sqlx::query("SELECT set_config('app.current_tenant_id', 'a', false)")
        .execute(&bare)
        .await
        .unwrap();
    assert_eq!(
        look(&bare, &notes).await,
        Left {
            tenant: Some("a".into()),
            rows: 3,
            open_transactions: 0
        }
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tenants_on_few_connections_with_random_cancellation() {
    const TENANTS: usize = 20;
    const TASKS: usize = 40;
    const ROUNDS: usize = 15;
    let notes = Notes::new().await.unwrap();
    let rows = (0..TENANTS)
        .map(|n| format!("('t{n}', 't{n}')"))
        .collect::<Vec<_>>()
        .join(", ");
    notes
        .administer(format!("INSERT INTO note (tenant_id, body) VALUES {rows}"))
        .await
        .unwrap();
    let pool = notes.pool(4).await.unwrap();

    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let pool = pool.clone();
            tokio::spawn(async move {
                let (mut finished, mut cancelled) = (0, 0);
                for round in 0..ROUNDS {
                    let tenant = format!("t{}", (task * 7 + round) % TENANTS);
                    let work = own_rows_only(&pool, &tenant);
                    if round % 2 == 0 {
                        work.await;
                        finished += 1;
                        continue;
                    }
                    // From at once to about when it would finish, without a source of chance.
                    let patience =
                        Duration::from_micros(((task * 31 + round * 17) % 40 * 250) as u64);
                    match tokio::time::timeout(patience, work).await {
                        Ok(()) => finished += 1,
                        Err(_) => cancelled += 1,
                    }
                }
                (finished, cancelled)
            })
        })
        .collect();
    let (mut finished, mut cancelled) = (0, 0);
    for task in tasks {
        let (one, other) = task.await.unwrap();
        finished += one;
        cancelled += other;
    }
    assert!(
        finished >= TASKS && cancelled >= TASKS,
        "{finished} finished, {cancelled} cancelled: not a mix"
    );

    let mut admin = notes.admin().await.unwrap();
    let mixed: i64 = sqlx::query_scalar(AssertSqlSafe(
        "SELECT count(*) FROM note WHERE body <> tenant_id AND tenant_id LIKE 't%'",
    ))
    .fetch_one(&mut admin)
    .await
    .unwrap();
    assert_eq!(mixed, 0);
}

async fn own_rows_only(pool: &TenantPool, tenant: &str) {
    let mut transaction = pool.begin(&context(tenant)).await.unwrap();
    let owners: Vec<String> = sqlx::query_scalar("SELECT tenant_id FROM note")
        .fetch_all(&mut transaction)
        .await
        .unwrap();
    assert!(
        owners.iter().all(|owner| owner == tenant),
        "{tenant} saw {owners:?}"
    );
    sqlx::query("INSERT INTO note (tenant_id, body) VALUES ($1, $1)")
        .bind(tenant)
        .execute(&mut transaction)
        .await
        .unwrap();
    tokio::time::sleep(Duration::from_millis(1)).await;
    transaction.commit().await.unwrap();
}
