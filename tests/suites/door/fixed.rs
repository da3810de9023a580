//! The deployment is of one tenant.

use serde_json::json;
use tenancy_core::{MemoryDirectory, TenantId, TenantRecord, TenantSlug};
use tenancy_examples::identity_provider::SigningKey;

use super::{ACME, NOT_GRANTED, ask, told};
use crate::presenting::{admission, on_both, token};

#[tokio::test]
async fn a_fixed_tenant_refuses_the_tokens_of_others() {
    let key = SigningKey::ec(1).unwrap();
    let fixed = TenantId::parse("acme").unwrap();
    let fixed = admission(&key)
        .tenant_header("x-tenant-id")
        .unwrap()
        .fixed_tenant(fixed);
    for service in on_both(fixed).await {
        for (orgs, header, expected) in [
            (json!(["acme"]), None, ACME),
            (json!(["globex", "acme"]), None, ACME),
            (json!(["globex", "acme"]), Some("acme"), ACME),
            (json!(["globex", "acme"]), Some("globex"), NOT_GRANTED),
            (json!(["globex"]), None, NOT_GRANTED),
            (json!(["globex"]), Some("globex"), NOT_GRANTED),
        ] {
            let bearer = format!("Bearer {}", token(&key, &orgs));
            let mut fields = vec![("authorization", bearer.as_str()), ("host", "localhost")];
            fields.extend(header.map(|header| ("x-tenant-id", header)));
            let answer = ask(&service, "GET /who", &fields).await;
            assert_eq!(told(&answer), expected, "{orgs} {header:?}");
        }
    }
}

/// Whoever may choose a slug must not thereby be the tenant of a deployment.
#[tokio::test]
async fn a_tenant_that_calls_itself_like_the_fixed_one_is_another() {
    let key = SigningKey::ec(1).unwrap();
    let [acme, other] = ["acme", "other"].map(|id| TenantId::parse(id).unwrap());
    let directory = MemoryDirectory::new();
    directory.add(TenantRecord::new(acme.clone())).unwrap();
    let called = TenantSlug::parse("acme").unwrap();
    let called = TenantRecord::new(other).with_slug(called);
    directory.add(called).unwrap();
    let named = admission(&key)
        .tenant_header("x-tenant-id")
        .unwrap()
        .directory(directory);
    for service in on_both(named.clone().fixed_tenant(acme)).await {
        for (orgs, expected) in [
            (json!(["acme"]), ACME),
            (json!(["other"]), NOT_GRANTED),
            (json!(["other", "globex"]), NOT_GRANTED),
        ] {
            let bearer = format!("Bearer {}", token(&key, &orgs));
            let fields = [("authorization", bearer.as_str()), ("host", "localhost")];
            let answer = ask(&service, "GET /who", &fields).await;
            assert_eq!(told(&answer), expected, "{orgs}");
        }
    }
    // The control: where a client names a tenant, the slug is one of its names.
    for service in on_both(named).await {
        let bearer = format!("Bearer {}", token(&key, &json!(["other"])));
        let fields = [
            ("authorization", bearer.as_str()),
            ("host", "localhost"),
            ("x-tenant-id", "acme"),
        ];
        let answer = ask(&service, "GET /who", &fields).await;
        assert_eq!(told(&answer), (200, "other"));
    }
}
