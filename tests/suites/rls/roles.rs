//! Owner, application role and roles for all tenants.

use sqlx::Connection as _;
use tenancy_sqlx::Rls;
use tenancy_tests::notes::{Notes, catalog};
use tenancy_tests::postgres::unique_role;

use super::{ask, run, session};

const BODIES: &str = "SELECT body FROM note ORDER BY tenant_id, id";

#[tokio::test]
async fn the_owner_role_owns_cannot_log_in_and_is_bound() {
    let notes = Notes::unprotected().await.unwrap();
    let owner = unique_role("keeper");
    let catalog = catalog();
    let rls = Rls::new(&catalog)
        .owner_role(&owner)
        .application_role(notes.application())
        .sealed();
    notes
        .administer("CREATE TABLE note_old () INHERITS (note)")
        .await
        .unwrap();
    for _ in 0..2 {
        notes.administer(rls.set_up_sql()).await.unwrap();
    }
    let mut admin = notes.admin().await.unwrap();
    let tables = "SELECT c.oid::regclass::text FROM pg_class c JOIN pg_roles r ON r.oid = relowner
                 WHERE relkind = 'r' AND rolname = '{owner}' AND NOT rolcanlogin AND NOT rolsuper AND NOT rolbypassrls ORDER BY 1"
        .replace("{owner}", &owner);
    assert_eq!(
        ask(&mut admin, None, &tables).await.unwrap(),
        ["note", "note_old", "tag", "tenancy.seal_key"]
    );
    let functions = format!(
        "SELECT count(*)::text FROM pg_proc WHERE pronamespace = 'tenancy'::regnamespace AND proowner = '{owner}'::regrole"
    );
    assert_eq!(ask(&mut admin, None, &functions).await.unwrap(), ["2"]);
    notes
        .administer(Rls::new(&catalog).owner_role(&owner).set_up_sql())
        .await
        .unwrap();
    let mut owner = session(&notes, &owner).await;
    assert_eq!(
        ask(&mut owner, Some("b"), BODIES).await.unwrap(),
        ["b one", "b four"]
    );
    assert_eq!(ask(&mut owner, None, BODIES).await, Ok(vec![]));
}

/// The administrator of a managed Postgres owns the database and may make roles.
#[tokio::test]
async fn nobody_needs_a_superuser_to_set_up() {
    let notes = Notes::unprotected().await.unwrap();
    let (administrator, application) = (unique_role("administrator"), unique_role("app"));
    notes
        .administer(format!(
            "CREATE ROLE {administrator} LOGIN CREATEROLE;
             ALTER TABLE note OWNER TO {administrator}; ALTER TABLE tag OWNER TO {administrator}; ALTER TABLE plan OWNER TO {administrator};
             DO $$ BEGIN EXECUTE format('ALTER DATABASE %I OWNER TO {administrator}', current_database()); END $$"
        ))
        .await
        .unwrap();
    let catalog = catalog();
    let rls = Rls::new(&catalog)
        .owner_role(&unique_role("keeper"))
        .application_role(&application)
        .all_tenants_role(&unique_role("everyone"))
        .create_roles()
        .restrictive()
        .column_default()
        .invoker_views();
    let mut session_of = session(&notes, &administrator).await;
    for rls in [rls.clone().sealed(), rls.clone().strict(), rls] {
        for _ in 0..2 {
            run(&mut session_of, &rls.set_up_sql()).await.unwrap();
            run(&mut session_of, &rls.index_sql()).await.unwrap();
        }
    }
    let mut app = session(&notes, &application).await;
    assert_eq!(
        ask(&mut app, Some("b"), BODIES).await.unwrap(),
        ["b one", "b four"]
    );
    assert_eq!(
        ask(&mut app, None, "SELECT name FROM plan ORDER BY 1")
            .await
            .unwrap(),
        ["free", "paid"]
    );
    assert!(
        ask(&mut app, Some("a"), "CREATE TEMP TABLE t AS SELECT 1")
            .await
            .unwrap_err()
            .starts_with("42501")
    );
}

/// A plain owner of the tables cannot revoke TEMPORARY; the pool says so when it does not start.
#[tokio::test]
async fn an_owner_of_the_tables_alone_can_set_up_the_tables() {
    let notes = Notes::unprotected().await.unwrap();
    notes
        .administer(format!(
            "CREATE SCHEMA tenancy AUTHORIZATION {}",
            notes.owner()
        ))
        .await
        .unwrap();
    let catalog = tenancy_core::TableCatalog::new()
        .tenant_table("note", "tenant_id")
        .tenant_table("tag", "tenant_id");
    let mut owner = session(&notes, notes.owner()).await;
    run(&mut owner, &Rls::new(&catalog).set_up_sql())
        .await
        .unwrap();
    let mut app = session(&notes, notes.application()).await;
    assert_eq!(
        ask(&mut app, Some("b"), BODIES).await.unwrap(),
        ["b one", "b four"]
    );
}

