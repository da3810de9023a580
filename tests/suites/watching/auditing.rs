//! The audit log.

use std::net::{IpAddr, Ipv4Addr};

use tenancy_core::AuditOutcome::{self, Allowed, Denied, Failed};
use tenancy_core::{AuditEvent, AuditSink, SubjectId, TracingAudit};

use super::{Provider, TIME, Watched, id, soon};
use crate::twins::{Connection, get};

/// What the events have in common is looked at here, and the rest returned: tenant, subject, action, resource, outcome,
/// status, code.
type Told = (
    Option<String>,
    Option<String>,
    String,
    String,
    AuditOutcome,
    Option<u16>,
    Option<&'static str>,
);

fn told(event: &AuditEvent) -> Told {
    assert_eq!(event.time, TIME);
    assert_eq!(event.client_address, Some(IpAddr::V4(Ipv4Addr::LOCALHOST)));
    assert_eq!(event.request_id.as_ref().unwrap().len(), 32);
    (
        event.tenant.as_ref().map(ToString::to_string),
        event.subject.as_ref().map(ToString::to_string),
        event.action.clone(),
        event.resource.clone(),
        event.outcome,
        event.status,
        event.code,
    )
}

#[tokio::test]
async fn every_request_that_was_admitted_or_refused_is_written_down_once() {
    let provider = Provider::new();
    let bearer = |tenant| provider.bearer(tenant, "ada");
    let forged = format!("{}x", bearer("acme"));
    let expected = |tenant: &str, path: &str, outcome, status, code| -> Told {
        let (tenant, subject) = (Some(tenant.to_owned()), Some("ada".to_owned()));
        (
            tenant,
            subject,
            "GET".into(),
            path.into(),
            outcome,
            Some(status),
            code,
        )
    };
    for watched in Watched::both(&provider, |it| it) {
        let in_query = format!("/note/2?access_token={}", provider.token("globex", "ada"));
        for (bearer, path) in [
            (Some(bearer("acme")), "/note/1?a=b"),
            (None, &in_query),
            (Some(bearer("acme")), "/delete"),
            (Some(bearer("acme")), "/guarded"),
            (Some(bearer("acme")), "/fail"),
            (Some(bearer("initech")), "/note/1"),
            (Some(forged.clone()), "/note/1"),
            (None, "/note/1"),
            (Some(bearer("acme")), "/open"),
        ] {
            let field = bearer.as_ref().map(|it| ("authorization", it.as_str()));
            watched.ask(path, field.as_slice()).await;
        }
        let events = watched.written.events();
        let deleted = (
            Some("acme".to_owned()),
            Some("ada".to_owned()),
            "note.delete".to_owned(),
            // On one line.
            r"note/5\n".to_owned(),
            Allowed,
            None,
            None,
        );
        let by_nobody = |code| -> Told {
            (
                None,
                None,
                "GET".into(),
                "/note/1".into(),
                Denied,
                Some(401),
                Some(code),
            )
        };
        assert_eq!(
            events.iter().map(told).collect::<Vec<_>>(),
            [
                expected("acme", "/note/1", Allowed, 200, None),
                expected("globex", "/note/2", Allowed, 200, None),
                deleted,
                expected("acme", "/delete", Allowed, 200, None),
                expected("acme", "/guarded", Denied, 403, Some("insufficient_scope")),
                expected("acme", "/fail", Failed, 500, None),
                expected(
                    "initech",
                    "/note/1",
                    Denied,
                    403,
                    Some("tenant_not_granted")
                ),
                by_nobody("invalid_token"),
                by_nobody("missing_token"),
                // The exempt path is left out.
            ],
            "{}",
            watched.name
        );
        // What a handler wrote and the event of its request belong together.
        assert_eq!(events[2].request_id, events[3].request_id);
        assert_ne!(events[0].request_id, events[1].request_id);
    }
}

#[tokio::test]
async fn the_log_has_a_line_for_each_event_inside_the_span() {
    let provider = Provider::new();
    let acme = provider.bearer("acme", "ada");
    for watched in Watched::both(&provider, |it| it.audit(TracingAudit)) {
        watched.ask_as(&acme, "/delete").await;
        let lines = watched.heard.events("audit");
        let [deleted, request] = lines.as_slice() else {
            panic!("{lines:?}");
        };
        for line in [deleted, request] {
            assert_eq!(line.target, "tenancy::audit");
            assert_eq!(line.fields["tenant"], "acme");
            assert_eq!(line.fields["subject"], "ada");
            assert_eq!(line.fields["outcome"], "allowed");
            assert_eq!(line.fields["client_address"], "127.0.0.1");
            assert_eq!(line.fields["time"], "1700000000");
            assert_eq!(line.fields["request_id"], line.within["tenancy.request_id"]);
        }
        assert_eq!(deleted.fields["action"], "note.delete", "{}", watched.name);
        assert_eq!(deleted.fields.get("status"), None);
        assert_eq!(request.fields["action"], "GET");
        assert_eq!(request.fields["resource"], "/delete");
        assert_eq!(request.fields["status"], "200");
    }
}

#[derive(Debug)]
struct Broken;

impl AuditSink for Broken {
    fn record(&self, _: &AuditEvent) {
        panic!("the disk is full");
    }
}

/// Also when the handler panics, which ends the visit while the thread unwinds: a second panic then aborts the process,
/// unless it is caught.
#[tokio::test]
async fn a_sink_that_panics_takes_no_request_down_and_is_reported() {
    let provider = Provider::new();
    let acme = provider.bearer("acme", "ada");
    for watched in Watched::both(&provider, |it| it.audit(Broken)) {
        assert_eq!(watched.ask_as(&acme, "/delete").await.body, "deleted");
        assert_eq!(watched.ask("/note/1", &[]).await.status, 401);
        let mut connection = Connection::to(watched.address).await;
        connection
            .send(&get("/panic", &[("authorization", &acme)]))
            .await;
        assert_eq!(connection.reply(false).await, None);
        assert_eq!(watched.ask_as(&acme, "/note/1").await.status, 200);
        // Two of `/delete`, and one of each other.
        let lost = || {
            let counted = watched.heard.counts("tenancy_audit_events_lost_total");
            let logged = watched
                .heard
                .events("the audit sink panicked, and the event is lost");
            logged.len() == 5 && counted.values().copied().eq([5])
        };
        soon(watched.name, lost).await;
    }
}

#[tokio::test]
async fn a_client_that_goes_away_is_written_down() {
    let provider = Provider::new();
    let acme = provider.bearer("acme", "ada");
    for watched in Watched::both(&provider, |it| it) {
        let mut connection = Connection::to(watched.address).await;
        connection
            .send(&get("/slow", &[("authorization", &acme)]))
            .await;
        soon("the handler", || !watched.heard.events("slow").is_empty()).await;
        assert_eq!(watched.written.events(), []);
        drop(connection);
        soon(watched.name, || !watched.written.events().is_empty()).await;
        let events = watched.written.events();
        assert_eq!(events[0].outcome, AuditOutcome::Abandoned);
        assert_eq!(events[0].status, None);
        assert_eq!(events[0].tenant, Some(id("acme")));
        assert_eq!(events[0].subject, Some(SubjectId::parse("ada").unwrap()));
    }
}
