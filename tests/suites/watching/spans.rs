//! The span of a request, and what is inside it.

use futures_util::future::join_all;
use tenancy_core::{Admission, ApiKey, ApiKeyRecord, ApiKeys, MemoryApiKeys, SubjectId};

use super::listening::Fields;
use super::{Provider, Watched, id, soon};
use crate::twins::{Connection, get, request};

/// The fields of the span of a request, without what all have alike: `name=value`, where names lack their `tenancy.`.
async fn span_of(watched: &Watched, method: &str, path: &str, bearer: Option<&str>) -> String {
    let field = bearer.map(|bearer| ("authorization", bearer));
    let text = request(method, path, field.as_slice());
    let reply = Connection::to(watched.address).await.ask(&text).await;
    let mut fields: Fields = watched.heard.requests().pop().unwrap().fields;
    let mut take = |name: &str| fields.remove(name).unwrap();
    assert_eq!(take("otel.kind"), "server");
    assert_eq!(take("client.address"), "127.0.0.1");
    assert_eq!(take("tenancy.request_id").len(), 32);
    let (method, path) = (take("http.request.method"), take("url.path"));
    let status = take("http.response.status_code");
    assert_eq!(status, reply.status.to_string());
    let own = fields.iter().map(|(name, value)| {
        let name = name.strip_prefix("tenancy.").unwrap();
        format!(" {name}={value}")
    });
    format!("{method} {path} {status}{}", own.collect::<String>())
}

#[tokio::test]
async fn a_span_tells_who_asked_for_what_and_how_it_ended() {
    let provider = Provider::new();
    let acme = provider.bearer("acme", "ada");
    let bearer = Some(acme.as_str());
    for watched in Watched::both(&provider, Admission::optional) {
        for (path, bearer, expected) in [
            (
                "/note/1",
                bearer,
                "200 outcome=allowed subject=ada tenant=acme",
            ),
            (
                "/nowhere",
                bearer,
                "404 outcome=allowed subject=ada tenant=acme",
            ),
            (
                "/fail",
                bearer,
                "500 outcome=failed subject=ada tenant=acme",
            ),
            (
                "/forbid",
                bearer,
                "403 outcome=denied subject=ada tenant=acme",
            ),
            (
                "/guarded",
                bearer,
                "403 outcome=denied refusal=insufficient_scope subject=ada tenant=acme",
            ),
            // Without a tenant.
            ("/note/1", None, "200 outcome=allowed"),
            ("/open", bearer, "200 outcome=allowed"),
        ] {
            let span = span_of(&watched, "GET", path, bearer).await;
            assert_eq!(span, format!("GET {path} {expected}"), "{}", watched.name);
        }
    }
}

#[tokio::test]
async fn a_request_that_is_refused_is_known_as_far_as_it_is_verified() {
    let provider = Provider::new();
    let forged = format!("{}x", provider.bearer("acme", "ada"));
    let bearer = |tenant| provider.bearer(tenant, "ada");
    let configure = |it: Admission| it.project_query_parameter("project").unwrap();
    for watched in Watched::both(&provider, configure) {
        for (bearer, query, expected) in [
            (None, "", "401 outcome=denied refusal=missing_token"),
            (
                Some(&"Bearer".to_owned()),
                "",
                "400 outcome=denied refusal=invalid_request",
            ),
            (
                Some(&forged),
                "",
                "401 outcome=denied refusal=invalid_token",
            ),
            (
                Some(&bearer("initech")),
                "",
                "403 outcome=denied refusal=tenant_not_granted subject=ada tenant=initech",
            ),
            (
                Some(&bearer("umbrella")),
                "",
                "403 outcome=denied refusal=tenant_not_granted subject=ada tenant=umbrella",
            ),
            (
                Some(&bearer("acme")),
                "?project=apollo",
                "403 outcome=denied refusal=project_not_granted subject=ada tenant=acme",
            ),
            (
                Some(&bearer("hooli")),
                "",
                "200 outcome=allowed subject=ada tenant=hooli",
            ),
            (
                Some(&bearer("hooli")),
                "",
                "429 outcome=denied refusal=rate_limited subject=ada tenant=hooli",
            ),
        ] {
            let (bearer, target) = (bearer.map(String::as_str), format!("/note/1{query}"));
            let span = span_of(&watched, "GET", &target, bearer).await;
            assert_eq!(span, format!("GET /note/1 {expected}"), "{}", watched.name);
        }
    }
}

