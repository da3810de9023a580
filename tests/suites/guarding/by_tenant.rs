//! What a token has for each of its tenants holds in the one that the request is for.

use serde_json::{Value, json};
use tenancy_core::{ClaimMap, RolePermissions};
use tenancy_examples::identity_provider::SigningKey;

use super::{admission_by, bearer, on_both};
use crate::twins::{Connection, Reply, get};

fn map() -> ClaimMap {
    ClaimMap::of_memberships("orgs")
        .roles("roles")
        .permissions("permissions")
}

async fn ask(service: &str, path: &str, authorization: &str, tenant: &str) -> Reply {
    let address = service.strip_prefix("http://").unwrap().parse().unwrap();
    let fields = [("authorization", authorization), ("x-tenant-id", tenant)];
    Connection::to(address).await.ask(&get(path, &fields)).await
}

/// The statuses in acme and in globex, both of which the token is for.
async fn statuses(service: &str, path: &str, key: &SigningKey, claims: &Value) -> [u16; 2] {
    let mut claims = claims.clone();
    claims["orgs"] = json!(["acme", "globex"]);
    let authorization = bearer(key, &claims);
    let acme = ask(service, path, &authorization, "acme").await;
    let globex = ask(service, path, &authorization, "globex").await;
    [acme.status, globex.status]
}

#[tokio::test]
async fn roles_and_permissions_for_each_tenant_hold_in_the_tenant_of_the_request() {
    let key = SigningKey::ec(1).unwrap();
    let admission = admission_by(&key, map())
        .tenant_header("X-Tenant-ID")
        .unwrap();
    for service in on_both(Some(admission)).await {
        let roles = json!({ "roles": { "acme": ["Admin"], "globex": ["Viewer", "Auditor"] } });
        let swapped = json!({ "roles": { "globex": ["Admin"] } });
        let permissions =
            json!({ "permissions": { "acme": "data.read", "globex": "data.read data.write" } });
        let other_names =
            json!({ "roles": { "Acme": ["Admin"], "GLOBEX": ["Admin"], "*": ["Admin"] } });
        for (claims, path, expected) in [
            (&roles, "/free", [200, 200]),
            (&roles, "/role", [200, 403]),
            (&roles, "/admin/a", [200, 403]),
            (&roles, "/requires", [200, 403]),
            (&swapped, "/role", [403, 200]),
            (&permissions, "/permission", [403, 200]),
            (&permissions, "/role", [403, 403]),
            (&other_names, "/role", [403, 403]),
        ] {
            let found = statuses(&service, path, &key, claims).await;
            assert_eq!(found, expected, "{service} {path} {claims}");
        }
    }
}

#[tokio::test]
async fn what_the_roles_of_one_tenant_grant_is_not_granted_in_another() {
    let key = SigningKey::ec(1).unwrap();
    let admission = admission_by(&key, map())
        .tenant_header("X-Tenant-ID")
        .unwrap();
    let admission = admission.role_permissions(RolePermissions::preset());
    for service in on_both(Some(admission)).await {
        // The token that is verified and the one that is remembered.
        for _ in 0..2 {
            let claims = json!({ "roles": { "acme": ["Viewer"], "globex": ["Member"] } });
            let found = statuses(&service, "/permission", &key, &claims).await;
            assert_eq!(found, [403, 200], "{service}");
        }
    }
}

#[tokio::test]
async fn a_wrong_type_for_one_tenant_refuses_the_token_in_every_tenant() {
    let key = SigningKey::ec(1).unwrap();
    let admission = admission_by(&key, map())
        .tenant_header("X-Tenant-ID")
        .unwrap();
    for service in on_both(Some(admission)).await {
        for claim in ["roles", "permissions"] {
            for bad in [
                json!(7),
                json!(null),
                json!({ "Admin": true }),
                json!([["Admin"]]),
            ] {
                for whose in ["globex", "initech"] {
                    let mut claims = json!({ claim: { "acme": ["Admin"] } });
                    claims[claim][whose] = bad.clone();
                    let found = statuses(&service, "/free", &key, &claims).await;
                    assert_eq!(found, [401, 401], "{service} {claims}");
                }
            }
        }
    }
}

/// What an application may do for its user says nothing of what the user may do.
#[tokio::test]
async fn a_scope_holds_in_each_tenant_of_the_token() {
    let key = SigningKey::ec(1).unwrap();
    let admission = admission_by(&key, map())
        .tenant_header("X-Tenant-ID")
        .unwrap();
    for service in on_both(Some(admission)).await {
        for (claims, expected) in [
            (json!({ "scope": "notes:read" }), [200, 200]),
            (json!({ "scope": "notes:write" }), [403, 403]),
            (json!({ "scope": { "acme": "notes:read" } }), [403, 403]),
        ] {
            let found = statuses(&service, "/scope", &key, &claims).await;
            assert_eq!(found, expected, "{service} {claims}");
        }
    }
}

/// The control: of a list nobody knows whose roles they are, unless the map says so.
#[tokio::test]
async fn a_list_holds_in_none_of_several_tenants_or_in_every_one() {
    let key = SigningKey::ec(1).unwrap();
    let claims = json!({ "roles": ["Admin"] });
    for (map, expected) in [
        (map(), [403, 403]),
        (map().roles_in_every_tenant(), [200, 200]),
    ] {
        let admission = admission_by(&key, map)
            .tenant_header("X-Tenant-ID")
            .unwrap();
        for service in on_both(Some(admission)).await {
            let found = statuses(&service, "/role", &key, &claims).await;
            assert_eq!(found, expected, "{service}");
        }
    }
}
