//! The span of a request, and what is inside it.

use futures_util::future::join_all;
use tenancy_core::Admission;

use super::listening::Fields;
use super::{Provider, Watched, soon};
use crate::twins::{Connection, get, request};

fn fields(of: &[(&str, &str)]) -> Fields {
    let of = of.iter();
    of.map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

/// The fields of the last span of `watched` without the id of its request, which differs.
fn last_span(watched: &Watched) -> Fields {
    let mut fields = watched.heard.requests().pop().unwrap().fields;
    let id = fields.remove("tenancy.request_id").unwrap();
    assert_eq!(id.len(), 32, "{id}");
    assert_eq!(fields.remove("otel.kind").unwrap(), "server");
    assert_eq!(fields.remove("client.address").unwrap(), "127.0.0.1");
    fields
}

#[tokio::test]
async fn a_span_tells_who_asked_for_what_and_how_it_ended() {
    let provider = Provider::new();
    let bearer = |tenant| provider.bearer(tenant, "ada");
    let (acme, initech, hooli) = (bearer("acme"), bearer("initech"), bearer("hooli"));
    let (umbrella, forged) = (bearer("umbrella"), format!("{}x", bearer("acme")));
    let in_query = format!("/note/1?access_token={}", provider.token("acme", "ada"));
    let long = format!("/{}", "x".repeat(2000));
    let long_seen = format!("/{}…", "x".repeat(508));
    let (ada, of_acme) = (("tenancy.subject", "ada"), ("tenancy.tenant", "acme"));
    let outcome = |outcome| ("tenancy.outcome", outcome);
    let refusal = |code| ("tenancy.refusal", code);
    for watched in Watched::both(&provider, Admission::optional) {
        for (method, path, seen, bearer, status, expected) in [
            (
                "GET",
                "/note/1",
                "/note/1",
                Some(&acme),
                "200",
                &[of_acme, ada, outcome("allowed")][..],
            ),
            (
                "GET",
                &in_query,
                "/note/1",
                None,
                "200",
                &[of_acme, ada, outcome("allowed")],
            ),
            (
                "GET",
                "/nowhere?a=b",
                "/nowhere",
                Some(&acme),
                "404",
                &[of_acme, ada, outcome("allowed")],
            ),
            (
                "GET",
                &long,
                &long_seen,
                Some(&acme),
                "404",
                &[of_acme, ada, outcome("allowed")],
            ),
            (
                "GET",
                "/a%0ab\"c\\",
                "/a%0ab\"c\\\\",
                Some(&acme),
                "404",
                &[of_acme, ada, outcome("allowed")],
            ),
            (
                "GET",
                "/fail",
                "/fail",
                Some(&acme),
                "500",
                &[of_acme, ada, outcome("failed")],
            ),
            (
                "GET",
                "/forbid",
                "/forbid",
                Some(&acme),
                "403",
                &[of_acme, ada, outcome("denied")],
            ),
            (
                "GET",
                "/guarded",
                "/guarded",
                Some(&acme),
                "403",
                &[
                    of_acme,
                    ada,
                    outcome("denied"),
                    refusal("insufficient_scope"),
                ],
            ),
            (
                "BREW",
                "/note/1",
                "/note/1",
                Some(&acme),
                "405",
                &[of_acme, ada, outcome("allowed")],
            ),
            // Without a tenant.
            (
                "GET",
                "/open",
                "/open",
                Some(&acme),
                "200",
                &[outcome("allowed")],
            ),
            (
                "GET",
                "/note/1",
                "/note/1",
                None,
                "200",
                &[outcome("allowed")],
            ),
            // Refused, and known as far as it is verified.
            (
                "GET",
                "/note/1",
                "/note/1",
                Some(&forged),
                "401",
                &[outcome("denied"), refusal("invalid_token")],
            ),
            (
                "GET",
                "/note/1",
                "/note/1",
                Some(&initech),
                "403",
                &[
                    ("tenancy.tenant", "initech"),
                    ada,
                    outcome("denied"),
                    refusal("tenant_not_granted"),
                ],
            ),
            (
                "GET",
                "/note/1",
                "/note/1",
                Some(&umbrella),
                "403",
                &[
                    ("tenancy.tenant", "umbrella"),
                    ada,
                    outcome("denied"),
                    refusal("tenant_not_granted"),
                ],
            ),
            (
                "GET",
                "/note/1",
                "/note/1",
                Some(&hooli),
                "200",
                &[("tenancy.tenant", "hooli"), ada, outcome("allowed")],
            ),
            (
                "GET",
                "/note/1",
                "/note/1",
                Some(&hooli),
                "429",
                &[
                    ("tenancy.tenant", "hooli"),
                    ada,
                    outcome("denied"),
                    refusal("rate_limited"),
                ],
            ),
        ] {
            let authorization = bearer.map(|bearer| ("authorization", bearer.as_str()));
            let text = request(method, path, authorization.as_slice());
            let reply = Connection::to(watched.address).await.ask(&text).await;
            let mut expected = fields(expected);
            let method = if method == "BREW" { "_OTHER" } else { method };
            // actix-web has 404 where axum has 405.
            let status = if method == "_OTHER" {
                reply.status.to_string()
            } else {
                status.to_owned()
            };
            expected.extend(fields(&[
                ("http.request.method", method),
                ("url.path", seen),
                ("http.response.status_code", &status),
            ]));
            assert_eq!(reply.status.to_string(), status, "{}: {path}", watched.name);
            assert_eq!(last_span(&watched), expected, "{}: {path}", watched.name);
        }
        let said = watched.heard.text();
        for secret in ["access_token", "a=b", acme.split('.').nth(2).unwrap()] {
            assert!(!said.contains(secret), "{}: {secret}", watched.name);
        }
        assert!(said.contains("umbrella"), "the control");
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
            "token is for a tenant that is suspended"
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
