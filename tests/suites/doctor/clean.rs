//! What is set up as it should be is clean, whichever way it was chosen.

use tenancy_core::{TableCatalog, TenantColumnType};
use tenancy_sqlx::{Doctor, Rls, TenantPool};
use tenancy_tests::postgres::Cluster;

use super::clinic::{Clinic, catalog, codes};

/// The doctor and `Rls` agree about every type that a tenant column may have.
#[tokio::test]
async fn a_tenant_column_may_be_a_domain_over_a_domain() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    clinic
        .administer(
            "CREATE DOMAIN name AS text CHECK (value <> ' '); CREATE DOMAIN tenant AS public.name NOT NULL;
             CREATE DOMAIN own_tenant AS tenant;
             CREATE TABLE visit (tenant_id own_tenant, at own_tenant NOT NULL, PRIMARY KEY (tenant_id, at));
             INSERT INTO visit VALUES ('a', 'here');",
        )
        .await
        .unwrap();
    let visits = TableCatalog::new().tenant_table("visit", "tenant_id");
    let rls = Rls::new(&visits).application_role(&clinic.app);
    clinic.administer(&rls.set_up_sql()).await.unwrap();
    let catalog = catalog().tenant_table("visit", "tenant_id");
    let doctor = Doctor::new(&catalog).role(&clinic.app);
    let report = doctor.examine(&clinic.admin().await).await.unwrap();
    // Of its type only that it is spelled otherwise than the others is told.
    assert_eq!(
        codes(&report),
        [("TNC041".to_owned(), "public.visit".to_owned())]
    );
    assert_eq!(report.unproven(), [""; 0]);
}

#[tokio::test]
async fn tenants_that_are_uuids_or_numbers_are_clean_too() {
    for (kind, cast) in [
        (TenantColumnType::Uuid, "uuid"),
        (TenantColumnType::Bigint, "bigint"),
    ] {
        let clinic = Clinic::new(Cluster::shared().await).await;
        let only = TableCatalog::new()
            .with_tenant_column_type(kind)
            .tenant_table("visit", "owner_id");
        let own = format!(
            "owner_id = (SELECT nullif(current_setting('app.current_tenant_id', true), '')::{cast})"
        );
        clinic
            .administer(&format!(
                "DROP TABLE note, tag, event, billing.invoice, plan CASCADE;
                 CREATE TABLE visit (owner_id {cast} NOT NULL, id int NOT NULL, PRIMARY KEY (owner_id, id));
                 ALTER TABLE visit ENABLE ROW LEVEL SECURITY; ALTER TABLE visit FORCE ROW LEVEL SECURITY;
                 CREATE POLICY own ON visit USING ({own}) WITH CHECK ({own});
                 GRANT SELECT, INSERT, UPDATE, DELETE ON visit TO {{app}};"
            ))
            .await
            .unwrap();
        let pool = clinic.application().await;
        let report = Doctor::new(&only).examine(&pool).await.unwrap();
        assert_eq!(report.findings(), [], "{cast}");
        assert_eq!(report.unproven(), [""; 0], "{cast}");
        TenantPool::builder(pool.clone())
            .build(&only)
            .await
            .unwrap();
        clinic
            .administer("CREATE POLICY open ON visit FOR SELECT USING (owner_id IS NOT NULL)")
            .await
            .unwrap();
        let report = Doctor::new(&only).examine(&pool).await.unwrap();
        assert_eq!(
            report
                .errors()
                .map(tenancy_sqlx::Finding::code)
                .collect::<Vec<_>>(),
            ["TNC080"],
            "{cast}"
        );
    }
}

/// `Rls` on a default server is what most services have; and none of its choices is a fault.
#[tokio::test]
async fn what_the_ddl_sets_up_is_clean() {
    type Choose = for<'a> fn(Rls<'a>, &Clinic) -> Rls<'a>;
    let choices: [(&str, Choose); 10] = [
        ("plain", |rls, _| rls),
        ("strict", |rls, _| rls.strict()),
        ("sealed", |rls, _| rls.sealed()),
        ("strict and sealed", |rls, _| rls.strict().sealed()),
        ("restrictive", |rls, _| rls.restrictive()),
        ("bare function", |rls, _| rls.bare_function()),
        ("bare and restrictive", |rls, _| {
            rls.bare_function().restrictive()
        }),
        ("column default", |rls, _| rls.column_default()),
        ("all tenants", |rls, clinic| {
            let (office, owner) = (clinic.named("{office}"), clinic.named("{owner}"));
            rls.all_tenants_role(&office).owner_role(&owner)
        }),
        ("hardened", |rls, _| rls.revoke_set_config().invoker_views()),
    ];
    let catalog = catalog();
    for (name, choose) in choices {
        let clinic = Clinic::new(Cluster::shared().await).await;
        let rls = choose(Rls::new(&catalog).application_role(&clinic.app), &clinic);
        clinic
            .administer("DROP POLICY back_office ON note")
            .await
            .unwrap();
        clinic.administer(&rls.set_up_sql()).await.unwrap();
        for pool in [clinic.admin().await, clinic.application().await] {
            let report = clinic.examine(&pool).await;
            assert_eq!(report.findings(), [], "{name}");
        }
    }
}
