//! A pool does not start unless row-level security binds its role, and why that matters.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use tenancy_core::TableCatalog;
use tenancy_sqlx::{Error, Rls, TenantPool};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::postgres::unique_role;
use tenancy_tests::sqlstate::sqlstate;

/// Code and object of everything that keeps a pool from starting.
async fn problems(
    options: PgConnectOptions,
    catalog: &TableCatalog,
) -> Vec<(&'static str, String)> {
    let pool = PgPoolOptions::new()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap();
    match TenantPool::builder(pool).build(catalog).await {
        Ok(_) => Vec::new(),
        Err(Error::Posture(unsound)) => {
            let findings = unsound.findings().iter();
            findings
                .map(|finding| (finding.code(), finding.object().to_owned()))
                .collect()
        }
        Err(other) => panic!("{other}"),
    }
}

/// The leak that the check prevents: for a superuser the policies do nothing, forced or not.
#[tokio::test]
async fn a_superuser_sees_every_tenant() {
    let notes = Notes::new().await.unwrap();
    let mut admin = notes.admin().await.unwrap();
    sqlx::raw_sql("BEGIN; SET LOCAL app.current_tenant_id = 'a'")
        .execute(&mut admin)
        .await
        .unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert_eq!(rows, 5);
}

#[tokio::test]
async fn a_sound_database_starts() {
    let notes = Notes::new().await.unwrap();
    assert_eq!(problems(notes.options(), &catalog()).await, []);
}

#[tokio::test]
async fn a_superuser_does_not_start() {
    let notes = Notes::new().await.unwrap();
    let found = problems(notes.superuser(), &catalog()).await;
    assert_eq!(found, [("TNC001", "role postgres".to_owned())]);
}

#[tokio::test]
async fn a_superuser_that_took_another_role_does_not_start() {
    let notes = Notes::new().await.unwrap();
    let options = notes.superuser().options([("role", notes.application())]);
    let found = problems(options, &catalog()).await;
    assert_eq!(found, [("TNC001", "role postgres".to_owned())]);
}

#[tokio::test]
async fn a_role_that_bypasses_row_level_security_does_not_start() {
    let notes = Notes::new().await.unwrap();
    notes
        .administer(format!("ALTER ROLE {} BYPASSRLS", notes.application()))
        .await
        .unwrap();
    let found = problems(notes.options(), &catalog()).await;
    assert_eq!(found, [("TNC002", format!("role {}", notes.application()))]);
}

#[tokio::test]
async fn a_role_that_can_become_one_that_bypasses_does_not_start() {
    let notes = Notes::new().await.unwrap();
    let strong = unique_role("strong");
    notes
        .administer(format!(
            "CREATE ROLE {strong} BYPASSRLS; GRANT {strong} TO {}",
            notes.application()
        ))
        .await
        .unwrap();
    let found = problems(notes.options(), &catalog()).await;
    assert_eq!(found, [("TNC003", format!("role {}", notes.application()))]);
}

#[tokio::test]
async fn an_owner_without_force_does_not_start() {
    let notes = Notes::new().await.unwrap();
    notes
        .administer(format!(
            "GRANT {} TO {}; ALTER TABLE tag NO FORCE ROW LEVEL SECURITY",
            notes.owner(),
            notes.application()
        ))
        .await
        .unwrap();
    let found = problems(notes.options(), &catalog()).await;
    assert_eq!(found, [("TNC022", "public.tag".to_owned())]);
}

/// Membership that is not inherited still leads to the owner, by `SET ROLE`.
#[tokio::test]
async fn a_role_that_can_become_an_owner_without_force_does_not_start() {
    let notes = Notes::new().await.unwrap();
    let (owner, application) = (notes.owner(), notes.application());
    notes
        .administer(format!(
            "ALTER ROLE {application} NOINHERIT; GRANT {owner} TO {application};
             ALTER TABLE tag NO FORCE ROW LEVEL SECURITY"
        ))
        .await
        .unwrap();
    let found = problems(notes.options(), &catalog()).await;
    assert_eq!(found, [("TNC022", "public.tag".to_owned())]);
}

#[tokio::test]
async fn a_policy_that_does_not_look_at_the_tenant_does_not_start() {
    let notes = Notes::new().await.unwrap();
    notes
        .administer("CREATE POLICY open ON tag USING (note_id > 0)")
        .await
        .unwrap();
    let open = ("TNC030", "policy open on public.tag".to_owned());
    assert_eq!(problems(notes.options(), &catalog()).await, [open]);
    // One that only narrows may stay.
    notes.administer("DROP POLICY open ON tag; CREATE POLICY narrow ON tag AS RESTRICTIVE USING (note_id > 0)").await.unwrap();
    assert_eq!(problems(notes.options(), &catalog()).await, []);
}

