//! A tenant that counts only together with its seal.

use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_core::TenantId;
use tenancy_sqlx::{Rls, Seal, Setting};
use tenancy_tests::notes::{Notes, catalog};
use tenancy_tests::postgres::unique_role;

use super::{ask, run, session};

const SETTING: &str = "app.current_tenant_id";

fn seal(byte: u8) -> Seal {
    Seal::new(&[byte; 32]).unwrap()
}

fn sealed(seal: &Seal, setting: &str, tenant: &str) -> String {
    seal.of(
        &Setting::new(setting).unwrap(),
        &TenantId::parse(tenant).unwrap(),
    )
}

async fn notes(rls: impl Fn(Rls<'_>) -> Rls<'_>) -> Notes {
    let notes = Notes::unprotected().await.unwrap();
    let catalog = catalog();
    let rls = rls(Rls::new(&catalog)
        .application_role(notes.application())
        .sealed());
    notes.administer(rls.set_up_sql()).await.unwrap();
    notes.administer(Rls::seal_key_sql(&seal(1))).await.unwrap();
    notes
}

/// How many notes a transaction sees that sets the tenant and a seal by `set_config`, as an attacker could.
async fn sees(app: &mut PgConnection, tenant: &str, seal: &str) -> Result<String, String> {
    let sql = format!(
        "WITH other AS MATERIALIZED (SELECT set_config('app.current_tenant_id', '{tenant}', true), set_config('app.current_tenant_id_seal', '{seal}', true))
         SELECT 'done' FROM other"
    );
    let mut transaction = app.begin().await.unwrap();
    sqlx::query(AssertSqlSafe(sql))
        .execute(&mut *transaction)
        .await
        .unwrap();
    let count = sqlx::query_scalar("SELECT count(*)::text FROM note")
        .fetch_one(&mut *transaction)
        .await;
    count.map_err(|error| super::told(&error))
}

#[tokio::test]
async fn a_tenant_counts_only_with_its_own_seal() {
    let notes = notes(|rls| rls).await;
    let mut app = session(&notes, notes.application()).await;
    let a = sealed(&seal(1), SETTING, "a");
    assert_eq!(sees(&mut app, "a", &a).await.unwrap(), "3");
    assert_eq!(
        sees(&mut app, "b", &sealed(&seal(1), SETTING, "b"))
            .await
            .unwrap(),
        "2"
    );
    for (what, tenant, seal) in [
        ("none", "a", String::new()),
        ("another tenant's", "b", a.clone()),
        ("another secret's", "a", sealed(&seal(2), SETTING, "a")),
        (
            "another setting's",
            "a",
            sealed(&seal(1), "app.tenant", "a"),
        ),
        ("upper case", "a", a.to_uppercase()),
        ("cut off", "a", a[..63].to_owned()),
        ("with more behind", "a", format!("{a}0")),
        ("no hexadecimal", "a", "x".repeat(64)),
        ("without a tenant", "", a.clone()),
        ("padded tenant", "a ", a.clone()),
    ] {
        assert_eq!(sees(&mut app, tenant, &seal).await.unwrap(), "0", "{what}");
    }
    assert_eq!(
        ask(&mut app, Some("a"), "SELECT body FROM note").await,
        Ok(vec![]),
        "never set"
    );
    assert_eq!(
        ask(&mut app, None, "SELECT body FROM note").await,
        Ok(vec![])
    );
}

/// The seal is of the tenant's bytes in UTF-8, and whatever the tenant is called.
#[tokio::test]
async fn tenants_with_any_name_have_a_seal() {
    let notes = notes(|rls| rls).await;
    let long = "🦀".repeat(63);
    for tenant in ["o'neil", r"back\slash", "ä ö", "日本", &long] {
        let mut admin = notes.admin().await.unwrap();
        let insert = sqlx::query("INSERT INTO note (tenant_id, body) VALUES ($1, '')").bind(tenant);
        insert.execute(&mut admin).await.unwrap();
        let mut app = session(&notes, notes.application()).await;
        let tenant_sql = tenant.replace('\'', "''");
        let sees = sees(&mut app, &tenant_sql, &sealed(&seal(1), SETTING, tenant)).await;
        assert_eq!(sees.unwrap(), "1", "{tenant}");
    }
}

#[tokio::test]
async fn the_key_is_read_by_nobody_but_its_owner() {
    let everyone = unique_role("everyone");
    let notes = notes(|rls| {
        rls.owner_role(&unique_role("keeper"))
            .all_tenants_role(&everyone)
            .create_roles()
    })
    .await;
    for role in [notes.application(), &everyone, notes.owner()] {
        let mut session = session(&notes, role).await;
        for sql in [
            "SELECT id FROM tenancy.seal_key",
            "TABLE tenancy.seal_key",
            "INSERT INTO tenancy.seal_key SELECT 'mine', decode(repeat('36', 64), 'hex'), decode(repeat('5c', 64), 'hex')",
            "DELETE FROM tenancy.seal_key",
            "COPY tenancy.seal_key TO STDOUT",
        ] {
            let told = run(&mut session, sql).await.unwrap_err();
            assert!(told.starts_with("42501"), "{role} {sql}: {told}");
        }
    }
    let mut app = session(&notes, notes.application()).await;
    assert_eq!(
        sees(&mut app, "a", &sealed(&seal(1), SETTING, "a"))
            .await
            .unwrap(),
        "3"
    );
}

#[tokio::test]
async fn a_secret_is_replaced_while_both_count() {
    let notes = notes(|rls| rls).await;
    let mut app = session(&notes, notes.application()).await;
    let (old, new) = (
        sealed(&seal(1), SETTING, "a"),
        sealed(&seal(2), SETTING, "a"),
    );
    let mut both = async |first: &str, second: &str| {
        assert_eq!(sees(&mut app, "a", &old).await.unwrap(), first);
        assert_eq!(sees(&mut app, "a", &new).await.unwrap(), second);
    };
    both("3", "0").await;
    for _ in 0..2 {
        notes.administer(Rls::seal_key_sql(&seal(2))).await.unwrap();
        both("3", "3").await;
    }
    for _ in 0..2 {
        notes
            .administer(Rls::retire_seal_keys_sql(&seal(2)))
            .await
            .unwrap();
        both("0", "3").await;
    }
}

#[tokio::test]
async fn a_strict_seal_raises_and_a_missing_key_shows_nothing() {
    let notes = notes(|rls| rls.strict().restrictive()).await;
    let mut app = session(&notes, notes.application()).await;
    let a = sealed(&seal(1), SETTING, "a");
    assert_eq!(sees(&mut app, "a", &a).await.unwrap(), "3");
    for (tenant, seal) in [("b", a.as_str()), ("a", ""), ("", "")] {
        let told = sees(&mut app, tenant, seal).await.unwrap_err();
        assert_eq!(told, format!("{} no tenant is set", Rls::NO_TENANT));
    }
    notes
        .administer("DELETE FROM tenancy.seal_key")
        .await
        .unwrap();
    assert!(
        sees(&mut app, "a", &a)
            .await
            .unwrap_err()
            .starts_with(Rls::NO_TENANT)
    );
}

#[tokio::test]
async fn what_shadows_the_catalogue_does_not_reach_the_function() {
    let notes = notes(|rls| rls).await;
    notes
        .administer(format!(
            "CREATE SCHEMA mine AUTHORIZATION {app}; GRANT CREATE ON SCHEMA public TO {app}",
            app = notes.application()
        ))
        .await
        .unwrap();
    let mut app = session(&notes, notes.application()).await;
    run(
        &mut app,
        "CREATE FUNCTION mine.sha256(bytea) RETURNS bytea LANGUAGE sql AS $$ SELECT ''::bytea $$;
         CREATE FUNCTION mine.same(text, text) RETURNS boolean LANGUAGE sql AS $$ SELECT true $$;
         CREATE OPERATOR mine.= (LEFTARG = text, RIGHTARG = text, FUNCTION = mine.same);
         SET search_path = mine, pg_catalog, public",
    )
    .await
    .unwrap();
    let none = sees(&mut app, "a", "").await;
    assert_eq!(none.unwrap(), "0");
    assert_eq!(
        sees(&mut app, "a", &sealed(&seal(1), SETTING, "a"))
            .await
            .unwrap(),
        "3"
    );
}

/// A plan over many rows asks once, also in parallel workers.
#[tokio::test]
async fn a_seal_is_checked_in_parallel_workers_too() {
    for bare in [false, true] {
        let notes = notes(|rls| if bare { rls.bare_function() } else { rls }).await;
        notes
            .administer("INSERT INTO note (tenant_id, body) SELECT CASE WHEN n % 2 = 0 THEN 'a' ELSE 'b' END, '' FROM generate_series(1, 5000) n; ANALYZE note")
            .await
            .unwrap();
        let mut app = session(&notes, notes.application()).await;
        run(&mut app, "SET debug_parallel_query = off").await.ok();
        run(&mut app, "SET force_parallel_mode = on").await.ok();
        run(&mut app, "SET parallel_setup_cost = 0; SET parallel_tuple_cost = 0; SET min_parallel_table_scan_size = 0; SET enable_indexscan = off; SET enable_bitmapscan = off; SET enable_indexonlyscan = off").await.unwrap();
        let plan = ask(&mut app, None, "EXPLAIN SELECT count(*) FROM note")
            .await
            .unwrap()
            .join("\n");
        assert!(plan.contains("Workers Planned"), "{plan}");
        assert_eq!(
            sees(&mut app, "a", &sealed(&seal(1), SETTING, "a"))
                .await
                .unwrap(),
            "2503"
        );
        assert_eq!(sees(&mut app, "a", "").await.unwrap(), "0");
    }
}
