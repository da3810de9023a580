//! Many tenants and tasks on few connections, cancelled at random, and nobody sees a foreign row.
//!
//! `TENANCY_STRESS_STATEMENTS` says how many statements are run, a million at night.

use std::env;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use sqlx::PgPool;
use tenancy_sqlx::TenantPool;
use tenancy_tests::cancel::at_await;
use tenancy_tests::notes::{Notes, catalog, context};

const TENANTS: u64 = 20;
const TASKS: u64 = 40;
const CONNECTIONS: u32 = 4;
/// A visit reads, writes, reads again and ends.
const STATEMENTS_PER_VISIT: u64 = 4;

/// How tasks come by a transaction.
#[derive(Clone)]
enum Way {
    /// Through a tenant pool.
    Guarded(TenantPool),
    /// As everybody writes it.
    Unguarded,
}

#[derive(Debug, Default)]
struct Tally {
    finished: AtomicU64,
    cancelled: AtomicU64,
    /// Rows of another tenant, or of any where there should be none.
    foreign: AtomicU64,
}

fn statements() -> u64 {
    env::var("TENANCY_STRESS_STATEMENTS").map_or(4_000, |count| {
        count
            .replace('_', "")
            .parse()
            .expect("TENANCY_STRESS_STATEMENTS is a number")
    })
}

/// xorshift64: what matters is that every task does something else, and the same each time.
fn next(state: &mut u64) -> u64 {
    *state ^= *state << 13;
    *state ^= *state >> 7;
    *state ^= *state << 17;
    *state
}

async fn run(way: Way, bare: PgPool, statements: u64) -> Tally {
    let tally = Arc::new(Tally::default());
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (way, bare, tally) = (way.clone(), bare.clone(), Arc::clone(&tally));
            let visits = statements / STATEMENTS_PER_VISIT / TASKS;
            tokio::spawn(async move {
                let mut state = 0x9e37_79b9_7f4a_7c15 ^ (task + 1);
                for _ in 0..visits {
                    visit(&way, &bare, &mut state, &tally).await;
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    Arc::into_inner(tally).unwrap()
}

/// A tenant or, one time in five, somebody without, whose work is dropped halfway every other time.
async fn visit(way: &Way, bare: &PgPool, state: &mut u64, tally: &Tally) {
    let tenant = format!("t{}", next(state) % TENANTS);
    let foreign = if next(state).is_multiple_of(5) {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
            .fetch_one(bare)
            .await
            .unwrap();
        rows.unsigned_abs()
    } else {
        let awaits = match next(state) % 24 {
            few @ 1..=12 => usize::try_from(few).unwrap(),
            _ => usize::MAX,
        };
        let work = async {
            match way {
                Way::Guarded(pool) => guarded(pool, &tenant).await,
                Way::Unguarded => unguarded(bare, &tenant).await,
            }
        };
        let Some(owners) = at_await(awaits, work).await else {
            tally.cancelled.fetch_add(1, Ordering::Relaxed);
            return;
        };
        owners.iter().filter(|owner| **owner != tenant).count() as u64
    };
    tally.finished.fetch_add(1, Ordering::Relaxed);
    tally.foreign.fetch_add(foreign, Ordering::Relaxed);
}

const OWNERS: &str = "SELECT tenant_id FROM note";
const WRITE: &str = "UPDATE note SET body = $1";

async fn guarded(pool: &TenantPool, tenant: &str) -> Vec<String> {
    let mut tx = pool.begin(&context(tenant)).await.unwrap();
    let mut owners: Vec<String> = sqlx::query_scalar(OWNERS).fetch_all(&mut tx).await.unwrap();
    let write = sqlx::query(WRITE).bind(tenant);
    write.execute(&mut tx).await.unwrap();
    owners.extend(
        sqlx::query_scalar::<_, String>(OWNERS)
            .fetch_all(&mut tx)
            .await
            .unwrap(),
    );
    tx.commit().await.unwrap();
    owners
}

#[expect(clippy::disallowed_methods, reason = "shows why it is disallowed")]
async fn unguarded(bare: &PgPool, tenant: &str) -> Vec<String> {
    let begin = format!("BEGIN; SET LOCAL app.current_tenant_id = '{tenant}'");
    // What is left open makes this fail as well, now and then.
    let Ok(mut tx) = bare.begin_with(sqlx::AssertSqlSafe(begin)).await else {
        return Vec::new();
    };
    let owners = sqlx::query_scalar(OWNERS)
        .fetch_all(&mut *tx)
        .await
        .unwrap_or_default();
    let _ = sqlx::query(WRITE).bind(tenant).execute(&mut *tx).await;
    let _ = tx.commit().await;
    owners
}

async fn prepare() -> (Notes, PgPool) {
    let notes = Notes::new().await.unwrap();
    notes
        .administer(
            "INSERT INTO note (tenant_id, body)
             SELECT 't' || n % 20, 't' || n % 20 FROM generate_series(0, 59) n",
        )
        .await
        .unwrap();
    let bare = tenancy_sqlx::pool_options()
        .max_connections(CONNECTIONS)
        .connect_with(notes.options())
        .await
        .unwrap();
    (notes, bare)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nobody_sees_a_foreign_row() {
    let (notes, bare) = prepare().await;
    let pool = TenantPool::builder(bare.clone())
        .build(&catalog())
        .await
        .unwrap();
    let Tally {
        finished,
        cancelled,
        foreign,
    } = run(Way::Guarded(pool), bare, statements()).await;
    assert_eq!(foreign.into_inner(), 0);
    let (finished, cancelled) = (finished.into_inner(), cancelled.into_inner());
    assert!(
        finished >= TASKS && cancelled >= TASKS,
        "{finished} finished, {cancelled} cancelled: not a mix"
    );
    let mut admin = notes.admin().await.unwrap();
    let mixed: i64 = sqlx::query_scalar(
        "SELECT count(*) FROM note WHERE body <> tenant_id AND tenant_id LIKE 't%'",
    )
    .fetch_one(&mut admin)
    .await
    .unwrap();
    assert_eq!(mixed, 0);
}

/// The negative control: the same work by sqlx's own `begin_with` is caught.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn unguarded_transactions_show_foreign_rows() {
    let (_notes, bare) = prepare().await;
    let mut seen = 0;
    for _ in 0..10 {
        seen += run(Way::Unguarded, bare.clone(), 4_000)
            .await
            .foreign
            .into_inner();
        if seen > 0 {
            return;
        }
    }
    panic!("sqlx no longer leaks; look whether the guard of transactions is still needed");
}
