//! What a key opens: its tenant, while that is served, and what its holder may do there.

use serde_json::json;
use tenancy_core::{
    Admission, Allowance, ApiKey, ApiKeyHash, ApiKeyRecord, ApiKeys, Limits, MemoryApiKeys,
    MemoryDirectory, ProjectId, RateLimit, RolePermissions, TenantId, TenantRecord, TenantSlug,
    TenantStatus, UnixTime,
};
use tenancy_examples::identity_provider::SigningKey;
use tenancy_sqlx::{ContextValue, Setting, TenantPool};
use tenancy_tests::notes::{Notes, catalog};

use super::{ask, context, key, store, told};
use crate::answers::send;
use crate::guarding;
use crate::presenting::{admission, on_both, token};
use crate::twins::{Connection, OnActix, OnAxum, Service, TestApp, request};

#[tokio::test]
async fn a_key_is_for_the_tenant_that_it_names_and_only_while_that_is_served() {
    let (keys, good) = store("1", |record| record);
    let directory = MemoryDirectory::new();
    let record = |id: &str, slug: &str| {
        TenantRecord::new(TenantId::parse(id).unwrap()).with_slug(TenantSlug::parse(slug).unwrap())
    };
    let acme = record("1", "acme");
    directory.add(acme.clone()).unwrap();
    directory.add(record("2", "globex")).unwrap();
    let admission = Admission::api_keys_only(ApiKeys::new(keys))
        .tenant_header("x-tenant-id")
        .unwrap()
        .directory(directory.clone());
    for service in on_both(admission.clone()).await {
        directory.change(acme.clone()).unwrap();
        for (named, expected) in [
            (None, (200, "1")),
            (Some("1"), (200, "1")),
            (Some("acme"), (200, "1")),
            (Some("globex"), (403, "tenant_not_granted")),
            (Some("2"), (403, "tenant_not_granted")),
            (Some("nobody"), (403, "tenant_not_granted")),
            (Some(""), (403, "tenant_not_granted")),
        ] {
            let mut fields = vec![("x-api-key", good.as_str())];
            fields.extend(named.map(|named| ("x-tenant-id", named)));
            assert_eq!(told(&ask(&service, &fields).await), expected, "{named:?}");
        }
        let foreign = [("x-api-key", good.as_str()), ("x-tenant-id", "2")];
        let not_granted = ask(&service, &foreign).await;
        for status in [TenantStatus::Suspended, TenantStatus::Deleted] {
            directory.change(acme.clone().with_status(status)).unwrap();
            let answer = ask(&service, &[("x-api-key", &good)]).await;
            assert_eq!(answer, not_granted, "every byte, {status:?}");
        }
    }
    directory.change(acme.with_plan("business")).unwrap();
    let context = context(&admission, &good).await;
    assert_eq!(context.record().unwrap().plan(), Some("business"));
}

#[tokio::test]
async fn a_service_may_want_the_tenant_of_a_key_named() {
    let (keys, good) = store("1", |record| record);
    let admission = Admission::api_keys_only(ApiKeys::new(keys));
    let admission = admission.tenant_header("x-tenant-id").unwrap();
    let (key, named) = (("x-api-key", good.as_str()), ("x-tenant-id", "1"));
    for service in on_both(admission.require_named_tenant()).await {
        let unnamed = ask(&service, &[key]).await;
        assert_eq!(told(&unnamed), (403, "tenant_not_named"));
        assert_eq!(told(&ask(&service, &[key, named]).await), (200, "1"));
    }
}

#[tokio::test]
async fn guards_hold_for_the_roles_and_permissions_of_a_key() {
    let keys = MemoryApiKeys::new();
    let with = |edit: fn(ApiKeyRecord) -> ApiKeyRecord| {
        let (key, record) = key("acme", "import");
        keys.insert(edit(record));
        key
    };
    let (admin, member) = (
        with(|key| key.with_roles(["Admin"])),
        with(|key| key.with_roles(["Member"])),
    );
    let writer = with(|key| key.with_permissions(["data.write"]));
    let scope = with(|key| {
        key.with_permissions(["notes:read"])
            .with_roles(["notes:read"])
    });
    let admission = Admission::api_keys_only(ApiKeys::new(keys.clone()))
        .role_permissions(RolePermissions::preset());
    for service in guarding::on_both(Some(admission)).await {
        for (key, path, expected) in [
            (&admin, "/free", 200),
            (&admin, "/role", 200),
            (&admin, "/permission", 200),
            (&admin, "/admin/a", 200),
            (&member, "/role", 403),
            (&member, "/permission", 200),
            (&member, "/admin/a", 403),
            (&writer, "/permission", 200),
            (&writer, "/role", 403),
            (&scope, "/permission", 403),
            // Scopes are a claim of tokens.
            (&scope, "/scope", 403),
            (&admin, "/custom", 403),
        ] {
            let answer = send(&service, path, &[("x-api-key", key)]).await;
            assert_eq!(answer.status, expected, "{path}");
        }
        let missing = send(&service, "/role", &[]).await;
        assert_eq!(told(&missing), (401, "missing_api_key"));
    }
}

