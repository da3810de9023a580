//! A service with many tables.

use std::fmt::Write as _;

use tenancy_core::TableCatalog;
use tenancy_sqlx::{Doctor, Rls};
use tenancy_tests::postgres::Cluster;

use super::clinic::Clinic;

/// One statement asks for everything, so many tables cost little more than few.
#[tokio::test]
async fn two_hundred_tables_are_clean() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    let mut catalog = super::clinic::catalog();
    let mut sql = String::new();
    for number in 0..200 {
        let name = format!("wide_{number}");
        writeln!(
            sql,
            "CREATE TABLE {name} (tenant_id text NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, parent bigint, body text NOT NULL,
                 PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, parent) REFERENCES {name});"
        )
        .unwrap();
        catalog = catalog.tenant_table(&name, "tenant_id");
    }
    clinic.administer(&sql).await.unwrap();
    let only = (0..200).fold(TableCatalog::new(), |only, number| {
        only.tenant_table(&format!("wide_{number}"), "tenant_id")
    });
    let rls = Rls::new(&only).application_role(&clinic.app);
    clinic.administer(&rls.set_up_sql()).await.unwrap();
    let pool = clinic.application().await;
    let report = Doctor::new(&catalog).examine(&pool).await.unwrap();
    assert_eq!(report.findings(), []);
    assert_eq!(report.unproven(), [""; 0]);
}
