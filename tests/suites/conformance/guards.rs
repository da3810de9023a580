//! Guards, each asked on both frameworks by people who have what it names and by people who have something like it.

use serde_json::json;
use tenancy_core::{Admission, RolePermissions, TenantId, danger};

use super::Provider;
use super::both::Both;
use crate::twins::get;

#[tokio::test]
async fn every_guard_gives_everybody_the_same_answer() {
    let provider = Provider::new();
    let admission = provider.admission().optional().realm("notes");
    let mut both = Both::start(admission.role_permissions(RolePermissions::preset())).await;
    for (claims, role, permission, scope) in [
        (json!({}), 403, 403, 403),
        (json!({ "roles": ["Owner"] }), 200, 200, 403),
        (json!({ "roles": ["Admin", "Viewer"] }), 200, 200, 403),
        (json!({ "roles": ["Member"] }), 403, 200, 403),
        (json!({ "roles": ["Viewer"] }), 403, 403, 403),
        (
            json!({ "roles": ["admin", "OWNER", "Owner "] }),
            403,
            403,
            403,
        ),
        (json!({ "roles": ["data.write", "*"] }), 403, 403, 403),
        (json!({ "roles": "no Owner" }), 403, 403, 403),
        (json!({ "scope": "openid notes:read" }), 403, 403, 200),
        (json!({ "scope": "notes:read-all notes" }), 403, 403, 403),
        (
            json!({ "roles": ["Owner"], "scope": "notes:read" }),
            200,
            200,
            200,
        ),
    ] {
        let authorization = format!("Bearer {}", provider.token_with(&claims));
        let fields = [("authorization", authorization.as_str())];
        for (guard, status) in [("role", role), ("permission", permission), ("scope", scope)] {
            let body = if status == 200 {
                "served"
            } else {
                "insufficient_scope"
            };
            both.expect(&get(&format!("/guarded/{guard}"), &fields), status, body)
                .await;
        }
    }
    for guard in ["role", "permission", "scope"] {
        let target = format!("/guarded/{guard}");
        both.expect(&get(&target, &[]), 401, "missing_token").await;
        let bad = [("authorization", "Bearer a.b.c")];
        both.expect(&get(&target, &bad), 401, "invalid_token").await;
    }
}

/// A handler that asks for a role and passes on what it hears, as a guard in front of it would.
#[tokio::test]
async fn a_handler_that_demands_a_role_answers_like_a_guard() {
    let provider = Provider::new();
    let tokens = provider.admission().realm("notes");
    let both_kinds = tokens.clone().api_keys(provider.api_keys());
    let keys = Admission::api_keys_only(provider.api_keys()).realm("notes");
    let owner = format!(
        "Bearer {}",
        provider.token_with(&json!({ "roles": ["Owner"] }))
    );
    let nobody = provider.bearer("acme", "ada");
    let key = provider.api_key("acme", "ada");
    for (admission, name, value) in [
        (tokens.clone(), "authorization", &nobody),
        (both_kinds, "x-api-key", &key),
        (keys, "x-api-key", &key),
    ] {
        let mut both = Both::start(admission).await;
        let fields = [(name, value.as_str())];
        let by_handler = both.ask(&get("/demands/Owner", &fields)).await;
        assert_eq!(by_handler.status, 403);
        assert_eq!(by_handler, both.ask(&get("/guarded/role", &fields)).await);
    }
    // Nobody has verified who that is, and yet it is the same service.
    let acme = TenantId::parse("acme").unwrap();
    let assumed = danger::default_tenant(tokens.clone(), acme, "a test", "test").unwrap();
    let mut both = Both::start(assumed).await;
    let by_handler = both.ask(&get("/demands/Owner", &[])).await;
    assert_eq!(by_handler.status, 403);
    assert_eq!(by_handler, both.ask(&get("/guarded/role", &[])).await);
    let realm = |(name, value): &(String, String)| {
        name == "www-authenticate" && value.contains(r#"realm="notes""#)
    };
    assert!(by_handler.fields.iter().any(realm));

    let mut both = Both::start(tokens).await;
    let fields = [("authorization", owner.as_str())];
    both.expect(&get("/demands/Owner", &fields), 200, "served")
        .await;
    both.expect(&get("/demands/Admin", &fields), 403, "insufficient_scope")
        .await;
}

/// An exempt path has no tenant, so nobody can have what a guard there names.
#[tokio::test]
async fn a_guard_on_an_exempt_path_lets_nobody_through() {
    let provider = Provider::new();
    let mut both = Both::start(provider.admission().exempt("/guarded/role").unwrap()).await;
    let owner = provider.token_with(&json!({ "roles": ["Owner"] }));
    let authorization = format!("Bearer {owner}");
    for fields in [&[("authorization", authorization.as_str())][..], &[]] {
        both.expect(&get("/guarded/role", fields), 500, "").await;
    }
}
