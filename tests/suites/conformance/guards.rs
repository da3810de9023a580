//! Guards, each asked on both frameworks by people who have what it names and by people who have something like it.

use serde_json::json;
use tenancy_core::RolePermissions;

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

/// An exempt path has no tenant, so nobody can have what a guard there names.
#[tokio::test]
async fn a_guard_on_an_exempt_path_lets_nobody_through() {
    let provider = Provider::new();
    let mut both = Both::start(provider.admission().exempt("/guarded/role")).await;
    let owner = provider.token_with(&json!({ "roles": ["Owner"] }));
    let authorization = format!("Bearer {owner}");
    for fields in [&[("authorization", authorization.as_str())][..], &[]] {
        both.expect(&get("/guarded/role", fields), 500, "").await;
    }
}
