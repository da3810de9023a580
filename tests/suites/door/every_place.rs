//! All places that name a tenant have to name the same one.

use serde_json::json;
use tenancy_examples::identity_provider::SigningKey;
use tenancy_tests::head::Head;

use super::{ACME, NOT_GRANTED, NOT_NAMED, ask, told};
use crate::presenting::{admission, on_both, token};

#[tokio::test]
async fn all_that_names_a_tenant_has_to_name_the_same_one() {
    let key = SigningKey::ec(1).unwrap();
    let of = |orgs| format!("Bearer {}", token(&key, &orgs));
    let (both, one) = (of(json!(["acme", "globex"])), of(json!(["acme"])));
    let everywhere = admission(&key)
        .tenant_header("x-tenant-id")
        .unwrap()
        .tenant_host("{tenant}.app.example.com")
        .unwrap()
        .tenant_path("/t/{tenant}")
        .unwrap();
    let (acme, globex) = ("acme.app.example.com", "globex.app.example.com");
    for service in on_both(everywhere.clone()).await {
        for (bearer, host, path, header, expected) in [
            (&both, acme, "/t/acme", Some("acme"), ACME),
            (&both, acme, "/t/acme", None, ACME),
            (&both, "localhost", "/t/acme", None, ACME),
            (&both, acme, "/t/globex", None, NOT_GRANTED),
            (&both, globex, "/t/acme", None, NOT_GRANTED),
            (&both, acme, "/t/acme", Some("globex"), NOT_GRANTED),
            (&both, acme, "/who", Some("globex"), NOT_GRANTED),
            (&both, acme, "/who", Some(""), NOT_GRANTED),
            (&both, "localhost", "/who", None, NOT_NAMED),
            (&one, "localhost", "/who", None, ACME),
            (&one, globex, "/who", None, NOT_GRANTED),
            (&one, globex, "/t/globex", Some("globex"), NOT_GRANTED),
        ] {
            let mut fields = vec![("authorization", bearer.as_str()), ("host", host)];
            fields.extend(header.map(|header| ("x-tenant-id", header)));
            let answer = ask(&service, &format!("GET {path}"), &fields).await;
            assert_eq!(told(&answer), expected, "{host} {path} {header:?}");
        }
    }
    // The logs say which two.
    let head = Head::get("/t/globex").authorization(&both).authority(acme);
    let refusal = everywhere.admit(&head).await.unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "the host and the path name different tenants"
    );
}