/// Each of these mentions the tenant column, so only trying shows that it does not compare it.
/// No row shows it, so no trying does: whoever writes a statement may set the other setting.
#[tokio::test]
async fn a_policy_that_another_setting_opens_does_not_start() {
    let notes = Notes::new().await.unwrap();
    let opened = "ALTER POLICY tenant_isolation ON tag
                  USING (tenant_id = (SELECT tenancy.current_tenant_id()) OR current_setting('app.admin', true) = 'on')";
    notes.administer(opened).await.unwrap();
    let found = problems(notes.options(), &catalog()).await;
    let expected = "policy tenant_isolation on public.tag".to_owned();
    assert_eq!(found, [("TNC035", expected)]);

    let narrowed = opened.replace(" OR ", " AND ");
    notes.administer(narrowed).await.unwrap();
    notes.pool(1).await.unwrap();
}

#[tokio::test]
async fn policies_that_show_rows_to_a_stranger_do_not_start() {
    for sabotage in [
        "CREATE POLICY open ON note USING (tenant_id IS NOT NULL)",
        "CREATE OR REPLACE FUNCTION tenancy.current_tenant_id() RETURNS text LANGUAGE sql STABLE AS $$ SELECT 'b' $$",
    ] {
        let notes = Notes::new().await.unwrap();
        notes.administer(sabotage).await.unwrap();
        let found = problems(notes.options(), &catalog()).await;
        assert_eq!(found[0], ("TNC080", "public.note".to_owned()), "{sabotage}");
    }
}

#[tokio::test]
async fn an_owner_without_force_in_the_place_of_another_role_does_not_start() {
    let notes = Notes::new().await.unwrap();
    let (owner, application) = (notes.owner(), notes.application());
    notes
        .administer(format!(
            "ALTER ROLE {owner} LOGIN PASSWORD 'application'; GRANT {application} TO {owner};
             ALTER TABLE tag NO FORCE ROW LEVEL SECURITY"
        ))
        .await
        .unwrap();
    let options = notes
        .options()
        .username(owner)
        .options([("role", application)]);
    let found = problems(options, &catalog()).await;
    assert_eq!(found, [("TNC022", "public.tag".to_owned())]);
}

#[tokio::test]
async fn a_table_that_was_forgotten_does_not_start() {
    let notes = Notes::new().await.unwrap();
    let application = notes.application();
    notes
        .administer(format!(
            "CREATE TABLE invoice (tenant_id text, total int);
             CREATE VIEW every_note AS SELECT * FROM note;
             CREATE VIEW own_notes WITH (security_invoker = true) AS SELECT * FROM note;
             CREATE TABLE not_reached (tenant_id text);
             CREATE TABLE secret (tenant_id text, body text);
             GRANT SELECT ON invoice, every_note, own_notes TO {application};
             GRANT SELECT (body) ON secret TO {application}"
        ))
        .await
        .unwrap();
    assert_eq!(
        problems(notes.options(), &catalog()).await,
        [
            ("TNC027", "public.invoice".to_owned()),
            ("TNC027", "public.secret".to_owned()),
            ("TNC060", "public.every_note".to_owned()),
        ]
    );
    let declared = catalog()
        .shared_table("invoice")
        .shared_table("every_note")
        .shared_table("secret");
    assert_eq!(problems(notes.options(), &declared).await, []);
}

/// `SELECT … INTO TEMP note FROM note` would leave the rows of one tenant to the next on the connection, under
/// the very name that it reads.
#[tokio::test]
async fn a_role_that_may_create_tables_does_not_start() {
    let notes = Notes::new().await.unwrap();
    let application = notes.application();
    notes
        .administer(format!(
            "DO $$ BEGIN EXECUTE format('GRANT TEMPORARY ON DATABASE %I TO {application}', current_database()); END $$;
             GRANT CREATE ON SCHEMA public TO {application}"
        ))
        .await
        .unwrap();
    let found = problems(notes.options(), &catalog()).await;
    assert_eq!(found.len(), 2, "{found:?}");
    assert_eq!(found[0], ("TNC070", "schema public".to_owned()));
    assert_eq!(found[1].0, "TNC071");
}

