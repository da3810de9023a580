//! Round trips: that the proxy counts them, and how many each way to a query costs its caller.

use std::time::Duration;

use sqlx::postgres::PgPoolOptions;
use sqlx::{Connection as _, PgConnection, PgPool};
use tenancy_sqlx::{Doctor, TenantPool, TenantTransaction};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::wire::{Trip, Trips, Wire};
use tokio::time::{sleep, timeout};

const QUERY: &str = "SELECT count(*) FROM note";

/// One connection on which round trips are counted.
struct Counted {
    wire: Wire,
    bare: PgPool,
}

impl Counted {
    /// Without sqlx's ping before each use.
    async fn new() -> Self {
        Self::with(PgPoolOptions::new().test_before_acquire(false)).await
    }

    async fn with(pool: PgPoolOptions) -> Self {
        let notes = Notes::new().await.unwrap();
        let options = notes.options();
        let wire = Wire::to(options.get_host(), options.get_port())
            .await
            .unwrap();
        let pool = pool.max_connections(1);
        let bare = pool.connect_with(wire.options(options)).await.unwrap();
        Self { wire, bare }
    }

    async fn tenant_pool(&self) -> TenantPool {
        let builder = TenantPool::builder(self.bare.clone());
        let pool = builder.build(&catalog()).await.unwrap();
        let mut transaction = pool.read(&context("a")).await.unwrap();
        count_notes(&mut transaction).await;
        drop(transaction);
        pool
    }

    /// Waits until what travels in the background is done, and counts what `work` waits for.
    async fn during<F: Future>(&self, work: F) -> Trips {
        self.settle().await;
        self.wire.during(work).await.1
    }

    /// Waits until the connection is back in the pool, which sqlx does in a task with a ping.
    async fn settle(&self) {
        let back = async {
            while self.bare.num_idle() == 0 {
                sleep(Duration::from_millis(1)).await;
            }
        };
        timeout(Duration::from_secs(10), back).await.unwrap();
    }

    /// A query without a tenant and without a transaction.
    async fn plain(&self) {
        let none: i64 = sqlx::query_scalar(QUERY)
            .fetch_one(&self.bare)
            .await
            .unwrap();
        assert_eq!(none, 0);
    }
}

async fn count_notes(transaction: &mut TenantTransaction) {
    let notes: i64 = sqlx::query_scalar(QUERY)
        .fetch_one(transaction)
        .await
        .unwrap();
    assert_eq!(notes, 3);
}

#[tokio::test]
async fn logging_in_with_a_password_is_three_round_trips() {
    let notes = Notes::new().await.unwrap();
    let options = notes.options();
    let wire = Wire::to(options.get_host(), options.get_port())
        .await
        .unwrap();
    let options = wire.options(options);
    let connect = PgConnection::connect_with(&options);
    let (connection, trips) = wire.during(connect).await;
    let kinds: Vec<_> = trips.iter().map(|trip| trip.kinds().join(" ")).collect();
    assert_eq!(kinds, ["Startup", "Password", "Password"], "{trips}");
    connection.unwrap().close().await.unwrap();
    assert_eq!(wire.trips().count(), 3, "nobody answers a good-bye");
}

#[tokio::test]
async fn a_plain_query_is_one_round_trip_and_its_first_use_is_one_more() {
    let counted = Counted::new().await;
    let first = counted.during(counted.plain()).await;
    assert_eq!(first.count(), 2, "{first}");
    let warm = counted.during(counted.plain()).await;
    assert_eq!(warm.count(), 1, "{warm}");
    assert_eq!(warm.sql(), [QUERY]);
}

#[tokio::test]
async fn a_statement_that_is_not_kept_is_two_round_trips_each_time() {
    let counted = Counted::new().await;
    for _ in 0..3 {
        let query = sqlx::query(QUERY).persistent(false);
        let trips = counted.during(query.execute(&counted.bare)).await;
        assert_eq!(trips.count(), 2, "{trips}");
    }
}

#[tokio::test]
async fn the_ping_before_each_use_is_one_more() {
    let counted = Counted::with(PgPoolOptions::new()).await;
    counted.plain().await;
    let trips = counted.during(counted.plain()).await;
    assert_eq!(trips.count(), 2, "{trips}");
    assert_eq!(trips.sql(), [QUERY]);
}

