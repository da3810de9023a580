//! Requests of every kind, each sent to both frameworks over one connection that they keep.

use serde_json::json;
use tenancy_core::Admission;

use super::Provider;
use super::both::Both;
use crate::twins::{Reply, get, request};

/// What a path is for those whom it does not refuse.
#[derive(Clone, Copy, PartialEq)]
enum Path {
    /// Somebody is there, and answers 200.
    Tenants,
    Unknown,
    /// Like an exempt path, but it is none. actix-web routes some of these like the exempt path itself and axum does
    /// not, so it is for those only who do not get as far.
    Disguised,
}

type Fields = Vec<(&'static str, String)>;

/// Header fields, and the status that they deserve where tenants are.
fn credentials(provider: &Provider) -> Vec<(Fields, u16)> {
    let good = provider.token(&["acme"], "ada");
    let several = provider.token(&["acme", "globex"], "ada");
    let bearer = |token: &str| vec![("authorization", format!("Bearer {token}"))];
    let plain = |value: &str| vec![("authorization", value.to_owned())];
    let with = |claims| bearer(&provider.token_with(&claims));
    let named = |token: &str, name: &str| {
        let mut fields = bearer(token);
        fields.push(("x-tenant-id", name.to_owned()));
        fields
    };
    let both = |one: Fields, other: Fields| [one, other].concat();
    let cookie = || vec![("cookie", format!("theme=dark; session={good}"))];
    let header = || vec![("x-access-token", good.clone())];
    let forged = Provider::new().token(&["acme"], "ada");
    let good_key = provider.api_key("acme", "ada");
    let key = |key: &str| vec![("x-api-key", key.to_owned())];
    let unknown = Provider::new().api_key("acme", "ada");
    let misspelt = good_key.replace('_', "-");
    vec![
        // Good ones, wherever they stand.
        (bearer(&good), 200),
        (plain(&format!("bEaReR {good}")), 200),
        (plain(&format!("Bearer   {good}")), 200),
        (cookie(), 200),
        (header(), 200),
        (named(&good, "acme"), 200),
        (named(&several, "acme"), 200),
        (key(&good_key), 200),
        (both(key(&good_key), plain("Basic dTpw")), 200),
        (
            both(key(&good_key), vec![("x-tenant-id", "acme".into())]),
            200,
        ),
        // None.
        (vec![], 401),
        // A field that says "gRPC" makes no call of a request, whose refusal would be 200 in HTTP.
        (vec![("content-type", "application/grpc".into())], 401),
        (plain("Basic dTpw"), 401),
        (plain("Digest username=\"ada\""), 401),
        (vec![("x-tenant-id", "acme".into())], 401),
        (vec![("cookie", "theme=dark".into())], 401),
        // Malformed, or several.
        (plain("Bearer"), 400),
        (plain("Bearer a b"), 400),
        (plain(&format!("Bearer {good}, Bearer {good}")), 400),
        (both(bearer(&good), bearer(&good)), 400),
        (both(bearer(&good), cookie()), 400),
        (both(bearer(&good), header()), 400),
        (both(cookie(), header()), 400),
        (both(cookie(), cookie()), 400),
        (key(""), 400),
        (key(&good), 400),
        (key(&misspelt), 400),
        (key(&format!("{good_key}, {good_key}")), 400),
        (both(key(&good_key), key(&good_key)), 400),
        (both(key(&good_key), bearer(&good)), 400),
        (both(key(&good_key), bearer("a.b.c")), 400),
        (both(key(&unknown), bearer(&good)), 400),
        (both(key(&misspelt), cookie()), 400),
        // Bad ones.
        (bearer("a.b.c"), 401),
        (bearer(&"a".repeat(17_000)), 401),
        (bearer(&format!("{good}x")), 401),
        (bearer(&forged), 401),
        (bearer(&good.replace('.', "..")), 401),
        (bearer(&".".repeat(9_000)), 401),
        (with(json!({ "exp": 1 })), 401),
        (with(json!({ "aud": "them" })), 401),
        (with(json!({ "iss": "https://elsewhere.example" })), 401),
        (with(json!({ "orgs": "*", "sub": "" })), 401),
        (with(json!({ "orgs": [] })), 401),
        (with(json!({ "cnf": { "jkt": "x" } })), 401),
        (key(&unknown), 401),
        (bearer(&good_key), 401),
        // Good ones for somebody else.
        (
            both(key(&good_key), vec![("x-tenant-id", "globex".into())]),
            403,
        ),
        (bearer(&several), 403),
        (named(&several, "initech"), 403),
        (named(&several, "ACME"), 403),
        (named(&several, "acme,globex"), 403),
        (named(&several, "*"), 403),
        (named(&good, "globex"), 403),
        (named(&good, ""), 403),
        (
            both(named(&good, "acme"), vec![("x-tenant-id", "acme".into())]),
            403,
        ),
    ]
}

const PATHS: &[(&str, Path)] = &[
    ("/who", Path::Tenants),
    ("/who?tenant=globex&x=%00", Path::Tenants),
    ("http://globex.example/who", Path::Tenants),
    ("/subject", Path::Tenants),
    ("/maybe", Path::Tenants),
    ("/maybe-subject", Path::Tenants),
    ("/wait/0/7", Path::Tenants),
    ("/nowhere", Path::Unknown),
    ("/", Path::Unknown),
    ("//open", Path::Unknown),
    ("/open/", Path::Unknown),
    ("/OPEN", Path::Unknown),
    ("/open;x", Path::Unknown),
    ("/open/../who", Path::Unknown),
    ("/%6fpen", Path::Disguised),
    ("/%6Fpen", Path::Disguised),
    ("/open%2f", Path::Disguised),
    ("/open%3f", Path::Disguised),
    ("/open%00", Path::Disguised),
    ("/./open", Path::Disguised),
];

const EXEMPT: &[&str] = &["/open", "/open?x=y", "/open?", "http://globex.example/open"];

fn everywhere(provider: &Provider) -> Admission {
    let admission = provider
        .admission()
        .realm("re\"alm")
        .tenant_header("X-Tenant-ID")
        .unwrap();
    let admission = admission
        .token_header("X-Access-Token")
        .unwrap()
        .token_cookie("session")
        .unwrap();
    let admission = admission.api_keys(provider.api_keys());
    admission.exempt("/open").unwrap().exempt("/wants").unwrap()
}

fn borrowed(fields: &Fields) -> Vec<(&str, &str)> {
    let fields = fields.iter();
    fields
        .map(|(name, value)| (*name, value.as_str()))
        .collect()
}

#[tokio::test]
async fn every_credential_gets_the_same_answer_on_every_path() {
    let provider = Provider::new();
    let mut both = Both::start(everywhere(&provider)).await;
    for (fields, status) in credentials(&provider) {
        let fields = borrowed(&fields);
        for (target, path) in PATHS {
            let status = match path {
                Path::Unknown if status == 200 => 404,
                Path::Disguised if status == 200 => continue,
                Path::Tenants | Path::Unknown | Path::Disguised => status,
            };
            let reply = both.ask(&get(target, &fields)).await;
            assert_eq!(reply.status, status, "{target} {fields:?}");
            if status >= 400 && status != 404 {
                assert_is_a_problem(&reply);
            }
        }
        for target in EXEMPT {
            both.expect(&get(target, &fields), 200, "open").await;
        }
        // A handler that wants a tenant where none is admitted is a fault of the service.
        both.expect(&get("/wants", &fields), 500, "").await;
    }
    assert!(both.asked > 900, "only {}", both.asked);
}

fn assert_is_a_problem(reply: &Reply) {
    let has = |name: &str| reply.fields.iter().find(|(field, _)| field == name);
    let (_, media_type) = has("content-type").unwrap();
    assert_eq!(media_type, "application/problem+json");
    let body: serde_json::Value = serde_json::from_str(&reply.body).unwrap();
    assert_eq!(body["status"], reply.status);
    assert!(body["code"].is_string() && body["title"].is_string());
    assert_eq!(has("www-authenticate").is_some(), reply.status < 403);
}

#[tokio::test]
async fn every_method_is_refused_alike() {
    let provider = Provider::new();
    let mut both = Both::start(everywhere(&provider)).await;
    for method in [
        "GET", "HEAD", "POST", "OPTIONS", "PATCH", "DELETE", "PROPFIND",
    ] {
        for (fields, status) in credentials(&provider) {
            if status == 200 {
                continue;
            }
            let request = request(method, "/who", &borrowed(&fields));
            assert_eq!(both.ask(&request).await.status, status, "{request}");
        }
    }
    assert!(both.asked > 200);
}

#[tokio::test]
async fn a_query_parameter_counts_where_it_is_configured() {
    let provider = Provider::new();
    let good = provider.token(&["acme"], "ada");
    let in_query = format!("/who?access_token={good}");
    let bearer = format!("Bearer {good}");
    let admission = provider
        .admission()
        .token_query_parameter("access_token")
        .unwrap();
    let mut both = Both::start(admission).await;
    both.expect(&get(&in_query, &[]), 200, "acme").await;
    let twice = format!("{in_query}&access_token={good}");
    both.expect(&get(&twice, &[]), 400, "invalid_request").await;
    let fields = [("authorization", bearer.as_str())];
    both.expect(&get(&in_query, &fields), 400, "invalid_request")
        .await;
    both.expect(&get("/who?access_token=a.b.c", &[]), 401, "invalid_token")
        .await;
    both.expect(&get("/who?access_token=", &[]), 400, "invalid_request")
        .await;

    let mut elsewhere = Both::start(provider.admission()).await;
    elsewhere
        .expect(&get(&in_query, &[]), 401, "missing_token")
        .await;
}

#[tokio::test]
async fn optional_tenants_are_nobody_or_somebody_and_never_anybody() {
    let provider = Provider::new();
    let mut both = Both::start(everywhere(&provider).optional()).await;
    for (fields, status) in credentials(&provider) {
        let absent = !fields.iter().any(|(name, value)| {
            let theme = value == "theme=dark";
            let other = value.starts_with("Basic") || value.starts_with("Digest");
            !["x-tenant-id", "content-type"].contains(name) && !theme && !other
        });
        let fields = borrowed(&fields);
        for target in ["/maybe", "/maybe-subject"] {
            let reply = both.ask(&get(target, &fields)).await;
            let expected = if absent { 200 } else { status };
            assert_eq!(reply.status, expected, "{target} {fields:?}");
            assert_eq!(reply.body == "nobody", absent, "{target} {fields:?}");
        }
        // A handler that insists on a tenant has to be told that there is none.
        for target in ["/who", "/subject"] {
            let expected = if absent { 500 } else { status };
            let reply = both.ask(&get(target, &fields)).await;
            assert_eq!(reply.status, expected, "{target} {fields:?}");
        }
    }
}

#[tokio::test]
async fn a_missing_credential_may_be_forbidden_on_both() {
    let provider = Provider::new();
    let admission = everywhere(&provider).forbid_missing_credential();
    let mut both = Both::start(admission).await;
    let missing = both.ask(&get("/who", &[])).await;
    assert_eq!(missing.status, 403);
    let challenged = missing
        .fields
        .iter()
        .any(|(name, _)| name == "www-authenticate");
    assert!(!challenged);
    both.expect(
        &get("/who", &[("authorization", "Bearer a.b.c")]),
        401,
        "invalid_token",
    )
    .await;
}
