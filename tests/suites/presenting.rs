//! Where a request may put its token, and what it is told: alike on axum and actix-web.

use serde_json::{Value, json};
use tenancy_core::{Admission, ClaimMap, Issuer, JwtVerifier, KeySource};
use tenancy_examples::identity_provider::{SigningKey, now};
use tenancy_tests::head::Head;

use super::answers::{send, served_by};
use super::metered::counting;
use super::twins::{OnActix, OnAxum};

const NAME: &str = "https://issuer.example";

/// A token that may be used for each of these tenants.
pub(crate) fn token(key: &SigningKey, orgs: &Value) -> String {
    let exp = now() + 600;
    key.sign(&json!({ "iss": NAME, "aud": "us", "sub": "ada", "orgs": orgs, "roles": ["Editor"], "exp": exp }))
}

pub(crate) fn admission(key: &SigningKey) -> Admission {
    let set = json!({ "keys": [key.public()] }).to_string();
    let map = ClaimMap::of_memberships("orgs").roles("roles");
    let issuer = Issuer::new(NAME, map)
        .audience("us")
        .keys(KeySource::fixed(set));
    Admission::new(JwtVerifier::new([issuer]).unwrap())
}

pub(crate) async fn on_both(admission: Admission) -> [String; 2] {
    let on_axum = served_by::<OnAxum>(admission.clone()).await;
    [on_axum, served_by::<OnActix>(admission).await]
}

async fn status(service: &str, path: &str, fields: &[(&str, &str)]) -> u16 {
    send(service, path, fields).await.status
}

#[tokio::test]
async fn a_token_may_stand_in_a_configured_header_cookie_or_parameter() {
    let key = SigningKey::ec(1).unwrap();
    let good = token(&key, &json!(["acme"]));
    let (good, bearer, cookie) = (
        good.as_str(),
        format!("Bearer {good}"),
        format!("theme=dark; session={good}"),
    );
    let in_query = format!("/who?access_token={good}");
    let everywhere = admission(&key)
        .token_header("X-Access-Token")
        .unwrap()
        .token_cookie("session")
        .unwrap()
        .token_query_parameter("access_token")
        .unwrap();
    for service in on_both(everywhere).await {
        for (path, fields, expected) in [
            ("/who", &[("authorization", bearer.as_str())][..], 200),
            ("/who", &[("x-access-token", good)], 200),
            ("/who", &[("cookie", &cookie)], 200),
            (&in_query, &[], 200),
            ("/who", &[], 401),
            // One credential, or none at all.
            (
                "/who",
                &[("authorization", bearer.as_str()), ("cookie", &cookie)],
                400,
            ),
            (
                "/who",
                &[("x-access-token", good), ("cookie", &cookie)],
                400,
            ),
            (&in_query, &[("x-access-token", good)], 400),
            (
                "/who",
                &[("x-access-token", good), ("x-access-token", good)],
                400,
            ),
            (
                "/who",
                &[("authorization", "Bearer"), ("cookie", &cookie)],
                400,
            ),
            ("/who", &[("x-access-token", "not a token")], 400),
        ] {
            assert_eq!(
                status(&service, path, fields).await,
                expected,
                "{path} {fields:?}"
            );
        }
    }
    // By default, one place only.
    for service in on_both(admission(&key)).await {
        for (path, fields) in [
            ("/who", &[("x-access-token", good)][..]),
            ("/who", &[("cookie", &cookie)]),
            (&in_query, &[]),
        ] {
            assert_eq!(
                status(&service, path, fields).await,
                401,
                "{path} {fields:?}"
            );
        }
    }
}

#[tokio::test]
async fn optional_routes_let_the_absent_through_and_nothing_else() {
    let key = SigningKey::ec(1).unwrap();
    let good = format!("Bearer {}", token(&key, &json!(["acme"])));
    for service in on_both(admission(&key).optional()).await {
        for (fields, expected) in [
            (&[][..], (200, "nobody")),
            (&[("authorization", "Basic dTpw")], (200, "nobody")),
            (&[("authorization", good.as_str())], (200, "acme")),
        ] {
            let answer = send(&service, "/maybe", fields).await;
            assert_eq!(
                (answer.status, answer.body.as_str()),
                expected,
                "{fields:?}"
            );
        }
        for (fields, expected) in [
            (&[("authorization", "Bearer")][..], 400),
            (&[("authorization", "Bearer a.b.c")], 401),
            (
                &[("authorization", good.as_str()), ("authorization", &good)],
                400,
            ),
        ] {
            assert_eq!(
                status(&service, "/maybe", fields).await,
                expected,
                "{fields:?}"
            );
        }
    }
}

#[tokio::test]
async fn a_role_that_is_missing_is_403_insufficient_scope() {
    let key = SigningKey::ec(1).unwrap();
    let admission = admission(&key);
    let context = admitted(&admission, &token(&key, &json!(["acme"]))).await;
    assert!(context.require_role("Editor").is_ok());
    for missing in [
        context.require_role("editor"),
        context.require_role("Edit"),
        context.require_permission("Editor"),
    ] {
        let refusal = missing.unwrap_err();
        let answer = refusal.response();
        assert_eq!(answer.status(), 403);
        assert_eq!(
            answer.challenge(),
            Some(r#"Bearer realm="api", error="insufficient_scope""#)
        );
        assert!(answer.body().contains(r#""code":"insufficient_scope""#));
        assert!(!answer.body().contains("ditor"), "nothing is reflected");
    }
}

#[tokio::test]
async fn refusals_are_counted_by_what_the_client_was_told() {
    let key = SigningKey::ec(1).unwrap();
    let admission = admission(&key);
    let several = token(&key, &json!(["acme", "globex"]));
    for (authorization, code) in [
        (None, "missing_token"),
        (Some("Bearer"), "invalid_request"),
        (Some("Bearer a.b.c"), "invalid_token"),
        (Some(&*format!("Bearer {several}")), "tenant_not_named"),
    ] {
        let mut head = Head::get("/");
        if let Some(authorization) = authorization {
            head = head.authorization(authorization);
        }
        let (outcome, counts) = counting(admission.admit(&head)).await;
        assert!(outcome.is_err());
        assert_eq!(counts.of("tenancy_refusals_total", code), 1, "{code}");
    }
    let context = admitted(&admission, &token(&key, &json!(["acme"]))).await;
    let (outcome, counts) = counting(async { context.require_role("Owner") }).await;
    assert!(outcome.is_err());
    assert_eq!(counts.of("tenancy_refusals_total", "insufficient_scope"), 1);
}

async fn admitted(admission: &Admission, token: &str) -> tenancy_core::TenantContext {
    let head = Head::get("/").authorization(format!("Bearer {token}"));
    match admission.admit(&head).await {
        Ok(tenancy_core::Admitted::For(context, _)) => context,
        other => panic!("{other:?}"),
    }
}
