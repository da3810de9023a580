//! gRPC on tonic: each call has its tenant, and a refusal is a status that a client understands.

use std::net::{Ipv4Addr, SocketAddr};
use std::num::NonZeroU32;
use std::time::Duration;

use futures_util::future::join_all;
use futures_util::{Stream, StreamExt as _};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use serde_json::json;
use tenancy_axum::{GuardLayer, TenantLayer};
use tenancy_core::{Admission, Allowance, Guard, Limits, RateLimit};
use tenancy_examples::on_tonic::{self, Answer, Question, TenantsClient, with_token};
use tokio::net::TcpListener;
use tonic::transport::{Channel, Endpoint};
use tonic::{Code, Request, Status};

use super::{Provider, connections};
use crate::twins;

/// Longer than any test.
const FOREVER: u64 = 600_000;

async fn serve(admission: Admission) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(on_tonic::serve(listener, admission));
    address
}

async fn client(admission: Admission) -> TenantsClient<Channel> {
    client_of(serve(admission).await).await
}

async fn client_of(address: SocketAddr) -> TenantsClient<Channel> {
    let endpoint = Endpoint::new(format!("http://{address}")).unwrap();
    TenantsClient::new(endpoint.connect().await.unwrap())
}

fn question(milliseconds: u64) -> Question {
    let text = "hello".to_owned();
    Question { text, milliseconds }
}

fn asked_by(provider: &Provider, tenant: &str, milliseconds: u64) -> Request<Question> {
    let token = provider.token(&[tenant], "ada");
    with_token(&token, question(milliseconds)).unwrap()
}

fn allowing(allowance: Allowance) -> (Provider, Admission) {
    let provider = Provider::new();
    let admission = provider.admission().limits(Limits::new(allowance));
    (provider, admission)
}

