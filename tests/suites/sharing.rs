//! How many connections of a pool a tenant may hold at once, on a real Postgres.

use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use sqlx::postgres::PgPoolOptions;
use tenancy_core::{Clock as _, SystemClock};
use tenancy_sqlx::{Error, InvalidOption, TenantPool, TenantTransaction};
use tenancy_tests::notes::{Notes, catalog, context};
use tokio::sync::Semaphore;

/// What the pools of these tests wait for a connection.
const PATIENCE: Duration = Duration::from_secs(3);
/// Transactions that one tenant asks for at once.
const CROWD: usize = 40;

async fn pool(notes: &Notes, connections: u32, share: Option<u32>) -> TenantPool {
    patient_pool(notes, connections, share, PATIENCE).await
}

async fn patient_pool(
    notes: &Notes,
    connections: u32,
    share: Option<u32>,
    patience: Duration,
) -> TenantPool {
    let options = PgPoolOptions::new()
        .max_connections(connections)
        .acquire_timeout(patience);
    let builder = TenantPool::builder(options.connect_with(notes.options()).await.unwrap());
    let builder = match share {
        Some(share) => builder.tenant_share(share),
        None => builder,
    };
    builder.build(&catalog()).await.unwrap()
}

/// What a tenant gets who asks for so many transactions at once.
async fn begin(
    pool: &TenantPool,
    tenant: &str,
    times: usize,
) -> Vec<Result<TenantTransaction, Error>> {
    let context = context(tenant);
    join_all((0..times).map(|_| pool.begin(&context))).await
}

async fn works(transaction: &mut TenantTransaction, tenant: &str) {
    let owners: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tenant_id FROM note")
        .fetch_all(transaction)
        .await
        .unwrap();
    assert_eq!(owners, [tenant]);
}

fn is_refused_its_share(begun: &Result<TenantTransaction, Error>) -> bool {
    matches!(begun, Err(Error::PoolShare { tenant, most: 2 }) if tenant.as_str() == "a")
}

#[tokio::test]
async fn a_tenant_that_takes_all_it_can_leaves_connections_for_another() {
    let notes = Notes::new().await.unwrap();
    let shared = pool(&notes, 4, Some(2)).await;
    let mut greedy = begin(&shared, "a", 8).await;
    assert_eq!(greedy.iter().filter(|begun| begun.is_ok()).count(), 2);
    assert_eq!(
        greedy
            .iter()
            .filter(|begun| is_refused_its_share(begun))
            .count(),
        6
    );
    let mut other = shared.begin(&context("b")).await.unwrap();
    works(&mut other, "b").await;
    works(
        greedy
            .iter_mut()
            .find_map(|begun| begun.as_mut().ok())
            .unwrap(),
        "a",
    )
    .await;
    drop(greedy);

    // The control: without a share the other one starves.
    let unshared = pool(&notes, 4, None).await;
    let greedy = begin(&unshared, "a", 8).await;
    assert_eq!(greedy.iter().filter(|begun| begun.is_ok()).count(), 4);
    let starved = unshared.begin(&context("b")).await;
    assert!(matches!(
        starved,
        Err(Error::Database(sqlx::Error::PoolTimedOut))
    ));
}

#[tokio::test]
async fn a_tenant_waits_for_its_own_connections() {
    let notes = Notes::new().await.unwrap();
    let pool = pool(&notes, 4, Some(1)).await;
    for committed in [true, false] {
        let held = pool.begin(&context("a")).await.unwrap();
        let waiting = async {
            let mut next = pool.begin(&context("a")).await.unwrap();
            works(&mut next, "a").await;
        };
        let ending = async {
            tokio::time::sleep(PATIENCE / 4).await;
            if committed {
                held.commit().await.unwrap();
            }
        };
        tokio::join!(waiting, ending);
    }
    // What reads alone takes its turn as well.
    let reader = pool.reader(&context("a"));
    let counts = (0..20).map(|_| async {
        let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM note");
        count.fetch_one(&reader).await.unwrap()
    });
    assert!(join_all(counts).await.iter().all(|count| *count > 0));
}

