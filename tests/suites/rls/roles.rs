//! Owner, application role and roles for all tenants.

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