fn one_at_once() -> (Provider, Admission) {
    allowing(Allowance::new().concurrent(NonZeroU32::MIN))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn calls_of_two_tenants_on_one_channel_keep_their_tenants() {
    let provider = Provider::new();
    let client = client(provider.admission()).await;
    let calls = (0..60_u64).map(|n| {
        let tenant = if n.is_multiple_of(2) {
            "acme"
        } else {
            "globex"
        };
        let (mut client, mut question) = (client.clone(), asked_by(&provider, tenant, 30 - n / 2));
        question.get_mut().text = format!("call {n}");
        async move {
            let answer = client.ask(question).await.unwrap().into_inner();
            let expected = (tenant, format!("call {n}"));
            assert_eq!((answer.tenant.as_str(), answer.text), expected);
        }
    });
    join_all(calls).await;
}

#[tokio::test]
async fn streams_of_two_tenants_keep_their_tenants() {
    let provider = Provider::new();
    let mut client = client(provider.admission()).await;
    let mut streams = Vec::new();
    for tenant in ["acme", "globex"] {
        let answers = client.watch(asked_by(&provider, tenant, 5)).await;
        streams.push((tenant, answers.unwrap().into_inner()));
    }
    for _ in 0..10 {
        for (tenant, answers) in &mut streams {
            assert_eq!(next(answers).await.tenant, *tenant);
        }
        assert_eq!(
            client.ask(question(0)).await.unwrap_err().code(),
            Code::Unauthenticated
        );
    }
}

async fn next(answers: &mut (impl Stream<Item = Result<Answer, Status>> + Unpin)) -> Answer {
    answers.next().await.unwrap().unwrap()
}

#[tokio::test]
async fn a_refusal_is_a_status_of_grpc_with_the_stable_code() {
    let provider = Provider::new();
    let mut client = client(provider.admission()).await;
    let several = provider.token(&["acme", "globex"], "ada");
    for (authorization, code, message) in [
        ("Basic dTpw", Code::Unauthenticated, "missing_token"),
        ("Bearer", Code::InvalidArgument, "invalid_request"),
        ("Bearer a.b.c", Code::Unauthenticated, "invalid_token"),
        (
            &format!("Bearer {several}"),
            Code::PermissionDenied,
            "tenant_not_named",
        ),
    ] {
        let with_it = || {
            let mut request = Request::new(question(0));
            let authorization = authorization.parse().unwrap();
            request
                .metadata_mut()
                .insert("authorization", authorization);
            request
        };
        let asked = client.ask(with_it()).await.unwrap_err();
        let watched = client.watch(with_it()).await.unwrap_err();
        for status in [asked, watched] {
            let found = (status.code(), status.message());
            assert_eq!(found, (code, message), "{authorization}");
            // RFC 6750 §3 for who can read it.
            let challenge = status.metadata().get("www-authenticate");
            assert_eq!(challenge.is_some(), code != Code::PermissionDenied);
        }
    }
}

#[tokio::test]
async fn a_tenant_that_a_call_names_and_the_token_does_not_grant_is_refused() {
    let provider = Provider::new();
    let mut client = client(provider.admission().tenant_header("x-tenant-id").unwrap()).await;
    for (named, expected) in [("acme", None), ("globex", Some(Code::PermissionDenied))] {
        let mut question = asked_by(&provider, "acme", 0);
        let named = named.parse().unwrap();
        question.metadata_mut().insert("x-tenant-id", named);
        let answer = client.ask(question).await;
        assert_eq!(answer.err().map(|status| status.code()), expected);
    }
}

#[tokio::test]
async fn a_rate_that_is_used_up_is_resource_exhausted_and_says_when_to_come_back() {
    let rate = RateLimit::per_hour(NonZeroU32::MIN);
    let (provider, admission) = allowing(Allowance::new().rate(rate));
    let mut client = client(admission).await;
    client.ask(asked_by(&provider, "acme", 0)).await.unwrap();
    let status = client
        .ask(asked_by(&provider, "acme", 0))
        .await
        .unwrap_err();
    assert_eq!(
        (status.code(), status.message()),
        (Code::ResourceExhausted, "rate_limited")
    );
    let wait = status.metadata().get("retry-after").unwrap().to_str();
    let wait: u64 = wait.unwrap().parse().unwrap();
    assert!((3500..=3600).contains(&wait), "{wait}");
    client.ask(asked_by(&provider, "globex", 0)).await.unwrap();
}

#[tokio::test]
async fn a_call_counts_until_its_deadline_or_until_it_is_cancelled() {
    let (provider, admission) = one_at_once();
    let mut client = client(admission).await;
    let refused = async |client: &mut TenantsClient<Channel>| {
        let status = client
            .ask(asked_by(&provider, "acme", 0))
            .await
            .unwrap_err();
        assert_eq!(status.code(), Code::Unavailable);
        assert_eq!(status.message(), "too_many_concurrent_requests");
        client.ask(asked_by(&provider, "globex", 0)).await.unwrap();
    };
    let is_served_soon = async |client: &mut TenantsClient<Channel>| {
        for _ in 0..200 {
            if client.ask(asked_by(&provider, "acme", 0)).await.is_ok() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("the place of acme stays taken");
    };

    let mut answers = client
        .watch(asked_by(&provider, "acme", 5))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(next(&mut answers).await.tenant, "acme");
    refused(&mut client).await;
    drop(answers);
    is_served_soon(&mut client).await;

    // A call that is given up.
    tokio::select! {
        ended = slow(client.clone(), &provider, None) => panic!("{ended:?}"),
        () = is_refused_soon(client.clone(), &provider) => {}
    }
    is_served_soon(&mut client).await;

    let deadline = Some(Duration::from_millis(100));
    let late = slow(client.clone(), &provider, deadline).await;
    assert_ne!(late.unwrap_err().code(), Code::Unavailable);
    is_served_soon(&mut client).await;
}

/// A call of acme that gets the one place there is.
async fn slow(
    mut client: TenantsClient<Channel>,
    provider: &Provider,
    deadline: Option<Duration>,
) -> Result<Answer, Status> {
    loop {
        let mut question = asked_by(provider, "acme", FOREVER);
        if let Some(deadline) = deadline {
            question.set_timeout(deadline);
        }
        match client.ask(question).await {
            Err(status) if status.code() == Code::Unavailable => {}
            ended => return ended.map(tonic::Response::into_inner),
        }
    }
}

async fn is_refused_soon(mut client: TenantsClient<Channel>, provider: &Provider) {
    while client.ask(asked_by(provider, "acme", 0)).await.is_ok() {
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
}

#[tokio::test]
async fn a_guard_denies_a_call_in_the_words_of_grpc() {
    let provider = Provider::new();
    // Who passes the guard finds no method, and is told so.
    let app = axum::Router::new()
        .fallback(async || [("content-type", "application/grpc"), ("grpc-status", "12")])
        .layer(GuardLayer::new(Guard::role("Admin")))
        .layer(TenantLayer::new(provider.admission()));
    let mut client = client_of(twins::serve(app).await).await;
    for (role, code, message) in [
        ("Member", Code::PermissionDenied, "insufficient_scope"),
        ("Admin", Code::Unimplemented, ""),
    ] {
        let token = provider.token_with(&json!({ "roles": [role] }));
        let asked = client.ask(with_token(&token, question(0)).unwrap()).await;
        let status = asked.unwrap_err();
        assert_eq!((status.code(), status.message()), (code, message), "{role}");
    }
}

/// Who does not speak gRPC gets the problem document.
#[tokio::test]
async fn a_request_that_is_no_call_is_refused_as_elsewhere() {
    let address = serve(Provider::new().admission()).await;
    let mut connection = connections::http2(address).await;
    for (media_type, status, answered_as, says) in [
        (
            "application/json",
            401,
            "application/problem+json",
            r#""code":"missing_token""#,
        ),
        ("application/grpc", 200, "application/grpc", ""),
    ] {
        let request =
            hyper::Request::post(format!("http://{address}/tenancy.examples.Tenants/Ask"))
                .header("content-type", media_type)
                .body(Empty::<Bytes>::new());
        let answer = connection.send_request(request.unwrap()).await.unwrap();
        assert_eq!(answer.status(), status, "{media_type}");
        let named: Vec<_> = answer.headers().get_all("content-type").iter().collect();
        assert_eq!(named, [answered_as], "{media_type}");
        let body = answer.into_body().collect().await.unwrap().to_bytes();
        let body = str::from_utf8(&body).unwrap();
        assert_eq!(body.is_empty(), says.is_empty(), "{body}");
        assert!(body.contains(says), "{body}");
    }
}