#[tokio::test]
async fn a_sound_role_cannot_leave_rows_in_a_table_of_its_own() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    for sql in [
        "SELECT * INTO TEMP note FROM note",
        "SELECT * INTO copy FROM note",
        "EXPLAIN ANALYZE CREATE TEMP TABLE note AS SELECT * FROM note",
    ] {
        let mut transaction = pool.begin(&context("a")).await.unwrap();
        let error = sqlx::query(sql)
            .execute(&mut transaction)
            .await
            .unwrap_err();
        assert_eq!(sqlstate(&error), "42501", "{sql}: {error}");
    }
}

#[tokio::test]
async fn a_table_without_row_level_security_does_not_start() {
    let notes = Notes::new().await.unwrap();
    notes
        .administer("ALTER TABLE tag DISABLE ROW LEVEL SECURITY")
        .await
        .unwrap();
    let found = problems(notes.options(), &catalog()).await;
    assert_eq!(found, [("TNC021", "public.tag".to_owned())]);
}

#[tokio::test]
async fn a_catalogue_that_does_not_fit_does_not_start() {
    let notes = Notes::new().await.unwrap();
    assert_eq!(
        problems(notes.options(), &TableCatalog::new()).await,
        [
            ("TNC010", "catalogue".to_owned()),
            ("TNC027", "public.plan".to_owned()),
        ]
    );
    let twice = catalog().shared_table("note");
    assert_eq!(
        problems(notes.options(), &twice).await,
        [("TNC011", "note".to_owned())]
    );
    let missing = TableCatalog::new()
        .tenant_table("nope", "tenant_id")
        .tenant_table("note", "org_id")
        .shared_table("plan");
    assert_eq!(
        problems(notes.options(), &missing).await,
        [
            ("TNC012", "public.nope".to_owned()),
            ("TNC013", "public.note".to_owned()),
        ]
    );
}

#[tokio::test]
async fn set_up_may_run_again_and_take_down_undoes_it() {
    let notes = Notes::new().await.unwrap();
    let catalog = catalog();
    let rls = Rls::new(&catalog).application_role(notes.application());
    notes.administer(rls.set_up_sql()).await.unwrap();
    assert_eq!(problems(notes.options(), &catalog).await, []);
    notes.administer(rls.take_down_sql()).await.unwrap();
    notes.administer(rls.take_down_sql()).await.unwrap();
    assert_eq!(problems(notes.options(), &catalog).await.len(), 2);
    notes.administer(rls.set_up_sql()).await.unwrap();
    assert_eq!(problems(notes.options(), &catalog).await, []);
}

/// The leak that a check prevents: a plan that is kept holds the tenant of whoever ran it first.
#[tokio::test]
async fn an_immutable_function_shows_rows_of_the_last_tenant() {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    notes
        .administer("ALTER FUNCTION tenancy.current_tenant_id() IMMUTABLE")
        .await
        .unwrap();
    let mut seen = Vec::new();
    for tenant in ["a", "b"] {
        let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM note WHERE tenant_id = 'a'")
            .fetch_one(&pool.reader(&context(tenant)))
            .await
            .unwrap();
        seen.push(rows);
    }
    assert_eq!(seen, [3, 3], "harmless by now");
    let found = problems(notes.options(), &catalog()).await;
    assert!(found.iter().any(|(code, _)| *code == "TNC058"), "{found:?}");
}

/// The policies read another setting when the service says so. A pool that sets the default one would show no rows
/// rather than all, and nobody would understand why.
#[tokio::test]
async fn a_pool_with_another_setting_does_not_start() {
    let notes = Notes::unprotected().await.unwrap();
    let catalog = catalog();
    let setting = tenancy_sqlx::Setting::new("my_app.tenant").unwrap();
    let rls = Rls::new(&catalog)
        .setting(setting.clone())
        .application_role(notes.application());
    notes.administer(rls.set_up_sql()).await.unwrap();
    let builder = TenantPool::builder(notes.bare_pool(1).await.unwrap());
    let error = builder.build(&catalog).await.unwrap_err();
    assert!(matches!(error, Error::SettingNotRead { .. }), "{error}");

    let builder = TenantPool::builder(notes.bare_pool(1).await.unwrap()).setting(setting);
    let pool = builder.build(&catalog).await.unwrap();
    let rows: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
        .fetch_one(&pool.reader(&context("a")))
        .await
        .unwrap();
    assert_eq!(rows, 3);
}
