//! A query parameter names the tenant.

use serde_json::json;
use tenancy_examples::identity_provider::SigningKey;
use tenancy_tests::head::Head;

use super::{ACME, GLOBEX, NOT_GRANTED, NOT_NAMED, ask, told};
use crate::presenting::{admission, on_both, token};

#[tokio::test]
async fn a_query_names_one_of_the_tenants_that_its_token_is_for() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!(
        "Bearer {}",
        token(&key, &json!(["acme", "globex", "a b", "a+b", "50%"]))
    );
    let fields = [("authorization", bearer.as_str()), ("host", "localhost")];
    for service in on_both(admission(&key).tenant_query_parameter("tenant").unwrap()).await {
        for (query, expected) in [
            ("?tenant=acme", ACME),
            ("?x=y&tenant=globex&z", GLOBEX),
            ("?tenant=%61cm%65", ACME),
            ("?%74enan%74=acme", ACME),
            ("?tenant=a%20b", (200, "a b")),
            ("?tenant=a+b", (200, "a b")),
            ("?tenant=a%2Bb", (200, "a+b")),
            ("?tenant=50%25", (200, "50%")),
            ("?tenant=50%", NOT_GRANTED),
            ("", NOT_NAMED),
            ("?", NOT_NAMED),
            ("?x=tenant=acme", NOT_NAMED),
            ("?tenants=acme&Tenant=acme&tenant%00=acme", NOT_NAMED),
            ("?x;tenant=acme", NOT_NAMED),
            ("?tenant=initech", NOT_GRANTED),
            ("?tenant=ACME", NOT_GRANTED),
            ("?tenant=*", NOT_GRANTED),
            ("?tenant=", NOT_GRANTED),
            ("?tenant", NOT_GRANTED),
            ("?tenant=acme&tenant=acme", NOT_GRANTED),
            ("?tenant=acme&tenant=globex", NOT_GRANTED),
            ("?tenant=acme&ten%61nt=globex", NOT_GRANTED),
            ("?tenant=acme&tenant", NOT_GRANTED),
            ("?tenant=acme;x=y", NOT_GRANTED),
            ("?tenant=%2561cme", NOT_GRANTED),
            ("?tenant=acme%00", NOT_GRANTED),
            ("?tenant=acme+", NOT_GRANTED),
            ("?tenant=%ff", NOT_GRANTED),
            ("?tenant=acme%", NOT_GRANTED),
            ("?tenant=%zz", NOT_GRANTED),
        ] {
            let answer = ask(&service, &format!("GET /who{query}"), &fields).await;
            assert_eq!(told(&answer), expected, "{query}");
        }
    }
    for service in on_both(admission(&key)).await {
        let answer = ask(&service, "GET /who?tenant=acme", &fields).await;
        assert_eq!(told(&answer), NOT_NAMED, "where none is configured");
    }
}

#[tokio::test]
async fn a_query_and_another_place_have_to_agree() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["acme", "globex"])));
    let admission = admission(&key)
        .tenant_query_parameter("tenant")
        .unwrap()
        .tenant_header("x-tenant-id")
        .unwrap();
    for service in on_both(admission.clone()).await {
        for (query, header, expected) in [
            ("?tenant=acme", "acme", ACME),
            ("?tenant=acme", "globex", NOT_GRANTED),
            ("?tenant=%zz", "acme", NOT_GRANTED),
            ("", "acme", ACME),
        ] {
            let fields = [
                ("authorization", bearer.as_str()),
                ("host", "localhost"),
                ("x-tenant-id", header),
            ];
            let answer = ask(&service, &format!("GET /who{query}"), &fields).await;
            assert_eq!(told(&answer), expected, "{query} {header}");
        }
    }
    let head = Head::get("/who?tenant=acme")
        .authorization(&bearer)
        .field("x-tenant-id", "globex");
    let refusal = admission.admit(&head).await.unwrap_err();
    let expected = "the query and the header name different tenants";
    assert_eq!(refusal.to_string(), expected);
}
