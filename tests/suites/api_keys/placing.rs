//! Where a key stands, beside tokens and instead of them.

use serde_json::json;
use tenancy_core::{Admission, ApiKey, ApiKeys, TenantId, danger};
use tenancy_examples::identity_provider::SigningKey;

use super::{ask, store, told};
use crate::answers::send;
use crate::presenting::{admission, on_both, token};

const INVALID: &str = r#"{"type":"about:blank","title":"The API key is not accepted","status":401,"code":"invalid_api_key"}"#;
const CHALLENGE: &str = r#"ApiKey realm="api""#;

#[tokio::test]
async fn a_good_key_opens_its_tenant_beside_tokens_and_every_other_is_refused() {
    let signing = SigningKey::ec(1).unwrap();
    let (keys, good) = store("acme", |record| record);
    let bearer = format!("Bearer {}", token(&signing, &json!(["globex"])));
    let as_bearer = format!("Bearer {good}");
    let unknown = ApiKey::generate().unwrap().expose();
    let other_prefix = ApiKey::generate_with_prefix("other").unwrap().expose();
    let misspelt = format!("{}x", &good[..good.len() - 1]);
    let (cut_off, upper) = (&good[..good.len() - 1], good.to_uppercase());
    let long = "x".repeat(6_000);
    let admission = admission(&signing).api_keys(ApiKeys::new(keys));
    for service in on_both(admission).await {
        for (fields, expected) in [
            (&[("x-api-key", good.as_str())][..], (200, "acme")),
            (&[("X-API-KEY", &good)], (200, "acme")),
            (&[("authorization", &bearer)], (200, "globex")),
            (&[], (401, "missing_token")),
            (&[("x-api-key", &unknown)], (401, "invalid_api_key")),
            (&[("x-api-key", &other_prefix)], (401, "invalid_api_key")),
            (&[("authorization", &as_bearer)], (401, "invalid_token")),
            (&[("x-key", &good)], (401, "missing_token")),
            (&[("x-api-key", "")], (400, "invalid_request")),
            (&[("x-api-key", &misspelt)], (400, "invalid_request")),
            (&[("x-api-key", cut_off)], (400, "invalid_request")),
            (&[("x-api-key", &upper)], (400, "invalid_request")),
            (&[("x-api-key", &as_bearer)], (400, "invalid_request")),
            (&[("x-api-key", &long)], (400, "invalid_request")),
            (
                &[("x-api-key", &good), ("x-api-key", &good)],
                (400, "invalid_request"),
            ),
            (
                &[("x-api-key", &good), ("authorization", &bearer)],
                (400, "invalid_request"),
            ),
            (
                &[("x-api-key", &unknown), ("authorization", &bearer)],
                (400, "invalid_request"),
            ),
            (
                &[("x-api-key", &misspelt), ("authorization", &bearer)],
                (400, "invalid_request"),
            ),
        ] {
            let answer = ask(&service, fields).await;
            assert_eq!(told(&answer), expected, "{fields:?}");
        }
        let refused = ask(&service, &[("x-api-key", &unknown)]).await;
        assert_eq!(refused.body, INVALID);
        assert_eq!(refused.challenge(), Some(CHALLENGE));
        let missing = ask(&service, &[]).await;
        assert_eq!(
            missing.challenge(),
            Some(r#"Bearer realm="api", ApiKey realm="api""#)
        );
        assert!(
            missing
                .body
                .contains("A bearer token or an API key is required")
        );
        let subject = send(&service, "/subject", &[("x-api-key", &good)]).await;
        assert_eq!(subject.body, "import");
    }
}

#[tokio::test]
async fn a_key_counts_only_where_keys_are_configured_and_in_the_field_that_is() {
    let signing = SigningKey::ec(1).unwrap();
    let (keys, good) = store("acme", |record| record);
    for service in on_both(admission(&signing)).await {
        let answer = ask(&service, &[("x-api-key", &good)]).await;
        assert_eq!(told(&answer), (401, "missing_token"));
    }
    // Said twice, what was said last counts.
    let here = ApiKeys::new(keys.clone());
    let elsewhere = ApiKeys::new(keys).header("X-Acme-Key").unwrap();
    for service in on_both(admission(&signing).api_keys(here).api_keys(elsewhere)).await {
        let answer = ask(&service, &[("x-acme-key", &good)]).await;
        assert_eq!(told(&answer), (200, "acme"));
        let answer = ask(&service, &[("x-api-key", &good)]).await;
        assert_eq!(told(&answer), (401, "missing_token"));
    }
}

#[tokio::test]
async fn a_service_of_keys_only_takes_no_token() {
    let signing = SigningKey::ec(1).unwrap();
    let (keys, good) = store("acme", |record| record);
    let token = token(&signing, &json!(["acme"]));
    let bearer = format!("Bearer {token}");
    let only = Admission::api_keys_only(ApiKeys::new(keys))
        .token_header("x-token")
        .unwrap();
    for service in on_both(only.clone()).await {
        for (fields, expected) in [
            (&[("x-api-key", good.as_str())][..], (200, "acme")),
            (&[], (401, "missing_api_key")),
            // What stands in front of the service may use it for itself.
            (
                &[("authorization", bearer.as_str())],
                (401, "missing_api_key"),
            ),
            (
                &[("authorization", bearer.as_str()), ("x-api-key", &good)],
                (200, "acme"),
            ),
            // A place where the service looks and nobody can tell a good token.
            (&[("x-token", token.as_str())], (401, "invalid_token")),
            (
                &[("x-token", token.as_str()), ("x-api-key", &good)],
                (400, "invalid_request"),
            ),
        ] {
            let answer = ask(&service, fields).await;
            assert_eq!(told(&answer), expected, "{fields:?}");
            let challenge = (answer.status != 200).then_some(CHALLENGE);
            assert_eq!(answer.challenge(), challenge, "{fields:?}");
        }
    }
    for service in on_both(only.optional()).await {
        for (fields, expected) in [
            (&[("x-api-key", good.as_str())][..], (200, "acme")),
            (&[], (200, "nobody")),
            (&[("x-api-key", "tnc_x")], (400, "invalid_request")),
            (&[("x-token", token.as_str())], (401, "invalid_token")),
        ] {
            let answer = send(&service, "/maybe", fields).await;
            assert_eq!(told(&answer), expected, "{fields:?}");
        }
    }
}

#[tokio::test]
async fn a_default_tenant_is_not_for_requests_with_a_key() {
    let (keys, good) = store("acme", |record| record);
    let only = Admission::api_keys_only(ApiKeys::new(keys));
    let default = TenantId::parse("laptop").unwrap();
    let admission = danger::default_tenant(only, default, "a test", "test").unwrap();
    let unknown = ApiKey::generate().unwrap().expose();
    for service in on_both(admission).await {
        for (fields, expected) in [
            (&[][..], (200, "laptop")),
            (&[("x-api-key", good.as_str())], (200, "acme")),
            (&[("x-api-key", &unknown)], (401, "invalid_api_key")),
            (&[("x-api-key", "")], (400, "invalid_request")),
            (&[("x-api-key", "tnc_")], (400, "invalid_request")),
        ] {
            let answer = ask(&service, fields).await;
            assert_eq!(told(&answer), expected, "{fields:?}");
        }
    }
}