#[tokio::test]
async fn roles_are_made_weak_and_without_a_password() {
    let notes = Notes::unprotected().await.unwrap();
    let [app, every, reader] = ["app", "everyone", "reader"].map(unique_role);
    let catalog = catalog();
    let rls = Rls::new(&catalog)
        .application_role(&app)
        .all_tenants_role(&every)
        .all_tenants_reader(&reader);
    let mut admin = notes.admin().await.unwrap();
    let told = run(&mut admin, &rls.set_up_sql()).await.unwrap_err();
    assert!(told.starts_with("42704"), "{told}");
    for _ in 0..2 {
        run(&mut admin, &rls.clone().create_roles().set_up_sql())
            .await
            .unwrap();
    }
    let weak = format!(
        "SELECT rolname::text FROM pg_authid WHERE rolname IN ('{app}', '{every}', '{reader}') AND rolcanlogin AND rolpassword IS NULL
         AND NOT (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication) ORDER BY 1"
    );
    let mut expected = [app, every, reader];
    expected.sort();
    assert_eq!(ask(&mut admin, None, &weak).await.unwrap(), expected);
}

#[tokio::test]
async fn a_role_for_all_tenants_reaches_all_and_a_reader_writes_none() {
    let notes = Notes::unprotected().await.unwrap();
    let [every, reader] = ["everyone", "reader"].map(unique_role);
    let catalog = catalog();
    let rls = Rls::new(&catalog)
        .application_role(notes.application())
        .all_tenants_role(&every)
        .all_tenants_reader(&reader)
        .create_roles();
    for rls in [
        rls.clone(),
        rls.clone().strict(),
        rls.clone().restrictive(),
        rls.sealed(),
    ] {
        notes.administer(rls.set_up_sql()).await.unwrap();
        for (role, writes) in [(&every, true), (&reader, false)] {
            let mut session = session(&notes, role).await;
            assert_eq!(
                ask(&mut session, None, BODIES).await.unwrap().len(),
                5,
                "{role}"
            );
            assert_eq!(
                ask(&mut session, None, "SELECT name FROM plan")
                    .await
                    .unwrap()
                    .len(),
                2,
                "{role}"
            );
            for sql in [
                "INSERT INTO note (tenant_id, body) VALUES ('c', 'new') RETURNING body",
                "UPDATE note SET body = 'new' WHERE tenant_id = 'b' RETURNING body",
                "DELETE FROM note WHERE tenant_id = 'b' RETURNING body",
            ] {
                let done = ask(&mut session, None, sql).await;
                assert_eq!(done.is_ok(), writes, "{role} {sql}: {done:?}");
            }
            let told = ask(&mut session, None, "TRUNCATE note").await.unwrap_err();
            assert!(told.starts_with("42501"), "{told}");
        }
    }
    let mut app = session(&notes, notes.application()).await;
    for role in [&every, &reader] {
        assert!(
            run(&mut app, &format!("SET ROLE {role}"))
                .await
                .unwrap_err()
                .starts_with("42501")
        );
    }
}

#[tokio::test]
async fn records_can_be_added_and_nothing_else() {
    let notes = Notes::unprotected().await.unwrap();
    let [every, reader] = ["everyone", "reader"].map(unique_role);
    let catalog = catalog();
    let rls = Rls::new(&catalog)
        .application_role(notes.application())
        .owner_role(&unique_role("keeper"))
        .all_tenants_role(&every)
        .all_tenants_reader(&reader)
        .create_roles();
    notes.administer(rls.set_up_sql()).await.unwrap();
    let record =
        "INSERT INTO tenancy.all_tenants_record (reason, read_only) VALUES ('month end', true)";
    for role in [&every, &reader] {
        let mut session = session(&notes, role).await;
        run(
            &mut session,
            &format!("SET application_name = 'closing'; {record}"),
        )
        .await
        .unwrap();
        for sql in [
            "SELECT reason FROM tenancy.all_tenants_record",
            "UPDATE tenancy.all_tenants_record SET reason = ''",
            "DELETE FROM tenancy.all_tenants_record",
            "TRUNCATE tenancy.all_tenants_record",
            "INSERT INTO tenancy.all_tenants_record (reason, read_only, role) VALUES ('x', true, 'somebody')",
            "INSERT INTO tenancy.all_tenants_record (reason, read_only, at) VALUES ('x', true, '2000-01-01')",
            "INSERT INTO tenancy.all_tenants_record (id, reason, read_only) OVERRIDING SYSTEM VALUE VALUES (7, 'x', true)",
        ] {
            assert!(
                ask(&mut session, None, sql)
                    .await
                    .unwrap_err()
                    .starts_with("42501"),
                "{sql}"
            );
        }
        let empty = record.replace("month end", "");
        assert!(
            ask(&mut session, None, &empty)
                .await
                .unwrap_err()
                .starts_with("23514")
        );
    }
    let mut app = session(&notes, notes.application()).await;
    assert!(
        run(&mut app, record)
            .await
            .unwrap_err()
            .starts_with("42501")
    );
    // Setting up again keeps them.
    notes.administer(rls.set_up_sql()).await.unwrap();
    let mut admin = notes.admin().await.unwrap();
    let records = "SELECT concat_ws(' ', role, application_name, reason, read_only, at > now() - interval '1 minute')
                   FROM tenancy.all_tenants_record ORDER BY id";
    assert_eq!(
        ask(&mut admin, None, records).await.unwrap(),
        [
            format!("{every} closing month end t t"),
            format!("{reader} closing month end t t")
        ]
    );
}

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
