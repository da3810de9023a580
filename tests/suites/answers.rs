//! What a client is told, to the letter and alike on axum and actix-web.

use std::net::{Ipv4Addr, SocketAddr};

use reqwest::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use tenancy_core::{Admission, ClaimMap, Issuer, JwtVerifier, KeySource};
use tenancy_examples::identity_provider::IdentityProvider;

use crate::twins::{OnActix, OnAxum, Service, TestApp};

const AUDIENCE: &str = "us";

/// Everything of an answer that a client sees and that we decide.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    content_type: Option<String>,
    challenge: Option<String>,
    retry_after: Option<String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    pub(crate) fn retry_after(&self) -> Option<&str> {
        self.retry_after.as_deref()
    }
}

fn admission(provider: &IdentityProvider) -> Admission {
    let issuer = Issuer::new(provider.issuer(), ClaimMap::frontegg())
        .audience(AUDIENCE)
        .keys(KeySource::url(provider.jwks_url()));
    Admission::new(JwtVerifier::new([issuer]).unwrap())
        .realm("re\"alm")
        .exempt("/open")
        .unwrap()
        .exempt("/wants")
        .unwrap()
}

/// Where it serves.
pub(crate) async fn served_by<A: TestApp>(admission: Admission) -> String {
    format!(
        "http://{}",
        A::start(Service::new(admission).everywhere()).await
    )
}

async fn ask(service: &str, path: &str, authorization: &[&str]) -> Answer {
    let fields: Vec<_> = authorization
        .iter()
        .map(|value| ("authorization", *value))
        .collect();
    send(service, path, &fields).await
}

/// Sends a request with these header fields, which may repeat.
pub(crate) async fn send(service: &str, path: &str, fields: &[(&str, &str)]) -> Answer {
    let mut request = reqwest::Client::new().get(format!("{service}{path}"));
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let header = |name| {
        response
            .headers()
            .get(name)
            .map(|value| value.to_str().unwrap().to_owned())
    };
    Answer {
        status: response.status().as_u16(),
        content_type: header(CONTENT_TYPE),
        challenge: header(WWW_AUTHENTICATE),
        retry_after: header(RETRY_AFTER),
        body: response.text().await.unwrap(),
    }
}

fn refusal(status: u16, code: &str, title: &str, challenge: Option<&str>) -> Answer {
    Answer {
        status,
        content_type: Some("application/problem+json".into()),
        challenge: challenge.map(str::to_owned),
        retry_after: None,
        body: format!(
            r#"{{"type":"about:blank","title":"{title}","status":{status},"code":"{code}"}}"#
        ),
    }
}

#[tokio::test]
async fn refusals_are_the_same_on_both_frameworks() {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    for framework in ["axum", "actix-web"] {
        let provider = IdentityProvider::start(anywhere, AUDIENCE).await.unwrap();
        let admission = admission(&provider);
        let service = if framework == "axum" {
            served_by::<OnAxum>(admission).await
        } else {
            served_by::<OnActix>(admission).await
        };
        let good = format!("Bearer {}", provider.token("acme", "ada"));
        let bad = format!("{good}x");

        provider.go_down();
        let mut unavailable = refusal(
            503,
            "keys_unavailable",
            "Tokens cannot be verified now",
            None,
        );
        unavailable.retry_after = Some("1".into());
        assert_eq!(
            ask(&service, "/who", &[&good]).await,
            unavailable,
            "{framework}"
        );
        provider.come_back();
        tokio::time::sleep(std::time::Duration::from_millis(1100)).await;

        let admitted = ask(&service, "/who", &[&good]).await;
        assert_eq!(
            (admitted.status, admitted.body.as_str()),
            (200, "acme"),
            "{framework}"
        );
        let missing = refusal(
            401,
            "missing_token",
            "A bearer token is required",
            Some(r#"Bearer realm="realm""#),
        );
        let malformed = refusal(
            400,
            "invalid_request",
            "The credential is malformed",
            Some(r#"Bearer realm="realm", error="invalid_request""#),
        );
        let invalid = refusal(
            401,
            "invalid_token",
            "The token is not accepted",
            Some(r#"Bearer realm="realm", error="invalid_token""#),
        );
        for (path, authorization, expected) in [
            ("/who", &[][..], &missing),
            ("/who", &["Basic dTpw"], &missing),
            ("/nowhere", &[], &missing),
            ("//open", &[], &missing),
            ("/open/", &[], &missing),
            ("/%6fpen", &[], &missing),
            ("/OPEN", &[], &missing),
            ("/who", &[good.as_str(), good.as_str()], &malformed),
            ("/who", &["Bearer a, Bearer b"], &malformed),
            ("/who", &["Bearer"], &malformed),
            ("/who", &[bad.as_str()], &invalid),
            ("/who", &["bearer a.b.c"], &invalid),
            ("/who?tenant_id=globex", &["Bearer x"], &invalid),
        ] {
            assert_eq!(
                ask(&service, path, authorization).await,
                *expected,
                "{framework} {path} {authorization:?}"
            );
        }

        for path in ["/open", "/open?x=y"] {
            let open = ask(&service, path, &["Bearer a, b"]).await;
            assert_eq!(
                (open.status, open.body.as_str()),
                (200, "open"),
                "{framework} {path}"
            );
        }
        // A handler that wants a tenant where none is admitted is a fault of the service.
        let fault = refusal(500, "internal", "The request could not be served", None);
        assert_eq!(
            ask(&service, "/wants", &[&good]).await,
            fault,
            "{framework}"
        );
    }
}
