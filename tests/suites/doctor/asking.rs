//! How the doctor is asked, what it leaves behind, and what it says when it may not look.

use sqlx::AssertSqlSafe;
use tenancy_core::{TableCatalog, TenantColumnType};
use tenancy_sqlx::{Doctor, Error, InvalidAllowance, Rls, Severity, TenantPool};
use tenancy_tests::cancel::at_await;
use tenancy_tests::postgres::{Cluster, unique_role};

use super::clinic::{Clinic, catalog, codes};

#[tokio::test]
async fn an_allowed_finding_is_left_out() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    clinic
        .administer("GRANT TRUNCATE ON tag TO {app}")
        .await
        .unwrap();
    let (catalog, pool) = (catalog(), clinic.admin().await);
    let doctor = Doctor::new(&catalog).role(&clinic.app);
    let report = doctor.examine(&pool).await.unwrap();
    assert_eq!(
        codes(&report),
        [("TNC068".to_owned(), "public.tag".to_owned())]
    );
    assert!(!report.is_sound());
    assert!(
        report
            .assert_sound()
            .unwrap_err()
            .to_string()
            .contains("TNC068 error: public.tag: ")
    );
    let report = doctor
        .allow("TNC068", "public.tag", "tags are emptied at night")
        .examine(&pool)
        .await
        .unwrap();
    assert_eq!(report.findings(), []);
}

#[tokio::test]
async fn allowances_without_a_code_or_a_reason_are_refused() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    let (catalog, pool) = (catalog(), clinic.admin().await);
    let doctor = Doctor::new(&catalog).role(&clinic.app);
    let unknown = doctor
        .clone()
        .allow("TNC999", "public.tag", "because")
        .examine(&pool)
        .await;
    assert!(
        matches!(unknown, Err(Error::Allowance(InvalidAllowance::UnknownCode(code))) if code == "TNC999")
    );
    let silent = doctor
        .clone()
        .allow("TNC068", "public.tag", " ")
        .examine(&pool)
        .await;
    assert!(matches!(
        silent,
        Err(Error::Allowance(InvalidAllowance::NoReason { .. }))
    ));
    let nobody = Doctor::new(&catalog)
        .role("nobody \"at\" all")
        .examine(&pool)
        .await;
    assert!(matches!(nobody, Err(Error::UnknownRole(_))));
}

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

/// A key that is there already is not made a second time.
#[tokio::test]
async fn a_key_that_another_covers_is_dropped() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    let keys = "SELECT count(*) FROM pg_index WHERE indrelid = 'note'::regclass AND indisunique";
    let admin = clinic.admin().await;
    let before: i64 = sqlx::query_scalar(keys).fetch_one(&admin).await.unwrap();
    for (plant, how) in [
        ("ALTER TABLE note ADD UNIQUE (id)", "DROP CONSTRAINT"),
        ("CREATE UNIQUE INDEX ON note (body)", "DROP INDEX"),
    ] {
        clinic.administer(plant).await.unwrap();
        let report = clinic.examine(&admin).await;
        let [finding] = report.findings() else {
            panic!("{:?}", report.findings());
        };
        assert_eq!(finding.code(), "TNC043");
        assert!(finding.fix().contains(how), "{}", finding.fix());
        clinic.administer(finding.fix()).await.unwrap();
        let after: i64 = sqlx::query_scalar(keys).fetch_one(&admin).await.unwrap();
        assert_eq!(before, after, "{plant}");
    }
}

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
            .tenant_column_type(kind)
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