#[tokio::test]
async fn a_statement_whose_future_was_dropped_counts_until_it_is_done() {
    let notes = Notes::new().await.unwrap();
    let pool = pool(&notes, 4, Some(1)).await;
    let clock = SystemClock::default();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    let sleep = sqlx::query("SELECT pg_sleep(0.6)").execute(&mut transaction);
    assert!(
        tokio::time::timeout(Duration::from_millis(50), sleep)
            .await
            .is_err()
    );
    drop(transaction);
    let mut next = pool.begin(&context("a")).await.unwrap();
    assert!(
        clock.elapsed() >= Duration::from_millis(600),
        "{:?}",
        clock.elapsed()
    );
    works(&mut next, "a").await;
}

#[tokio::test]
async fn a_waiter_that_goes_away_takes_no_connection_with_it() {
    let notes = Notes::new().await.unwrap();
    let pool = pool(&notes, 2, Some(1)).await;
    for round in 0..60 {
        let context = context("a");
        let mut waiters = Vec::new();
        for waiter in 0..4 {
            let patience = Duration::from_micros(200 * (round * 7 + waiter * 13) % 6_000);
            waiters.push(tokio::time::timeout(patience, pool.begin(&context)));
        }
        drop(join_all(waiters).await);
    }
    let mut last = pool.begin(&context("a")).await.unwrap();
    works(&mut last, "a").await;
    works(&mut pool.begin(&context("b")).await.unwrap(), "b").await;
}

/// One tenant has ten times as much to do as connections, the other a little: with shares the other is served at once,
/// without them it waits behind the crowd.
///
/// Nothing is timed: the crowd keeps what it has until the test lets it go on.
#[tokio::test]
async fn a_crowd_of_one_tenant_does_not_keep_another_waiting() {
    let notes = Notes::new().await.unwrap();
    for (share, connections_of_the_crowd) in [(Some(3), 3), (None, 4)] {
        let shared = patient_pool(&notes, 4, share, Duration::from_mins(5)).await;
        let (served, go_on) = (AtomicUsize::new(0), Semaphore::new(0));
        let crowd = join_all((0..CROWD).map(|_| async {
            let mut transaction = shared.read(&context("a")).await.unwrap();
            served.fetch_add(1, Ordering::SeqCst);
            let _may_go_on = go_on.acquire().await.unwrap();
            works(&mut transaction, "a").await;
        }));
        let other = async {
            works(&mut shared.read(&context("b")).await.unwrap(), "b").await;
            served.load(Ordering::SeqCst)
        };
        let (mut crowd, mut other) = (pin!(crowd), pin!(other));

        // The crowd asks first.
        let whole_crowd = async {
            while served.load(Ordering::SeqCst) < connections_of_the_crowd {
                tokio::task::yield_now().await;
            }
        };
        tokio::select! {
            biased;
            _ = &mut crowd => unreachable!("it may not go on"),
            () = whole_crowd => {}
        }
        if share.is_some() {
            tokio::select! {
                _ = &mut crowd => unreachable!("it may not go on"),
                served = &mut other => assert_eq!(served, connections_of_the_crowd),
            }
            go_on.add_permits(CROWD);
            crowd.await;
        } else {
            // The control.
            // It asks behind the crowd.
            let _is_waiting = futures_util::poll!(&mut other);
            go_on.add_permits(CROWD);
            let (_, served) = tokio::join!(crowd, other);
            assert!(served > CROWD - 4, "{served}");
        }
    }
}

#[tokio::test]
async fn a_share_of_nothing_is_a_mistake() {
    let notes = Notes::new().await.unwrap();
    let bare = notes.bare_pool(1).await.unwrap();
    let built = TenantPool::builder(bare)
        .tenant_share(0)
        .build(&catalog())
        .await;
    assert!(matches!(
        built,
        Err(Error::Option(InvalidOption::EmptyShare))
    ));
}
