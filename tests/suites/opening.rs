//! What a transaction begins with: the tenant in every spelling, other settings, a role, an isolation level.

use std::time::Duration;

use sqlx::PgPool;
use tenancy_core::{TableCatalog, TenantColumnType, TenantContext, TenantId, danger};
use tenancy_sqlx::{
    Binding, ContextValue, Error, InvalidOption, Isolation, Rls, Setting, TenantPool,
    TransactionOptions,
};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::postgres::unique_role;

async fn scalar(pool: &TenantPool, context: &TenantContext, sql: &'static str) -> String {
    sqlx::query_scalar(sql)
        .fetch_one(&pool.reader(context))
        .await
        .unwrap()
}

/// Texts that would break out of a literal that was written carelessly.
fn awkward_tenants() -> Vec<String> {
    [
        "o'neil",
        r"back\slash",
        r"\'; DROP TABLE note; --",
        "';COMMIT;--",
        "$$",
        "$1",
        "a\"b",
        "{a,b}",
        "%I",
        "a b",
        "ACME",
        "Ä 東京 ¿",
        "\u{202e}txet",
        "E'x'",
        "app.current_tenant_id",
        "''",
    ]
    .into_iter()
    .map(str::to_owned)
    .chain(["🦀".repeat(63), "x".repeat(255)])
    .collect()
}

#[tokio::test]
async fn every_tenant_identifier_arrives_as_it_is() {
    let notes = Notes::new().await.unwrap();
    for binding in [Binding::SetLocal, Binding::SetConfig] {
        let pool = TenantPool::builder(notes.bare_pool(1).await.unwrap())
            .binding(binding)
            .build(&catalog())
            .await
            .unwrap();
        for tenant in awkward_tenants() {
            let context = context(&tenant);
            let mut transaction = pool.begin(&context).await.unwrap();
            sqlx::query("INSERT INTO note (tenant_id, body) VALUES ($1, 'mine')")
                .bind(&tenant)
                .execute(&mut transaction)
                .await
                .unwrap();
            let (set, seen): (String, String) = sqlx::query_as(
                "SELECT current_setting('app.current_tenant_id'), string_agg(DISTINCT tenant_id, '|') FROM note",
            )
            .fetch_one(&mut transaction)
            .await
            .unwrap();
            assert_eq!([set, seen], [tenant.clone(), tenant], "{binding:?}");
        }
    }
}

/// They do not even become a context, so nothing of theirs reaches a database.
#[test]
fn identifiers_that_postgres_cannot_hold_are_refused_before() {
    for tenant in ["", "a\0b", "\n", " a", &"🦀".repeat(64)] {
        assert!(TenantId::parse(tenant).is_err(), "{tenant:?}");
    }
}

async fn typed(column_type: TenantColumnType, tenants: [&str; 2]) -> (Notes, TableCatalog, PgPool) {
    let notes = Notes::unprotected().await.unwrap();
    let (sql, [one, other]) = (column_type.sql(), tenants);
    let catalog = TableCatalog::new()
        .with_tenant_column_type(column_type)
        .tenant_table("item", "tenant_id")
        .shared_table("plan");
    let rls = Rls::new(&catalog)
        .application_role(notes.application())
        .set_up_sql();
    notes
        .administer(format!(
            "DROP TABLE tag, note;
             CREATE TABLE item (tenant_id {sql} NOT NULL, n int NOT NULL, PRIMARY KEY (tenant_id, n));
             INSERT INTO item VALUES ('{one}', 1), ('{one}', 2), ('{other}', 1); {rls}"
        ))
        .await
        .unwrap();
    let bare = notes.bare_pool(1).await.unwrap();
    (notes, catalog, bare)
}

const UUIDS: [&str; 2] = [
    "5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f10",
    "018f3b1e-7c9a-7def-8000-0123456789ab",
];

#[tokio::test]
async fn tenant_columns_may_be_uuid_or_bigint() {
    for (column_type, tenants) in [
        (TenantColumnType::Uuid, UUIDS),
        (TenantColumnType::Bigint, ["7", "-9223372036854775808"]),
    ] {
        let (_notes, catalog, bare) = typed(column_type, tenants).await;
        let pool = TenantPool::builder(bare).build(&catalog).await.unwrap();
        let [one, other] = tenants.map(context);
        let count = "SELECT count(*)::text FROM item";
        assert_eq!(scalar(&pool, &one, count).await, "2");
        assert_eq!(scalar(&pool, &other, count).await, "1");

        // The builder says so as well, with parameters of the right type.
        let scope = one.scope(&catalog);
        let insert = scope
            .insert("item")
            .columns(["tenant_id", "n"])
            .values([tenants[0].into(), 3.into()]);
        let update = scope
            .update("item")
            .value("n", 4)
            .and_where(sea_query::Expr::cust("n = 3"));
        let select = sea_query::Query::select().column("n").from("item").take();
        let mut transaction = pool.begin(&one).await.unwrap();
        transaction
            .execute(&insert.finish().unwrap())
            .await
            .unwrap();
        let updated = transaction
            .execute(&update.finish().unwrap())
            .await
            .unwrap();
        assert_eq!(updated.rows_affected(), 1);
        let mut seen: Vec<(i32,)> = transaction
            .fetch_all(&scope.wrap(select).unwrap())
            .await
            .unwrap();
        seen.sort_unstable();
        assert_eq!(seen, [(1,), (2,), (4,)]);
    }
}

