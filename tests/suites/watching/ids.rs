//! The id of a request.

use tenancy_core::Admission;

use super::{Provider, Watched};
use crate::twins::Reply;

fn seen(reply: &Reply) -> &str {
    reply.body.split(' ').next().unwrap()
}

fn told(reply: &Reply) -> Vec<&str> {
    let fields = reply.fields.iter();
    let ids = fields.filter(|(name, _)| name == "x-request-id");
    ids.map(|(_, value)| value.as_str()).collect()
}

#[tokio::test]
async fn an_id_is_taken_and_told_where_that_is_configured() {
    let provider = Provider::new();
    let acme = provider.bearer("acme", "ada");
    let configure = |it: Admission| it.request_id_header("X-Request-Id").unwrap();
    let long = "x".repeat(129);
    for watched in Watched::both(&provider, configure) {
        let ask = async |path: &str, ids: &[&str]| {
            let mut fields = vec![("authorization", acme.as_str())];
            fields.extend(ids.iter().map(|id| ("x-request-id", *id)));
            watched.ask(path, &fields).await
        };
        let reply = ask("/visit", &["edge-4711"]).await;
        assert_eq!(
            (seen(&reply), told(&reply)),
            ("edge-4711", vec!["edge-4711"])
        );
        let span = watched.heard.requests().pop().unwrap();
        assert_eq!(span.fields["tenancy.request_id"], "edge-4711");
        // What is not sane, or not one, is made anew.
        for ids in [&[][..], &[""], &["a b"], &["a\"b"], &[&long], &["a", "a"]] {
            let reply = ask("/visit", ids).await;
            assert_eq!(seen(&reply).len(), 32, "{} {ids:?}", watched.name);
            assert_eq!(told(&reply), [seen(&reply)], "{} {ids:?}", watched.name);
        }
        // Every answer tells it: of exempt paths, refusals of both kinds, and what a router does not know.
        for (path, bearer, status) in [
            ("/open", None, 200),
            ("/visit", None, 401),
            ("/guarded", Some(&acme), 403),
            ("/nowhere", Some(&acme), 404),
        ] {
            let mut fields = vec![("x-request-id", "edge-1")];
            fields.extend(bearer.map(|it| ("authorization", it.as_str())));
            let reply = watched.ask(path, &fields).await;
            assert_eq!(
                (reply.status, told(&reply)),
                (status, vec!["edge-1"]),
                "{}",
                watched.name
            );
        }
    }
    for name in ["", "x request", "x:y", "x\ny", "ü"] {
        assert!(
            provider.admission().request_id_header(name).is_err(),
            "{name}"
        );
    }
}

#[tokio::test]
async fn an_id_is_neither_taken_nor_told_by_default() {
    let provider = Provider::new();
    let acme = provider.bearer("acme", "ada");
    for watched in Watched::both(&provider, |it| it) {
        let fields = [("authorization", acme.as_str()), ("x-request-id", "edge-1")];
        let first = watched.ask("/visit", &fields).await;
        let second = watched.ask("/visit", &fields).await;
        assert_eq!(seen(&first).len(), 32, "{}", watched.name);
        assert_ne!(seen(&first), seen(&second));
        assert!(told(&first).is_empty());
    }
}
