//! Behind PgBouncer in transaction mode, where a client has a server connection for one transaction at a time.

use std::time::Duration;

use sqlx::postgres::{PgArguments, PgPoolOptions};
use sqlx::query::Query;
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool, Postgres, Row as _};
use tenancy_sqlx::{Pooler, TenantPool};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::pgbouncer::PgBouncer;
use tenancy_tests::sqlstate::sqlstate;
use tenancy_tests::wire::{Delay, Wire};
use tokio::time::{sleep, timeout};

/// A pooler with few server connections before the notes.
async fn pooler(server_connections: u32) -> (Notes, PgBouncer) {
    let notes = Notes::new().await.unwrap();
    let pooler = notes.pooler(server_connections).await.unwrap();
    (notes, pooler)
}

/// A bare pool of clients of `pooler`.
async fn clients(notes: &Notes, pooler: &PgBouncer, connections: u32) -> PgPool {
    PgPoolOptions::new()
        .max_connections(connections)
        .test_before_acquire(false)
        .connect_with(pooler.options(notes.options()))
        .await
        .unwrap()
}

/// One client of `pooler`.
async fn client(notes: &Notes, pooler: &PgBouncer) -> PgConnection {
    PgConnection::connect_with(&pooler.options(notes.options()))
        .await
        .unwrap()
}

/// A tenant pool that knows of the pooler.
async fn tenant_pool(bare: PgPool) -> TenantPool {
    let builder = TenantPool::builder(bare).pooler(Pooler::PgBouncerTransaction);
    builder.build(&catalog()).await.unwrap()
}

/// A statement without a name, as a tenant pool sends it that knows of the pooler.
fn unnamed(sql: &'static str) -> Query<'static, Postgres, PgArguments> {
    sqlx::query(sql).persistent(false)
}

/// What a client without a tenant finds on the server connection that it is given.
async fn look(client: &mut PgConnection) -> (Option<String>, i64) {
    let sql = "SELECT nullif(current_setting('app.current_tenant_id', true), ''), (SELECT count(*) FROM note)";
    let row = client.fetch_one(sqlx::raw_sql(sql)).await.unwrap();
    (row.get(0), row.get(1))
}

/// A negative control: what a pooler does to those who set the tenant for a session.
#[tokio::test]
async fn a_session_setting_leaks_to_another_client() {
    let (notes, pooler) = pooler(1).await;
    let mut one = client(&notes, &pooler).await;
    let mut other = client(&notes, &pooler).await;
    assert_eq!(look(&mut other).await, (None, 0));
    one.execute(sqlx::raw_sql("SET app.current_tenant_id = 'a'"))
        .await
        .unwrap();
    assert_eq!(look(&mut other).await, (Some("a".into()), 3));
}

/// Another: without a name a statement is not safe by itself. sqlx sends its text first and runs it in a second
/// round trip, and between the two somebody else's text may have come.
#[tokio::test]
async fn outside_a_transaction_a_client_runs_the_statement_of_another() {
    let (notes, pooler) = pooler(1).await;
    let others = clients(&notes, &pooler, 1).await;
    let through = pooler.options(notes.options());
    let delay = Delay {
        asking: Duration::from_millis(50),
        answering: Duration::ZERO,
    };
    let wire = Wire::slow(through.get_host(), through.get_port(), delay)
        .await
        .unwrap();
    let slow = PgPoolOptions::new()
        .connect_with(wire.options(through))
        .await
        .unwrap();
    let stop = sleep(Duration::from_secs(10));
    let flood = async {
        loop {
            unnamed("SELECT 'for another'")
                .execute(&others)
                .await
                .unwrap();
        }
    };
    let row = tokio::select! {
        row = unnamed("SELECT 'for one'").fetch_one(&slow) => row.unwrap(),
        () = flood => unreachable!("it has no end"),
        () = stop => panic!("nobody answered"),
    };
    assert_eq!(row.get::<&str, _>(0), "for another");
}

/// Another, of the reason for [`Pooler::PgBouncerTransaction`]: two clients give their first statement the same name.
#[tokio::test]
async fn named_statements_fail_where_the_pooler_does_not_follow_them() {
    let (notes, pooler) = pooler(1).await;
    let mut one = client(&notes, &pooler).await;
    let mut other = client(&notes, &pooler).await;
    let named = sqlx::query("SELECT 'for one'");
    named.execute(&mut one).await.unwrap();
    let named = sqlx::query("SELECT 'for another'");
    let named = named.fetch_one(&mut other).await;
    if pooler.follows_named_statements() {
        assert_eq!(named.unwrap().get::<&str, _>(0), "for another");
    } else {
        let error = named.unwrap_err();
        assert_eq!(sqlstate(&error), "42P05", "{error}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_tenants_on_two_server_connections_with_cancellation() {
    const TENANTS: usize = 12;
    const TASKS: usize = 30;
    const ROUNDS: usize = 12;
    let (notes, pooler) = pooler(2).await;
    let rows = (0..TENANTS)
        .map(|n| format!("('t{n}', 't{n}')"))
        .collect::<Vec<_>>()
        .join(", ");
    notes
        .administer(format!("INSERT INTO note (tenant_id, body) VALUES {rows}"))
        .await
        .unwrap();
    let pool = tenant_pool(clients(&notes, &pooler, 10).await).await;

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
                        Duration::from_micros(((task * 31 + round * 17) % 40 * 500) as u64);
                    match timeout(patience, work).await {
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

    // Two transactions at once take both server connections, whose last clients were cancelled perhaps.
    let (a, b) = (context("t1"), context("t2"));
    let (a, b) = tokio::join!(pool.begin(&a), pool.begin(&b));
    a.unwrap().commit().await.unwrap();
    b.unwrap().commit().await.unwrap();
    let mut one = client(&notes, &pooler).await;
    let mut other = client(&notes, &pooler).await;
    one.execute(sqlx::raw_sql("BEGIN")).await.unwrap();
    assert_eq!(look(&mut one).await, (None, 0));
    assert_eq!(look(&mut other).await, (None, 0));

    let mut admin = notes.admin().await.unwrap();
    let (mixed, connections): (i64, i64) = sqlx::query_as(
        "SELECT (SELECT count(*) FROM note WHERE body <> tenant_id AND tenant_id LIKE 't%'),
                (SELECT count(*) FROM pg_stat_activity WHERE usename = $1)",
    )
    .bind(notes.application())
    .fetch_one(&mut admin)
    .await
    .unwrap();
    assert_eq!(mixed, 0);
    assert_eq!(connections, 2);
}

async fn own_rows_only(pool: &TenantPool, tenant: &str) {
    let mut transaction = pool.begin(&context(tenant)).await.unwrap();
    let rows = sqlx::query("SELECT tenant_id FROM note")
        .fetch_all(&mut transaction)
        .await
        .unwrap();
    let owners: Vec<&str> = rows.iter().map(|row| row.get(0)).collect();
    assert!(
        !owners.is_empty() && owners.iter().all(|owner| *owner == tenant),
        "{tenant} saw {owners:?}"
    );
    sqlx::query("INSERT INTO note (tenant_id, body) VALUES ($1, $1)")
        .bind(tenant)
        .execute(&mut transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}
