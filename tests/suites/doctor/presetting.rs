//! A tenant that is set before anybody has said who it is.

use tenancy_sqlx::{Doctor, Severity};
use tenancy_tests::postgres::{Cluster, unique_role};

use super::clinic::{Clinic, catalog, codes};

/// A setting that comes with the connection is found by those who connect so.
#[tokio::test]
async fn a_setting_in_the_options_of_the_connection_is_found() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    let options = clinic.options().options([("app.current_tenant_id", "a")]);
    let pool = sqlx::postgres::PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap();
    let catalog = catalog();
    let report = Doctor::new(&catalog).examine(&pool).await.unwrap();
    let [finding] = report.findings() else {
        panic!("{:?}", report.findings());
    };
    assert_eq!(
        (finding.code(), finding.severity()),
        ("TNC057", Severity::Error)
    );
}

/// Whoever may read the files of the server sees it before the server does; others see it at their own connection.
#[tokio::test]
async fn a_setting_in_the_configuration_of_the_server_is_found_for_another_role() {
    let cluster = Cluster::start().await.unwrap();
    let clinic = Clinic::new(&cluster).await;
    let visitor = unique_role("visitor");
    clinic
        .administer(&format!(
            "CREATE ROLE {visitor} LOGIN PASSWORD 'application'"
        ))
        .await
        .unwrap();
    let admin = clinic.admin().await;
    // Postgres 15 takes a name that it does not know from those only who have used it.
    for sql in [
        "SET app.current_tenant_id = ''",
        "ALTER SYSTEM SET app.current_tenant_id = 'a'",
        "RESET app.current_tenant_id",
    ] {
        sqlx::query(sql).execute(&admin).await.unwrap();
    }
    let preset = [(
        "TNC057".to_owned(),
        "setting app.current_tenant_id".to_owned(),
    )];
    let report = clinic.examine(&admin).await;
    assert_eq!(codes(&report), preset);
    let fix = report.findings()[0].fix();
    assert!(fix.contains("postgresql.auto.conf"), "{fix}");
    clinic.administer("SELECT pg_reload_conf()").await.unwrap();
    let mut report = clinic.examine(&clinic.connect_as(&visitor).await).await;
    for _ in 0..100 {
        if !report.findings().is_empty() {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        report = clinic.examine(&clinic.connect_as(&visitor).await).await;
    }
    assert_eq!(codes(&report), preset);
    clinic.administer(fix).await.unwrap();
    assert_eq!(clinic.examine(&admin).await.findings(), []);
}
