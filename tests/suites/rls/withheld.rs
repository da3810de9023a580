//! What the application role must not have, because no policy holds it back.

use sqlx::Connection as _;
use tenancy_sqlx::Rls;
use tenancy_tests::notes::{Notes, catalog};
use tenancy_tests::postgres::unique_role;

use super::{ask, run, session};

#[tokio::test]
async fn an_application_role_that_can_become_a_stronger_one_is_refused() {
    let notes = Notes::unprotected().await.unwrap();
    let [every, between] = ["everyone", "between"].map(unique_role);
    let application = notes.application();
    notes
        .administer(format!("CREATE ROLE {every}; CREATE ROLE {between}"))
        .await
        .unwrap();
    let catalog = catalog();
    let rls = Rls::new(&catalog).application_role(application);
    let mut admin = notes.admin().await.unwrap();
    for rls in [
        rls.clone().all_tenants_role(&every),
        rls.clone().all_tenants_reader(&every),
        rls.clone().owner_role(&every),
    ] {
        run(&mut admin, &rls.set_up_sql()).await.unwrap();
        run(
            &mut admin,
            &format!("GRANT {every} TO {between}; GRANT {between} TO {application}"),
        )
        .await
        .unwrap();
        let told = run(&mut admin, &rls.set_up_sql()).await.unwrap_err();
        assert!(
            told.contains(&format!("role {application} is or can become {every}")),
            "{told}"
        );
        run(&mut admin, &format!("REVOKE {between} FROM {application}"))
            .await
            .unwrap();
    }
    let told = run(&mut admin, &rls.all_tenants_role(application).set_up_sql())
        .await
        .unwrap_err();
    assert!(told.contains("is or can become"), "{told}");
}

#[tokio::test]
async fn what_no_policy_holds_back_is_revoked() {
    let notes = Notes::new().await.unwrap();
    let catalog = catalog();
    let application = notes.application();
    notes
        .administer(format!(
            "GRANT ALL ON note, tag TO {application}; GRANT ALL ON note TO PUBLIC"
        ))
        .await
        .unwrap();
    let mut app = session(&notes, application).await;
    assert!(
        ask(&mut app, Some("a"), "TRUNCATE note CASCADE")
            .await
            .is_ok(),
        "the leak"
    );
    notes
        .administer(
            Rls::new(&catalog)
                .application_role(application)
                .set_up_sql(),
        )
        .await
        .unwrap();
    let privileges = "SELECT string_agg(p, ' ' ORDER BY p) FROM unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE,REFERENCES,TRIGGER}'::text[]) p
                      WHERE has_table_privilege('note', p)";
    assert_eq!(
        ask(&mut app, None, privileges).await.unwrap(),
        ["DELETE INSERT SELECT UPDATE"]
    );
}

#[tokio::test]
async fn a_new_table_of_the_owner_is_closed() {
    let notes = Notes::unprotected().await.unwrap();
    let (owner, application) = (unique_role("keeper"), notes.application());
    notes
        .administer(format!(
            "CREATE ROLE {owner} NOLOGIN; GRANT CREATE ON SCHEMA public TO {owner};
             ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT ON TABLES TO {application};
             ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public GRANT ALL ON TABLES TO PUBLIC"
        ))
        .await
        .unwrap();
    let new = async |table: &str| {
        let mut session = session(&notes, &owner).await;
        run(
            &mut session,
            &format!("CREATE TABLE {table} (tenant_id text)"),
        )
        .await
        .unwrap();
        let mut app = super::session(&notes, application).await;
        ask(&mut app, None, &format!("SELECT tenant_id FROM {table}")).await
    };
    assert_eq!(new("before").await, Ok(vec![]), "the leak");
    let catalog = catalog();
    let rls = Rls::new(&catalog)
        .owner_role(&owner)
        .application_role(application);
    notes.administer(rls.set_up_sql()).await.unwrap();
    assert!(new("behind").await.unwrap_err().starts_with("42501"));
}

/// The privilege belongs to the database, so other tests keep theirs.
#[tokio::test]
async fn set_config_can_be_taken_away_by_a_superuser_only() {
    let notes = Notes::new().await.unwrap();
    let catalog = catalog();
    let application = notes.application();
    let rls = Rls::new(&catalog).revoke_set_config();
    notes
        .administer(format!(
            "GRANT {} TO {application}; ALTER SCHEMA tenancy OWNER TO {application};
             ALTER FUNCTION tenancy.current_tenant_id OWNER TO {application};
             ALTER FUNCTION tenancy.refuse_tenant_change OWNER TO {application}",
            notes.owner()
        ))
        .await
        .unwrap();
    let mut app = session(&notes, application).await;
    let told = run(&mut app, &rls.set_up_sql()).await.unwrap_err();
    assert!(
        told.contains("set_config is still open to everybody"),
        "{told}"
    );

    let other = "WITH other AS MATERIALIZED (SELECT set_config('app.current_tenant_id', 'b', true)) SELECT set_config FROM other";
    assert_eq!(ask(&mut app, Some("a"), other).await.unwrap(), ["b"]);
    notes.administer(rls.set_up_sql()).await.unwrap();
    let mut transaction = app.begin().await.unwrap();
    sqlx::raw_sql("SET LOCAL app.current_tenant_id = 'a'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let told = sqlx::query(other)
        .execute(&mut *transaction)
        .await
        .unwrap_err();
    assert!(
        told.to_string()
            .contains("permission denied for function set_config"),
        "{told}"
    );
}
