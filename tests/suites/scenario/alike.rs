//! The analytics API on axum and on actix-web: one answer to each request, and one line for the operator.

use std::collections::BTreeSet;

use actix_web::test::{TestRequest, call_service, init_service};
use axum::Router;
use axum::body::Body;
use axum::http::Request;
use reqwest::Method;
use tenancy_examples::analytics::{on_actix, on_axum};
use tenancy_tests::postgres::Cluster;
use tower_service::Service as _;

use super::{Theatre, serve_on_axum};
use crate::redaction::capture::Log;

const JSON: Option<&str> = Some("application/json");

type Attempt = (
    &'static str,
    &'static str,
    Option<&'static str>,
    &'static str,
);

/// Method, path, content type and body.
const ATTEMPTS: [Attempt; 23] = [
    ("GET", "/health", None, ""),
    ("HEAD", "/health", None, ""),
    ("POST", "/health", None, ""),
    ("GET", "/health/", None, ""),
    ("GET", "/api/data", None, ""),
    ("HEAD", "/api/data", None, ""),
    ("GET", "/api/data?tenant_id=globex", None, ""),
    ("GET", "/api/data/", None, ""),
    ("GET", "/nowhere", None, ""),
    ("DELETE", "/api/data", None, ""),
    ("PUT", "/api/data", JSON, r#"{"body": "no"}"#),
    ("POST", "/api/data", JSON, "{}"),
    ("POST", "/api/data", JSON, r#"{"body": null}"#),
    ("POST", "/api/data", JSON, r#"{"tenant_id": "globex"}"#),
    ("POST", "/api/data", JSON, r#"{"body": 7}"#),
    ("POST", "/api/data", JSON, r#"{"body": "a\u0000b"}"#),
    ("POST", "/api/data", JSON, r#"["a"]"#),
    ("POST", "/api/data", JSON, r#"{"body": "#),
    ("POST", "/api/data", JSON, ""),
    ("POST", "/api/data", None, r#"{"body": "no"}"#),
    ("POST", "/api/data", Some("text/plain"), r#"{"body": "no"}"#),
    (
        "POST",
        "/api/data",
        Some("application/json; charset=utf-8"),
        "{}",
    ),
    ("POST", "/api/data", Some("application/ld+json"), "{}"),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn both_services_give_the_same_answers() {
    let theatre = theatre().await;
    let (insights, admission) = (theatre.insights.clone(), theatre.admission.clone());
    let app = on_axum::router(insights, admission, Router::new());
    let (on_axum, axum) = serve_on_axum(app).await;
    let (on_actix, actix) = theatre.serve_on_actix();

    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let good = format!("Bearer {}", theatre.provider.token("acme", "ada"));
    let bad = format!("{good}x");
    let mut statuses = BTreeSet::new();
    for attempt in ATTEMPTS {
        for authorization in [
            None,
            Some("Bearer"),
            Some(bad.as_str()),
            Some(good.as_str()),
        ] {
            let on_axum = ask(&client, &on_axum, attempt, authorization).await;
            let on_actix = ask(&client, &on_actix, attempt, authorization).await;
            assert_eq!(on_axum, on_actix, "{attempt:?} {authorization:?}");
            statuses.insert(on_axum.0);
        }
    }
    assert_eq!(statuses, BTreeSet::from([200, 400, 401, 403, 404, 405]));
    axum.abort();
    actix.stop(true).await;
    theatre.close().await;
}

/// Status, content type, challenge and body.
type Answer = (u16, Option<String>, Option<String>, String);

async fn ask(
    client: &reqwest::Client,
    service: &str,
    (method, path, content_type, body): Attempt,
    authorization: Option<&str>,
) -> Answer {
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    let mut request = client.request(method, format!("{service}{path}"));
    if let Some(content_type) = content_type {
        request = request.header("content-type", content_type);
    }
    if let Some(authorization) = authorization {
        request = request.header("authorization", authorization);
    }
    let response = request.body(body).send().await.unwrap();
    let field = |name| {
        let value = response.headers().get(name)?;
        Some(value.to_str().unwrap().to_owned())
    };
    let fields = (field("content-type"), field("www-authenticate"));
    let status = response.status().as_u16();
    (status, fields.0, fields.1, response.text().await.unwrap())
}

#[test]
fn an_operator_reads_the_same_lines_of_both() {
    let ((), axum) = Log::of(async {
        let theatre = theatre().await;
        let (insights, admission) = (theatre.insights.clone(), theatre.admission.clone());
        let mut app = on_axum::router(insights, admission, Router::new());
        for authorization in credentials(&theatre) {
            let request = Request::get("/api/data").header("authorization", authorization);
            let request = request.body(Body::empty()).unwrap();
            app.call(request).await.unwrap();
        }
        theatre.close().await;
    });
    let ((), actix) = Log::of(async {
        let theatre = theatre().await;
        let (insights, admission) = (theatre.insights.clone(), theatre.admission.clone());
        let app = init_service(on_actix::app(insights, admission, |_| {})).await;
        for authorization in credentials(&theatre) {
            let request = TestRequest::get().uri("/api/data");
            let request = request.insert_header(("authorization", authorization));
            call_service(&app, request.to_request()).await;
        }
        theatre.close().await;
    });
    let expected = [
        "served tenant_id=acme user_id=ada path=/api/data status=200",
        "Missing or invalid authorization token path=/api/data status=403",
        "Missing or invalid authorization token path=/api/data status=401",
        "Token missing organization identifier path=/api/data status=401",
        "No matching signing key found in JWKS path=/api/data status=401",
    ];
    for log in [axum, actix] {
        let lines = log.lines().filter(|line| line.contains("analytics::log"));
        let lines: Vec<_> = lines.collect();
        assert_eq!(lines.len(), expected.len(), "{lines:#?}");
        for (line, expected) in lines.iter().zip(expected) {
            assert!(line.contains(expected), "{line}");
        }
    }
}

async fn theatre() -> Theatre {
    let database = Cluster::shared().await.database().await;
    Theatre::open(Some(&database.admin_url())).await
}

/// One that is good, and one for each line of the runbook.
fn credentials(theatre: &Theatre) -> [String; 5] {
    let provider = &theatre.provider;
    let key = provider.rsa_key();
    let mut nowhere = provider.claims("acme", "ada", 600);
    nowhere.as_object_mut().unwrap().remove("org_id");
    let mut unknown = key.header();
    unknown["kid"] = "unknown".into();
    let claims = provider.claims("acme", "ada", 600);
    [
        format!("Bearer {}", provider.token("acme", "ada")),
        "Basic dTpw".to_owned(),
        "Bearer a.b.c".to_owned(),
        format!("Bearer {}", key.sign(&nowhere)),
        format!("Bearer {}", key.sign_with(&unknown, &claims)),
    ]
}
