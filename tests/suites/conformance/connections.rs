//! Requests of two tenants on one connection keep their tenants.

use std::net::SocketAddr;

use futures_util::future::join_all;
use http_body_util::{BodyExt as _, Empty};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpStream;

use super::{Provider, on_both_frameworks};
use crate::twins::{Connection, Service, TestApp, get};

on_both_frameworks! {
    tenants_take_turns_on_a_connection_that_is_kept
    requests_that_do_not_wait_for_answers_get_their_own
    tenants_are_interleaved_on_one_http2_connection
    a_refusal_in_between_changes_nothing
}

/// The `n`th request, and its answer. The earlier ones take longer.
fn nth(provider: &Provider, n: u64) -> (String, String, String) {
    let tenant = if n.is_multiple_of(2) {
        "acme"
    } else {
        "globex"
    };
    let subject = format!("user-{n}");
    let path = format!("/wait/{}/{n}", 40 - n.min(40));
    let bearer = provider.bearer(tenant, &subject);
    (path, bearer, format!("{tenant} {subject} {n}"))
}

async fn tenants_take_turns_on_a_connection_that_is_kept<A: TestApp>() {
    let provider = Provider::new();
    let address = A::start(Service::new(provider.admission())).await;
    let mut connection = Connection::to(address).await;
    for n in 0..30 {
        let (path, bearer, expected) = nth(&provider, n);
        let request = get(&path, &[("authorization", &bearer)]);
        assert_eq!(connection.ask(&request).await.body, expected);
    }
}

async fn requests_that_do_not_wait_for_answers_get_their_own<A: TestApp>() {
    let provider = Provider::new();
    let address = A::start(Service::new(provider.admission())).await;
    let mut connection = Connection::to(address).await;
    let (mut requests, mut expected) = (String::new(), Vec::new());
    for n in 0..12 {
        let (path, bearer, answer) = nth(&provider, n);
        requests += &get(&path, &[("authorization", &bearer)]);
        expected.push(answer);
    }
    connection.send(&requests).await;
    for expected in expected {
        assert_eq!(connection.reply(false).await.unwrap().body, expected);
    }
}

async fn a_refusal_in_between_changes_nothing<A: TestApp>() {
    let provider = Provider::new();
    let admission = provider.admission().exempt("/open").unwrap();
    let address = A::start(Service::new(admission)).await;
    let mut connection = Connection::to(address).await;
    let bearer = provider.bearer("acme", "ada");
    for _ in 0..3 {
        let good = get("/who", &[("authorization", &bearer)]);
        assert_eq!(connection.ask(&good).await.body, "acme");
        assert_eq!(connection.ask(&get("/who", &[])).await.status, 401);
        assert_eq!(connection.ask(&get("/open", &[])).await.body, "open");
        let malformed = get("/who", &[("authorization", "Bearer")]);
        assert_eq!(connection.ask(&malformed).await.status, 400);
    }
}

async fn tenants_are_interleaved_on_one_http2_connection<A: TestApp>() {
    let provider = Provider::new();
    let address = A::start(Service::new(provider.admission())).await;
    let sender = http2(address).await;
    let requests = (0..80).map(|n| {
        let (path, bearer, expected) = nth(&provider, n);
        let mut sender = sender.clone();
        async move {
            sender.ready().await.unwrap();
            let request = hyper::Request::get(format!("http://{address}{path}"))
                .header("authorization", bearer)
                .body(Empty::<Bytes>::new())
                .unwrap();
            let answer = sender.send_request(request);
            // Some go away while the service works, and take nobody along. More of them, and the servers would take it
            // for an attack (CVE-2023-44487).
            if n % 8 == 7 {
                let patience = std::time::Duration::from_millis(n % 20);
                let _ = tokio::time::timeout(patience, answer).await;
                return 0;
            }
            let answer = answer.await.unwrap();
            assert_eq!(answer.version(), hyper::Version::HTTP_2);
            let body = answer.into_body().collect().await.unwrap().to_bytes();
            assert_eq!(body, expected);
            1
        }
    });
    let answered: u32 = join_all(requests).await.into_iter().sum();
    assert_eq!(answered, 70);
}

/// One connection with prior knowledge (RFC 9113 §3.3).
pub(super) async fn http2(address: SocketAddr) -> http2::SendRequest<Empty<Bytes>> {
    let stream = TcpStream::connect(address).await.unwrap();
    let handshake = http2::handshake(TokioExecutor::new(), TokioIo::new(stream));
    let (sender, connection) = handshake.await.unwrap();
    tokio::spawn(connection);
    sender
}
