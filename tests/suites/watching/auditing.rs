//! The audit log.

use std::net::{IpAddr, Ipv4Addr};

use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::StatusCode;
use actix_web::test::{TestRequest, init_service, try_call_service};
use tenancy_core::AuditOutcome::{self, Allowed, Denied, Failed};
use tenancy_core::{Admission, AuditEvent, AuditSink, Guard, Requirement, SubjectId, TracingAudit};

use super::{Provider, TIME, Watched, Written, id, soon};
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
async fn a_request_that_needs_no_credential_is_written_down_too() {
    let provider = Provider::new();
    for watched in Watched::both(&provider, Admission::optional) {
        for path in ["/note/1", "/guarded", "/open"] {
            watched.ask(path, &[]).await;
        }
        let by_nobody = |path: &str, outcome, status, code| -> Told {
            let (action, path) = ("GET".to_owned(), path.to_owned());
            (None, None, action, path, outcome, Some(status), code)
        };
        let events = watched.written.events();
        let expected = [
            by_nobody("/note/1", Allowed, 200, None),
            by_nobody("/guarded", Denied, 401, Some("missing_token")),
        ];
        let told: Vec<_> = events.iter().map(told).collect();
        assert_eq!(told, expected, "{}", watched.name);
        let refusals = watched.heard.events("refused a request");
        assert_eq!(refusals.len(), 1, "{}", watched.name);
    }
}

/// What is written down of a request that a middleware of actix-web behind ours ends with an error. actix-web makes an answer of
/// it further out.
async fn event_of_an_error<F>(fail: impl Fn(ServiceRequest) -> F + Clone + 'static) -> AuditEvent
where
    F: Future<Output = actix_web::Error> + 'static,
{
    let provider = Provider::new();
    let written = Written::default();
    let admission = provider.admission().audit(written.clone());
    let app = actix_web::App::new()
        .wrap_fn(move |request, _| {
            let error = fail(request);
            async move { Err::<ServiceResponse, _>(error.await) }
        })
        .wrap(tenancy_actix::TenantMiddleware::new(admission));
    let request = TestRequest::get().uri("/note/1");
    let request = request.insert_header(("authorization", provider.bearer("acme", "ada")));
    let answer = try_call_service(&init_service(app).await, request.to_request()).await;
    assert!(answer.is_err());
    let events = written.events();
    let [event] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(event.tenant, Some(id("acme")));
    event.clone()
}

#[tokio::test]
async fn an_error_is_written_down_as_the_answer_that_actix_makes_of_it() {
    for (status, outcome) in [(403, Denied), (404, Allowed), (502, Failed)] {
        let error = move || InternalError::new("no", StatusCode::from_u16(status).unwrap());
        let event = event_of_an_error(move |_| async move { error().into() }).await;
        assert_eq!((event.status, event.outcome), (Some(status), outcome));
        assert_eq!(event.code, None);
    }
}

#[tokio::test]
async fn a_refusal_that_a_middleware_of_actix_gives_as_its_error_is_written_down_with_its_code() {
    struct Admin;
    impl Requirement for Admin {
        fn guard() -> Guard {
            Guard::role("Admin")
        }
    }
    let event = event_of_an_error(|mut request| async move {
        let required = request.extract::<tenancy_actix::Require<Admin>>().await;
        required.unwrap_err().into()
    });
    let event = event.await;
    assert_eq!((event.status, event.outcome), (Some(403), Denied));
    assert_eq!(event.code, Some("insufficient_scope"));
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
