//! A header field names the tenant.

use serde_json::json;
use tenancy_examples::identity_provider::SigningKey;

use super::{ACME, GLOBEX, NOT_GRANTED, NOT_NAMED, ask, told};
use crate::presenting::{admission, on_both, token};

#[tokio::test]
async fn a_header_names_one_of_the_tenants_that_its_token_is_for() {
    let key = SigningKey::ec(1).unwrap();
    let of = |orgs| format!("Bearer {}", token(&key, &orgs));
    let (several, one) = (of(json!(["acme", "globex"])), of(json!(["acme"])));
    for service in on_both(admission(&key).tenant_header("X-Tenant-ID").unwrap()).await {
        for (bearer, named, expected) in [
            (&several, &["acme"][..], ACME),
            (&several, &["globex"], GLOBEX),
            (&several, &[], NOT_NAMED),
            (&several, &["initech"], NOT_GRANTED),
            (&several, &["ACME"], NOT_GRANTED),
            (&several, &["*"], NOT_GRANTED),
            (&several, &["acme,globex"], NOT_GRANTED),
            (&several, &[""], NOT_GRANTED),
            (&several, &["a\u{441}me"], NOT_GRANTED),
            (&several, &["acme", "acme"], NOT_GRANTED),
            (&one, &[], ACME),
            (&one, &["acme"], ACME),
            (&one, &["globex"], NOT_GRANTED),
        ] {
            let mut fields = vec![("authorization", bearer.as_str()), ("host", "localhost")];
            fields.extend(named.iter().map(|name| ("x-tenant-id", *name)));
            let answer = ask(&service, "GET /who", &fields).await;
            assert_eq!(told(&answer), expected, "{named:?}");
        }
    }
    // Where no header is configured, none counts.
    for service in on_both(admission(&key)).await {
        let fields = [
            ("authorization", several.as_str()),
            ("host", "localhost"),
            ("x-tenant-id", "acme"),
        ];
        assert_eq!(told(&ask(&service, "GET /who", &fields).await), NOT_NAMED);
    }
}

#[tokio::test]
async fn a_service_may_want_every_request_to_name_its_tenant() {
    let key = SigningKey::ec(1).unwrap();
    let one = format!("Bearer {}", token(&key, &json!(["acme"])));
    let (credential, host) = (("authorization", one.as_str()), ("host", "localhost"));
    let named = |name| [credential, host, ("x-tenant-id", name)];
    let configured = admission(&key).tenant_header("X-Tenant-ID").unwrap();
    for service in on_both(configured.clone().require_named_tenant()).await {
        let unnamed = ask(&service, "GET /who", &[credential, host]).await;
        assert_eq!(told(&unnamed), NOT_NAMED);
        for (name, expected) in [("acme", ACME), ("globex", NOT_GRANTED), ("", NOT_GRANTED)] {
            let answer = ask(&service, "GET /who", &named(name)).await;
            assert_eq!(told(&answer), expected, "{name}");
        }
    }
    // The control.
    for service in on_both(configured).await {
        let unnamed = ask(&service, "GET /who", &[credential, host]).await;
        assert_eq!(told(&unnamed), ACME);
    }
}