#[tokio::test]
async fn a_tenant_of_another_type_is_refused_before_any_sql() {
    let (_notes, catalog, bare) = typed(TenantColumnType::Uuid, UUIDS).await;
    let pool = TenantPool::builder(bare.clone())
        .build(&catalog)
        .await
        .unwrap();
    // Nobody can ask this pool any more, so the answer does not come from a database.
    bare.close().await;
    let acme = context("acme");
    for error in [
        pool.begin(&acme).await.unwrap_err(),
        pool.read(&acme).await.unwrap_err(),
    ] {
        assert!(matches!(error, Error::TenantType(_)), "{error}");
    }
    assert!(acme.scope(&catalog).delete("item").finish().is_err());
}

#[tokio::test]
async fn settings_carry_what_else_the_context_has() {
    let notes = Notes::new().await.unwrap();
    for binding in [Binding::SetLocal, Binding::SetConfig] {
        let setting = |name| Setting::new(name).unwrap();
        let pool = TenantPool::builder(notes.bare_pool(1).await.unwrap())
            .binding(binding)
            .context_setting(ContextValue::Subject, setting("app.user_id"))
            .context_setting(ContextValue::Project, setting("app.project_id"))
            .context_setting(ContextValue::Roles, setting("app.roles"))
            .context_setting(ContextValue::Permissions, setting("app.permissions"))
            .build(&catalog())
            .await
            .unwrap();
        let read = "SELECT concat_ws('|', current_setting('app.user_id'), current_setting('app.project_id'),
                           current_setting('app.roles')::jsonb, current_setting('app.permissions')::jsonb)";
        // What a job does not have is empty, whatever was set before.
        assert_eq!(scalar(&pool, &context("a"), read).await, "||[]|[]");
        let ada =
            tenancy_tests::person::context_of("a", "ada", "blue", &["Admin", "it's \"me\", \\ 東"])
                .await
                .unwrap();
        assert_eq!(
            scalar(&pool, &ada, read).await,
            r#"ada|blue|["Admin", "it's \"me\", \\ 東"]|[]"#
        );
        assert_eq!(scalar(&pool, &context("a"), read).await, "||[]|[]");
    }
}

/// The service connects as one role and works as another, as PostgREST does.
#[tokio::test]
async fn a_role_is_assumed_for_the_transaction_only() {
    let notes = Notes::new().await.unwrap();
    let worker = unique_role("worker");
    let rls = |role: &str| Rls::new(&catalog()).application_role(role).set_up_sql();
    notes
        .administer(format!(
            "CREATE ROLE \"{worker}\" NOLOGIN; GRANT \"{worker}\" TO {}; GRANT SELECT ON plan TO \"{worker}\"; {}",
            notes.application(),
            rls(&worker)
        ))
        .await
        .unwrap();
    let bare = notes.bare_pool(1).await.unwrap();
    let pool = TenantPool::builder(bare.clone())
        .role(&worker)
        .build(&catalog())
        .await
        .unwrap();
    let who = "SELECT current_user::text";
    assert_eq!(scalar(&pool, &context("a"), who).await, worker);
    let transaction = pool.begin(&context("a")).await.unwrap();
    transaction.commit().await.unwrap();
    let after: String = sqlx::query_scalar(who).fetch_one(&bare).await.unwrap();
    assert_eq!(after, notes.application());
}

/// Whichever of the two is not bound: SQL may go back to the one that logged in.
#[tokio::test]
async fn a_role_that_bypasses_is_not_hidden_by_the_one_that_is_assumed() {
    let notes = Notes::new().await.unwrap();
    let strong = unique_role("strong");
    notes
        .administer(format!(
            "CREATE ROLE {strong} LOGIN BYPASSRLS PASSWORD 'strong'; GRANT {} TO {strong}",
            notes.application()
        ))
        .await
        .unwrap();
    let bare = tenancy_sqlx::pool_options()
        .connect_with(notes.options().username(&strong).password("strong"))
        .await
        .unwrap();
    let built = TenantPool::builder(bare)
        .role(notes.application())
        .build(&catalog())
        .await;
    assert!(matches!(built.unwrap_err(), Error::Posture(_)));
}

