//! The host names the tenant.

use serde_json::json;
use tenancy_core::Admitted;
use tenancy_examples::identity_provider::SigningKey;
use tenancy_tests::head::Head;

use super::{ACME, GLOBEX, NOT_GRANTED, NOT_NAMED, ask, told};
use crate::presenting::{admission, on_both, token};

#[tokio::test]
async fn a_host_names_one_of_the_tenants_that_its_token_is_for() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["acme", "globex"])));
    let by_host = admission(&key)
        .tenant_host("{tenant}.app.example.com")
        .unwrap();
    for service in on_both(by_host).await {
        let acme = "acme.app.example.com";
        for (target, hosts, expected) in [
            ("/who", &[acme][..], ACME),
            ("/who", &["GLOBEX.App.Example.com.:8080"], GLOBEX),
            ("/who", &["initech.app.example.com"], NOT_GRANTED),
            ("/who", &["a_b.app.example.com"], NOT_GRANTED),
            ("/who", &["www.app.example.com"], NOT_GRANTED),
            ("/who", &["xn--80ak6aa92e.app.example.com"], NOT_GRANTED),
            ("/who", &["acme.globex.app.example.com"], NOT_NAMED),
            ("/who", &["127.0.0.1"], NOT_NAMED),
            ("/who", &["localhost"], NOT_NAMED),
            // The authority of a target in absolute form, which HTTP/2 always has.
            ("http://acme.app.example.com/who", &[acme], ACME),
            (
                "http://acme.app.example.com/who",
                &["globex.app.example.com"],
                NOT_GRANTED,
            ),
            ("http://localhost/who", &[acme], NOT_GRANTED),
        ] {
            let mut fields = vec![
                ("authorization", bearer.as_str()),
                // Whoever sends the request writes these.
                ("x-forwarded-host", "globex.app.example.com"),
                ("forwarded", "host=globex.app.example.com"),
            ];
            fields.extend(hosts.iter().map(|host| ("host", *host)));
            let answer = ask(&service, &format!("GET {target}"), &fields).await;
            assert_eq!(told(&answer), expected, "{target} {hosts:?}");
        }
        // A framework may refuse two of them by itself.
        let twice = [
            ("authorization", bearer.as_str()),
            ("host", acme),
            ("host", "globex.app.example.com"),
        ];
        let (status, _) = ask(&service, "GET /who", &twice).await;
        assert!(status == 400 || status == 403, "{status}");
    }
    // Negative control: where no host is configured, none counts.
    for service in on_both(admission(&key)).await {
        let fields = [
            ("authorization", bearer.as_str()),
            ("host", "acme.app.example.com"),
        ];
        assert_eq!(told(&ask(&service, "GET /who", &fields).await), NOT_NAMED);
    }
}

/// Under HTTP/2 there need not be a `Host` at all.
#[tokio::test]
async fn an_authority_alone_names_the_tenant() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["acme", "globex"])));
    let admission = admission(&key)
        .tenant_host("{tenant}.app.example.com")
        .unwrap();
    let head = Head::get("/who")
        .authorization(&bearer)
        .authority("globex.app.example.com");
    match admission.admit(&head).await {
        Ok(Admitted::For(context, _)) => assert_eq!(context.tenant().as_str(), "globex"),
        other => panic!("{other:?}"),
    }
}
