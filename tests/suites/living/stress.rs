//! Many tenants on few connections.

use std::time::Duration;

use sqlx::AssertSqlSafe;
use tenancy_sqlx::TenantPool;
use tenancy_tests::notes::{Notes, context};

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