#[tokio::test]
async fn options_become_the_state_of_the_transaction() {
    let notes = Notes::new().await.unwrap();
    let pool = TenantPool::builder(notes.bare_pool(1).await.unwrap())
        .statement_timeout(Duration::from_millis(1500))
        .idle_in_transaction_timeout(Duration::from_secs(90))
        .build(&catalog())
        .await
        .unwrap();
    let state = "SELECT concat_ws('|', current_setting('transaction_isolation'), current_setting('transaction_read_only'),
                        current_setting('transaction_deferrable'), current_setting('statement_timeout'),
                        current_setting('idle_in_transaction_session_timeout'))";
    let options = TransactionOptions::new;
    for (options, expected) in [
        (options(), "read committed|off|off|1500ms|90s"),
        (options().read_only(), "read committed|on|off|1500ms|90s"),
        (
            options().isolation(Isolation::ReadCommitted),
            "read committed|off|off|1500ms|90s",
        ),
        (
            options().isolation(Isolation::RepeatableRead),
            "repeatable read|off|off|1500ms|90s",
        ),
        (
            options()
                .isolation(Isolation::Serializable)
                .read_only()
                .deferrable(),
            "serializable|on|on|1500ms|90s",
        ),
    ] {
        let mut transaction = pool.begin_with(&context("a"), options).await.unwrap();
        let found: String = sqlx::query_scalar(state)
            .fetch_one(&mut transaction)
            .await
            .unwrap();
        assert_eq!(found.replace("1min 30s", "90s"), expected);
        let owners: Vec<String> = sqlx::query_scalar("SELECT DISTINCT tenant_id FROM note")
            .fetch_all(&mut transaction)
            .await
            .unwrap();
        assert_eq!(owners, ["a"]);
    }
}

#[tokio::test]
async fn choices_that_cannot_be_meant_are_refused() {
    let notes = Notes::new().await.unwrap();
    let bare = notes.bare_pool(1).await.unwrap();
    bare.close().await;
    let builder = || TenantPool::builder(bare.clone());
    let setting = |name| Setting::new(name).unwrap();
    for builder in [
        builder().role(""),
        builder().role("a\0b"),
        builder().role(&"x".repeat(64)),
        builder().statement_timeout(Duration::ZERO),
        builder().statement_timeout(Duration::from_micros(999)),
        builder().statement_timeout(Duration::MAX),
        builder().idle_in_transaction_timeout(Duration::ZERO),
        builder().context_setting(ContextValue::Subject, Setting::default()),
        builder()
            .context_setting(ContextValue::Subject, setting("app.x"))
            .context_setting(ContextValue::Roles, setting("app.x")),
    ] {
        let shown = format!("{builder:?}");
        let error = builder.build(&catalog()).await.unwrap_err();
        assert!(matches!(error, Error::Option(_)), "{shown}: {error}");
    }
    let twice = InvalidOption::SettingTwice(setting("app.x")).to_string();
    assert!(twice.contains("app.x"), "{twice}");
}

#[tokio::test]
async fn a_role_with_an_awkward_name_is_only_a_role() {
    let notes = Notes::new().await.unwrap();
    let role = format!("{}\"; RESET ROLE; --", unique_role("worker"));
    let quoted = role.replace('"', "\"\"");
    notes
        .administer(format!(
            "CREATE ROLE \"{quoted}\" NOLOGIN; GRANT \"{quoted}\" TO {}; GRANT SELECT ON plan TO \"{quoted}\"; {}",
            notes.application(),
            Rls::new(&catalog()).application_role(&role).set_up_sql()
        ))
        .await
        .unwrap();
    let pool = TenantPool::builder(notes.bare_pool(1).await.unwrap())
        .role(&role)
        .build(&catalog())
        .await
        .unwrap();
    assert_eq!(
        scalar(&pool, &context("a"), "SELECT current_user::text").await,
        role
    );
}

#[tokio::test]
async fn nothing_starts_without_a_reason() {
    let notes = Notes::unprotected().await.unwrap();
    let superuser = tenancy_sqlx::pool_options()
        .connect_with(notes.superuser())
        .await
        .unwrap();
    let builder = || TenantPool::builder(superuser.clone());
    assert!(tenancy_sqlx::danger::unproven(builder(), " \n").is_err());
    let unproven = tenancy_sqlx::danger::unproven(builder(), "a test of the way around").unwrap();
    unproven.build(&catalog()).await.unwrap();
    builder().build(&catalog()).await.unwrap_err();
    assert!(danger::assume(TenantId::parse("a").unwrap(), "").is_err());
}
