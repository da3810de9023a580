//! An examination leaves nothing behind, however it ends.

use sqlx::AssertSqlSafe;
use tenancy_sqlx::Doctor;
use tenancy_tests::cancel::at_await;
use tenancy_tests::postgres::Cluster;

use super::clinic::{Clinic, catalog};

/// Nothing of what was tried stays: no row, no setting, no role, no transaction.
#[tokio::test]
async fn an_examination_leaves_nothing_behind() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    let pool = clinic.admin().await;
    let rows = "SELECT (SELECT count(*) FROM note) + (SELECT count(*) FROM tag) + (SELECT count(*) FROM event)
                     + (SELECT count(*) FROM billing.invoice)";
    let before: i64 = sqlx::query_scalar(rows).fetch_one(&pool).await.unwrap();
    let report = clinic.examine(&pool).await;
    assert_eq!(report.findings(), []);
    let after: i64 = sqlx::query_scalar(rows).fetch_one(&pool).await.unwrap();
    assert_eq!(before, after);
    let state: (String, String, bool) = sqlx::query_as(
        "SELECT current_user::text, coalesce(current_setting('app.current_tenant_id', true), ''),
                pg_current_xact_id_if_assigned() IS NULL",
    )
    .fetch_one(&pool)
    .await
    .unwrap();
    assert_eq!(state, ("postgres".to_owned(), String::new(), true));
}

/// Dropped at any await, the examination leaves the next borrower neither its role nor its transaction.
#[tokio::test]
async fn a_cancelled_examination_leaves_nothing_behind() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    let pool = clinic.admin().await;
    let catalog = catalog();
    let doctor = Doctor::new(&catalog).role(&clinic.app);
    let mut polls = 1;
    loop {
        let done = at_await(polls, doctor.examine(&pool)).await.is_some();
        let state: (String, i64) = sqlx::query_as(AssertSqlSafe(
            "SELECT current_user::text, (SELECT count(*) FROM note)".to_owned(),
        ))
        .fetch_one(&pool)
        .await
        .unwrap();
        assert_eq!(state, ("postgres".to_owned(), 3), "after {polls} polls");
        let open: i64 = sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()
               AND state LIKE 'idle in transaction%' AND pid <> pg_backend_pid()",
        )
        .fetch_one(&pool)
        .await
        .unwrap();
        assert!(open <= 1, "after {polls} polls");
        if done {
            break;
        }
        polls += 1;
    }
    assert!(polls > 5, "{polls}");
}
