//! What the doctor says when it may not look, or not try.

use tenancy_sqlx::{Doctor, Error, TenantPool};
use tenancy_tests::postgres::{Cluster, unique_role};

use super::clinic::{Clinic, catalog, codes};

/// Another role's examination needs no more than the catalogues; what has to be tried is unproven.
#[tokio::test]
async fn a_doctor_that_may_not_become_the_role_says_what_that_leaves_open() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    let visitor = unique_role("visitor");
    clinic
        .administer(&format!(
            "CREATE ROLE {visitor} LOGIN PASSWORD 'application'; GRANT TRUNCATE ON tag TO {{app}}"
        ))
        .await
        .unwrap();
    let (catalog, pool) = (catalog(), clinic.connect_as(&visitor).await);
    let report = Doctor::new(&catalog)
        .role(&clinic.app)
        .examine(&pool)
        .await
        .unwrap();
    assert_eq!(
        codes(&report),
        [("TNC068".to_owned(), "public.tag".to_owned())]
    );
    let [unproven] = report.unproven() else {
        panic!("{:?}", report.unproven());
    };
    assert!(
        unproven.contains(&format!("may not become `{}`", clinic.app)),
        "{unproven}"
    );
}

#[tokio::test]
async fn a_closed_catalogue_is_named_with_what_it_leaves_unproven() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    clinic
        .administer("REVOKE SELECT ON pg_catalog.pg_policy FROM PUBLIC; GRANT TRUNCATE ON tag TO {app}; ALTER ROLE {app} CREATEROLE")
        .await
        .unwrap();
    let (catalog, pool) = (catalog(), clinic.application().await);
    let report = Doctor::new(&catalog).examine(&pool).await.unwrap();
    let found = codes(&report);
    assert!(
        found.contains(&("TNC068".to_owned(), "public.tag".to_owned())),
        "{found:?}"
    );
    let [unproven] = report.unproven() else {
        panic!("{:?}", report.unproven());
    };
    for part in [
        "pg_catalog.pg_policy is closed",
        "TNC030 (A policy does not look at the tenant)",
        "TNC031",
    ] {
        assert!(unproven.contains(part), "{unproven}");
    }
    assert!(!unproven.contains("TNC004"), "{unproven}");
}

#[tokio::test]
async fn a_closed_function_is_named_with_what_it_leaves_unproven() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    clinic
        .administer(
            "REVOKE EXECUTE ON FUNCTION pg_catalog.pg_get_expr(pg_node_tree, oid) FROM PUBLIC",
        )
        .await
        .unwrap();
    let (catalog, pool) = (catalog(), clinic.application().await);
    let report = Doctor::new(&catalog).examine(&pool).await.unwrap();
    assert_eq!(report.findings(), []);
    assert!(
        report
            .unproven()
            .iter()
            .any(|sentence| sentence.contains("TNC031")),
        "{:?}",
        report.unproven()
    );
}

#[tokio::test]
async fn a_closed_catalogue_keeps_a_pool_from_starting() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    clinic
        .administer("REVOKE SELECT ON pg_catalog.pg_policy FROM PUBLIC")
        .await
        .unwrap();
    let built = TenantPool::builder(clinic.application().await)
        .build(&catalog())
        .await;
    let Err(Error::Posture(unsound)) = built else {
        panic!("{built:?}");
    };
    assert_eq!(unsound.findings()[0].code(), "TNC089");
    assert!(
        unsound.to_string().contains("pg_catalog.pg_policy"),
        "{unsound}"
    );
}

/// What a service whose SQL others may write is advised to do keeps nobody from examining it.
#[tokio::test]
async fn a_hardened_database_is_examined_like_any() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    clinic
        .administer(
            "REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC",
        )
        .await
        .unwrap();
    clinic
        .administer("CREATE POLICY open ON tag USING (tenant_id IS NOT NULL)")
        .await
        .unwrap();
    let (catalog, pool) = (catalog(), clinic.application().await);
    let report = Doctor::new(&catalog).examine(&pool).await.unwrap();
    let errors: Vec<_> = report.errors().map(tenancy_sqlx::Finding::code).collect();
    assert_eq!(errors, ["TNC080"]);
}

#[tokio::test]
async fn a_superuser_is_told_so_once_and_nothing_is_tried() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    let (catalog, pool) = (catalog(), clinic.admin().await);
    let report = Doctor::new(&catalog).examine(&pool).await.unwrap();
    assert_eq!(
        codes(&report),
        [("TNC001".to_owned(), "role postgres".to_owned())]
    );
    assert_eq!(report.unproven().len(), 1);
}
