//! The path names the tenant.

use serde_json::json;
use tenancy_examples::identity_provider::SigningKey;

use super::{ACME, GLOBEX, NOT_GRANTED, NOT_NAMED, ask, told};
use crate::presenting::{admission, on_both, token};

#[tokio::test]
async fn a_path_names_one_of_the_tenants_that_its_token_is_for() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["acme", "globex"])));
    let fields = [("authorization", bearer.as_str()), ("host", "localhost")];
    let by_path = admission(&key).tenant_path("/t/{tenant}").unwrap();
    for service in on_both(by_path).await {
        for (path, expected) in [
            ("/t/acme/notes", ACME),
            ("/t/globex", GLOBEX),
            ("/t/%61cme/notes", ACME),
            ("/%74/acme/notes", ACME),
            ("/t/initech/notes", NOT_GRANTED),
            ("/t/ACME/notes", NOT_GRANTED),
            ("/t/%2561cme", NOT_GRANTED),
            ("/who", NOT_NAMED),
            ("/T/acme", NOT_NAMED),
            ("/t/acme//notes", NOT_GRANTED),
            ("//t/acme", NOT_GRANTED),
            ("/./t/acme", NOT_GRANTED),
            ("/t/acme/../globex", NOT_GRANTED),
            ("/t/acme/%2e%2E/globex", NOT_GRANTED),
            ("/t/acme%2fnotes", NOT_GRANTED),
            ("/t/acme%00", NOT_GRANTED),
        ] {
            let answer = ask(&service, &format!("GET {path}"), &fields).await;
            assert_eq!(told(&answer), expected, "{path}");
        }
    }
    for service in on_both(admission(&key)).await {
        assert_eq!(
            told(&ask(&service, "GET /t/acme/notes", &fields).await),
            NOT_NAMED
        );
    }
}