#[tokio::test]
async fn limits_hold_for_the_tenant_of_a_key_as_for_its_tokens() {
    let signing = SigningKey::ec(1).unwrap();
    let (keys, good) = store("acme", |record| record);
    let (other, record) = key("globex", "import");
    keys.insert(record);
    let bearer = format!("Bearer {}", token(&signing, &json!(["acme"])));
    let two = Allowance::new().rate(RateLimit::per_hour(2.try_into().unwrap()));
    for start in [true, false] {
        let admission = admission(&signing)
            .api_keys(ApiKeys::new(keys.clone()))
            .limits(Limits::new(two));
        let [on_axum, on_actix] = on_both(admission).await;
        let service = if start { on_axum } else { on_actix };
        // What is not admitted counts for nobody.
        let unknown = ApiKey::generate().unwrap().expose();
        for _ in 0..3 {
            assert_eq!(ask(&service, &[("x-api-key", &unknown)]).await.status, 401);
        }
        assert_eq!(ask(&service, &[("x-api-key", &good)]).await.status, 200);
        assert_eq!(
            ask(&service, &[("authorization", &bearer)]).await.status,
            200
        );
        assert_eq!(ask(&service, &[("x-api-key", &good)]).await.status, 429);
        assert_eq!(
            ask(&service, &[("authorization", &bearer)]).await.status,
            429
        );
        assert_eq!(ask(&service, &[("x-api-key", &other)]).await.status, 200);
    }
}

#[tokio::test]
async fn what_a_key_says_of_its_holder_is_in_the_context_and_in_the_settings_of_the_database() {
    let (keys, good) = store("a", |record| {
        record
            .with_projects([ProjectId::parse("blue").unwrap()])
            .with_roles(["Member", "Auditor"])
            .with_permissions(["reports.read"])
            .with_expiry(UnixTime::from_seconds(4_000_000_000))
    });
    let admission =
        Admission::api_keys_only(ApiKeys::new(keys)).role_permissions(RolePermissions::preset());
    let context = context(&admission, &good).await;
    assert_eq!(context.tenant().as_str(), "a");
    assert_eq!(context.subject().unwrap().as_str(), "import");
    assert_eq!(context.project().unwrap().as_str(), "blue");
    assert_eq!(context.roles(), ["Member", "Auditor"]);
    assert_eq!(context.permissions(), ["reports.read"]);
    assert!(context.has_permission("data.write") && !context.has_permission("billing.manage"));
    assert!(context.claims().is_none() && context.issuer().is_none());
    assert_eq!(
        context.api_key().unwrap().hash(),
        &ApiKeyHash::of(&good).unwrap()
    );
    assert_eq!(
        context.expires_at(),
        Some(UnixTime::from_seconds(4_000_000_000))
    );

    let notes = Notes::new().await.unwrap();
    let setting = |name| Setting::new(name).unwrap();
    let pool = TenantPool::builder(notes.bare_pool(2).await.unwrap())
        .context_setting(ContextValue::Subject, setting("app.user_id"))
        .context_setting(ContextValue::Project, setting("app.project_id"))
        .context_setting(ContextValue::Roles, setting("app.roles"))
        .context_setting(ContextValue::Permissions, setting("app.permissions"))
        .build(&catalog())
        .await
        .unwrap();
    let mut transaction = pool.begin(&context).await.unwrap();
    let read = "SELECT concat_ws('|', current_setting('app.user_id'), current_setting('app.project_id'),
                       current_setting('app.roles')::jsonb, current_setting('app.permissions')::jsonb,
                       (SELECT count(*) FROM note))";
    let said: String = sqlx::query_scalar(read)
        .fetch_one(&mut transaction)
        .await
        .unwrap();
    assert_eq!(
        said,
        r#"import|blue|["Member", "Auditor"]|["reports.read"]|3"#
    );
    drop(transaction);

    // The transaction of a request belongs to the tenant of its key.
    let served = Service::new(admission).with_pool(pool);
    let on_axum = OnAxum::start(served.clone()).await;
    for address in [on_axum, OnActix::start(served).await] {
        let add = request("POST", "/work/add/201", &[("x-api-key", &good)]);
        let reply = Connection::to(address).await.ask(&add).await;
        assert_eq!(reply.status, 201);
    }
    let mut admin = notes.admin().await.unwrap();
    let added = "SELECT string_agg(tenant_id, ',') FROM note WHERE body = 'new'";
    let added: String = sqlx::query_scalar(added)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert_eq!(added, "a,a");
}