#[tokio::test]
async fn the_holder_of_a_key_is_known_whether_the_request_is_refused_or_not() {
    let provider = Provider::new();
    for (tenant, status) in [("acme", 200), ("initech", 403)] {
        let (keys, key) = (MemoryApiKeys::new(), ApiKey::generate().unwrap());
        let subject = SubjectId::parse("nightly").unwrap();
        keys.insert(ApiKeyRecord::new(key.hash(), id(tenant), subject));
        let key = key.expose();
        let configure = |it: Admission| it.api_keys(ApiKeys::new(keys.clone()));
        for watched in Watched::both(&provider, configure) {
            let reply = watched.ask("/note/1", &[("x-api-key", &key)]).await;
            assert_eq!(reply.status, status, "{}", watched.name);
            let fields = watched.heard.requests().pop().unwrap().fields;
            assert_eq!(fields["tenancy.tenant"], tenant, "{}", watched.name);
            assert_eq!(fields["tenancy.subject"], "nightly", "{}", watched.name);
        }
    }
}

#[tokio::test]
async fn method_and_path_are_bounded_and_the_query_and_the_token_are_left_out() {
    let provider = Provider::new();
    let (acme, token) = (
        provider.bearer("acme", "ada"),
        provider.token("acme", "ada"),
    );
    let signature = token.split('.').nth(2).unwrap();
    let in_query = format!("/note/1?access_token={token}&x=PIN");
    let (long, long_seen) = (
        format!("/{}", "x".repeat(2000)),
        format!("/{}…", "x".repeat(508)),
    );
    for watched in Watched::both(&provider, |it| it) {
        for (method, path, bearer, expected) in [
            ("GET", in_query.as_str(), None, "GET /note/1 200"),
            ("GET", &long, Some(&acme), &format!("GET {long_seen} 404")),
            ("GET", "/a%0ab\"c\\", Some(&acme), r#"GET /a%0ab"c\\ 404"#),
            ("BREW", "/nowhere?PIN", Some(&acme), "_OTHER /nowhere 404"),
            ("get", "/nowhere", Some(&acme), "_OTHER /nowhere 404"),
        ] {
            let span = span_of(&watched, method, path, bearer.map(String::as_str)).await;
            let expected = format!("{expected} outcome=allowed subject=ada tenant=acme");
            assert_eq!(span, expected, "{}", watched.name);
        }
        let said = format!("{} {:?}", watched.heard.text(), watched.written.events());
        for secret in [signature, "access_token", "PIN", "BREW"] {
            assert!(!said.contains(secret), "{}: {secret}", watched.name);
        }
        assert!(said.contains("/nowhere"), "the control");
    }
}

#[tokio::test]
async fn what_is_refused_is_logged_inside_the_span_of_the_request() {
    let provider = Provider::new();
    let initech = provider.bearer("initech", "ada");
    for watched in Watched::both(&provider, |it| it) {
        assert_eq!(watched.ask_as(&initech, "/note/1").await.status, 403);
        let refusals = watched.heard.events("refused a request");
        let [refusal] = refusals.as_slice() else {
            panic!("{refusals:?}");
        };
        assert_eq!(refusal.target, "tenancy::admission");
        assert_eq!(
            refusal.fields["cause"],
            "credential is for a tenant that is suspended"
        );
        assert_eq!(
            refusal.within["tenancy.tenant"], "initech",
            "{}",
            watched.name
        );
        assert_eq!(refusal.within["url.path"], "/note/1");
    }
}

/// Requests of two tenants at once, on one thread of the server: whatever a handler logs stands in the span of its own.
#[tokio::test]
async fn what_handlers_log_is_inside_their_own_spans() {
    let provider = Provider::new();
    let bearers = ["acme", "globex"].map(|tenant| provider.bearer(tenant, "ada"));
    for watched in Watched::both(&provider, |it| it) {
        let asked = (0..60).map(|n| {
            let (watched, bearer) = (&watched, &bearers[n % 2]);
            async move { watched.ask_as(bearer, &format!("/note/{n}")).await.status }
        });
        assert_eq!(join_all(asked).await, [200; 60]);
        for message in ["before", "after", "carried"] {
            let events = watched.heard.events(message);
            assert_eq!(events.len(), 60);
            for event in events {
                let n: usize = event.fields["n"].parse().unwrap();
                let tenant = ["acme", "globex"][n % 2];
                assert_eq!(
                    event.within["tenancy.tenant"], tenant,
                    "{} {n}",
                    watched.name
                );
                assert_eq!(event.within["url.path"], format!("/note/{n}"));
            }
        }
        // A task that is spawned is outside, unless it is given the span.
        let spawned = watched.heard.events("spawned");
        assert_eq!(spawned.len(), 60);
        assert!(spawned.iter().all(|event| event.within.is_empty()));
    }
}

#[tokio::test]
async fn requests_without_a_tenant_have_a_span_too() {
    let provider = Provider::new();
    for watched in Watched::both(&provider, Admission::optional) {
        watched.ask("/open", &[]).await;
        watched.ask("/note/3", &[]).await;
        for (message, path) in [("open", "/open"), ("after", "/note/3")] {
            let within = &watched.heard.events(message)[0].within;
            assert_eq!(within["url.path"], path, "{}", watched.name);
            assert_eq!(within.get("tenancy.tenant"), None);
        }
    }
}

#[tokio::test]
async fn what_a_stream_logs_is_inside_the_span_which_ends_with_it() {
    let provider = Provider::new();
    let acme = provider.bearer("acme", "ada");
    for watched in Watched::both(&provider, |it| it) {
        let reply = watched.ask_as(&acme, "/stream").await;
        assert_eq!(reply.body, "abc");
        let chunks = watched.heard.events("chunk");
        assert_eq!(chunks.len(), 3);
        for chunk in chunks {
            assert_eq!(chunk.within["tenancy.tenant"], "acme", "{}", watched.name);
            // By then the head of the answer is on its way.
            assert_eq!(chunk.within["http.response.status_code"], "200");
        }
        let is_closed = || watched.heard.requests().iter().all(|span| span.is_closed);
        soon("the end of the span", is_closed).await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_and_a_panic_are_told_apart() {
    let provider = Provider::new();
    let acme = provider.bearer("acme", "ada");
    for watched in Watched::both(&provider, |it| it) {
        for (path, outcome) in [("/slow", "abandoned"), ("/panic", "failed")] {
            let mut connection = Connection::to(watched.address).await;
            let request = get(path, &[("authorization", &acme)]);
            connection.send(&request).await;
            if path == "/slow" {
                soon("the handler", || !watched.heard.events("slow").is_empty()).await;
                drop(connection);
            } else {
                assert_eq!(connection.reply(false).await, None);
            }
            let ended = || {
                let mut spans = watched.heard.requests().into_iter();
                let span = spans.find(|it| it.fields["url.path"] == path);
                span.is_some_and(|it| {
                    it.fields
                        .get("tenancy.outcome")
                        .is_some_and(|it| it == outcome)
                })
            };
            soon(&format!("{}: {path} {outcome}", watched.name), ended).await;
        }
        // It goes on serving.
        assert_eq!(watched.ask_as(&acme, "/note/1").await.status, 200);
    }
}
