//! What opens without a tenant, and for whom a request without a credential is.

use serde_json::json;
use tenancy_core::{Admitted, TenantId, danger};
use tenancy_examples::identity_provider::SigningKey;
use tenancy_tests::head::Head;

use super::{ACME, GLOBEX, NOT_GRANTED, ask, told};
use crate::presenting::{admission, on_both, token};
use crate::redaction::capture::Log;

#[tokio::test]
async fn an_exempt_prefix_opens_whole_segments_in_normal_form_and_nothing_else() {
    let key = SigningKey::ec(1).unwrap();
    let exempt = admission(&key)
        .exempt_prefix("/public")
        .unwrap()
        .exempt_method("GET", "/docs")
        .unwrap();
    for service in on_both(exempt).await {
        let status = async |head: &str| ask(&service, head, &[("host", "localhost")]).await.0;
        for head in [
            "GET /public",
            "GET /public/a/b.css?c=d",
            "POST /public/x",
            "GET /docs",
        ] {
            assert_eq!(status(head).await, 200, "{head}");
        }
        for head in [
            "GET /publication",
            "GET /PUBLIC/a",
            "GET /public/",
            "GET /public//a",
            "GET //public/a",
            "GET /./public/a",
            "GET /public/.",
            "GET /public/../who",
            "GET /public/%2e%2e/who",
            "GET /public/..%2fwho",
            "GET /public%2fa",
            "GET /%70ublic/a",
            "GET /public/..;/who",
            "GET /public/a%20b",
            "GET /x/public/a",
            "GET /who?/public/",
            "POST /docs",
            "HEAD /docs",
            "GET /docs/",
            "GET /docs/x",
            "get /docs",
        ] {
            let status = status(head).await;
            assert!(status == 401 || status == 400, "{head}: {status}");
        }
    }
    for prefix in [
        "",
        "/",
        "public",
        "/public/",
        "//public",
        "/../public",
        "/%70ublic",
    ] {
        assert!(admission(&key).exempt_prefix(prefix).is_err(), "{prefix}");
    }
}

#[tokio::test]
async fn a_cors_preflight_needs_no_tenant_where_that_is_switched_on() {
    let key = SigningKey::ec(1).unwrap();
    let good = format!("Bearer {}", token(&key, &json!(["acme"])));
    let (origin, method) = (
        ("origin", "https://x.example"),
        ("access-control-request-method", "PUT"),
    );
    let host = ("host", "localhost");
    for service in on_both(admission(&key).cors_preflight()).await {
        for (head, fields, expected) in [
            (
                "OPTIONS /notes",
                &[host, origin, method][..],
                (200, "nobody"),
            ),
            ("OPTIONS /notes", &[host, origin], (401, "missing_token")),
            ("OPTIONS /notes", &[host, method], (401, "missing_token")),
            (
                "GET /notes",
                &[host, origin, method],
                (401, "missing_token"),
            ),
            (
                "PUT /notes",
                &[host, origin, method],
                (401, "missing_token"),
            ),
            // With a credential it is a request like any other.
            (
                "OPTIONS /notes",
                &[host, origin, method, ("authorization", &good)],
                ACME,
            ),
            (
                "OPTIONS /notes",
                &[host, origin, method, ("authorization", "Bearer x")],
                (401, "invalid_token"),
            ),
        ] {
            assert_eq!(
                told(&ask(&service, head, fields).await),
                expected,
                "{head} {fields:?}"
            );
        }
    }
    for service in on_both(admission(&key)).await {
        let answer = ask(&service, "OPTIONS /notes", &[host, origin, method]).await;
        assert_eq!(told(&answer), (401, "missing_token"));
    }
}

#[tokio::test]
async fn a_default_tenant_is_for_requests_without_a_credential_only() {
    let key = SigningKey::ec(1).unwrap();
    let build = |environment| {
        let acme = TenantId::parse("acme").unwrap();
        let admission = admission(&key)
            .tenant_header("x-tenant-id")
            .unwrap()
            .optional();
        danger::default_tenant(admission, acme, "no identity provider here", environment)
    };
    assert_eq!(
        build("production").unwrap_err(),
        danger::NoDefaultTenant::Environment
    );
    let globex = format!("Bearer {}", token(&key, &json!(["globex"])));
    for service in on_both(build("development").unwrap()).await {
        for (fields, expected) in [
            (&[][..], ACME),
            (&[("x-tenant-id", "acme")], ACME),
            (&[("x-tenant-id", "globex")], NOT_GRANTED),
            (&[("authorization", globex.as_str())], GLOBEX),
            (&[("authorization", "Bearer x")], (401, "invalid_token")),
            (&[("authorization", "Bearer")], (400, "invalid_request")),
        ] {
            let fields = [&[("host", "localhost")], fields].concat();
            assert_eq!(
                told(&ask(&service, "GET /who", &fields).await),
                expected,
                "{fields:?}"
            );
        }
    }
}

#[test]
fn each_request_that_is_given_the_default_tenant_is_recorded_with_the_reason() {
    let key = SigningKey::ec(1).unwrap();
    let acme = TenantId::parse("acme").unwrap();
    let reason = "no identity provider here";
    let admission = danger::default_tenant(admission(&key), acme, reason, "test").unwrap();
    let without = Head::get("/who");
    let bearer = format!("Bearer {}", token(&key, &json!("acme")));
    let with_credential = without.clone().authorization(&bearer);
    for (head, is_recorded) in [(without, true), (with_credential, false)] {
        let (admitted, said) = Log::of(async { admission.admit(&head).await });
        assert!(matches!(admitted, Ok(Admitted::For(..))));
        let recorded = said.contains("assumed the default tenant") && said.contains(reason);
        assert_eq!(recorded, is_recorded, "{said}");
    }
}

#[test]
fn that_there_is_a_default_tenant_is_on_record_with_the_reason() {
    let key = SigningKey::ec(1).unwrap();
    for (environment, is_built) in [("local", true), ("production", false)] {
        let acme = TenantId::parse("acme").unwrap();
        let reason = "no identity provider here";
        let asked = async { danger::default_tenant(admission(&key), acme, reason, environment) };
        let (built, said) = Log::of(asked);
        assert_eq!(built.is_ok(), is_built);
        let is_recorded = said.contains("WARN tenancy::danger") && said.contains(reason);
        assert_eq!(is_recorded, is_built, "{said}");
    }
}