#[tokio::test]
async fn several_messages_in_one_turn_are_one_round_trip() {
    let counted = Counted::new().await;
    let batch = sqlx::raw_sql("SELECT 1; SELECT 2; SELECT 3");
    let trips = counted.during(batch.execute(&counted.bare)).await;
    assert_eq!(trips.count(), 1, "{trips}");
    counted.plain().await;
    let trips = counted.during(counted.plain()).await;
    let kinds: Vec<_> = trips.iter().flat_map(Trip::kinds).collect();
    assert_eq!(kinds, ["Bind", "Execute", "Close", "Sync"], "{trips}");
}

#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "counts what everybody writes")]
async fn what_everybody_writes_is_four_round_trips() {
    let counted = Counted::new().await;
    let transaction = async |set_tenant: bool| {
        let mut transaction = counted.bare.begin().await.unwrap();
        if set_tenant {
            sqlx::query("SELECT set_config('app.current_tenant_id', $1, true)")
                .bind("a")
                .execute(&mut *transaction)
                .await
                .unwrap();
        }
        sqlx::query(QUERY).execute(&mut *transaction).await.unwrap();
        transaction.commit().await.unwrap();
    };
    transaction(true).await;
    let trips = counted.during(transaction(false)).await;
    assert_eq!(trips.count(), 3, "{trips}");
    let trips = counted.during(transaction(true)).await;
    assert_eq!(trips.count(), 4, "{trips}");
}

#[tokio::test]
async fn reading_for_a_tenant_is_two_round_trips() {
    let counted = Counted::with(tenancy_sqlx::pool_options()).await;
    let pool = counted.tenant_pool().await;
    let trips = counted
        .during(async {
            let mut transaction = pool.read(&context("a")).await.unwrap();
            count_notes(&mut transaction).await;
        })
        .await;
    assert_eq!(trips.count(), 2, "{trips}");
    assert!(
        matches!(trips.sql()[..], [begin, QUERY] if begin.contains("BEGIN READ ONLY; SET LOCAL ")),
        "{trips}"
    );
}

#[tokio::test]
async fn writing_for_a_tenant_is_three_round_trips() {
    let counted = Counted::with(tenancy_sqlx::pool_options()).await;
    let pool = counted.tenant_pool().await;
    let trips = counted
        .during(async {
            let mut transaction = pool.begin(&context("a")).await.unwrap();
            count_notes(&mut transaction).await;
            transaction.commit().await.unwrap();
        })
        .await;
    assert_eq!(trips.count(), 3, "{trips}");
    assert!(
        matches!(trips.sql()[..], [begin, QUERY, commit]
            if begin.contains("BEGIN; SET LOCAL ") && commit.contains("COMMIT")),
        "{trips}"
    );
}

/// All checks of the catalogues are one statement, however many tables there are.
#[tokio::test]
async fn the_doctor_asks_the_catalogues_at_once() {
    let counted = Counted::with(tenancy_sqlx::pool_options()).await;
    let catalog = catalog();
    let doctor = Doctor::new(&catalog);
    doctor.examine(&counted.bare).await.unwrap();
    let trips = counted
        .during(async { doctor.examine(&counted.bare).await.unwrap() })
        .await;
    let sql = trips.sql();
    // It is prepared and run, as every statement that is not kept.
    let of_catalogues = sql.iter().filter(|sql| sql.contains("TNC0")).count();
    assert_eq!(of_catalogues, 2, "{trips}");
    // The others begin, try what a tenant must not, and leave nothing behind.
    assert_eq!(trips.count(), 9, "{trips}");
}

#[tokio::test]
async fn the_rollback_of_a_dropped_read_travels_in_the_background() {
    let counted = Counted::with(tenancy_sqlx::pool_options()).await;
    let pool = counted.tenant_pool().await;
    counted.settle().await;
    let mut transaction = pool.read(&context("a")).await.unwrap();
    count_notes(&mut transaction).await;

    let mark = counted.wire.mark();
    let ((), awaited) = counted.wire.during(async { drop(transaction) }).await;
    assert_eq!(awaited.count(), 0, "{awaited}");
    counted.settle().await;
    let background = counted.wire.since(mark);
    assert_eq!(background.sql(), ["ROLLBACK"], "{background}");
}
