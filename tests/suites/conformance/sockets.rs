//! A WebSocket has the tenant of the request that asks for the upgrade, and that tenant is asked for before it.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use futures_util::{SinkExt as _, StreamExt as _};
use tenancy_core::{Allowance, Limits};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Provider, on_both_frameworks};
use crate::twins::{Connection, OnActix, OnAxum, Service, TestApp, get};

on_both_frameworks! {
    sockets_of_two_tenants_keep_their_tenants
    a_refused_upgrade_is_the_answer_of_any_other_request
    a_token_in_the_query_opens_a_socket_where_that_is_configured
}

type Socket = WebSocketStream<TcpStream>;

/// Asks for a socket, as a browser does: the handshake has what RFC 6455 wants and `fields`.
pub(super) async fn open(
    address: SocketAddr,
    target: &str,
    fields: &[(&'static str, &str)],
) -> Result<Socket, Error> {
    let mut request = format!("ws://{address}{target}").into_client_request()?;
    for (name, value) in fields {
        request.headers_mut().insert(*name, value.parse().unwrap());
    }
    let stream = TcpStream::connect(address).await.unwrap();
    Ok(client_async(request, stream).await?.0)
}

pub(super) async fn ask(socket: &mut Socket, text: &str) -> String {
    socket.send(Message::text(text)).await.unwrap();
    let answer = socket.next().await.unwrap().unwrap();
    answer.into_text().unwrap().to_string()
}

/// They take turns, and a stranger who is turned away in between takes nobody along.
pub(super) async fn take_turns(provider: &Provider, address: SocketAddr) {
    let mut sockets = Vec::new();
    for tenant in ["acme", "globex", "acme"] {
        let bearer = provider.bearer(tenant, "ada");
        let fields = [
            ("authorization", bearer.as_str()),
            ("accept-encoding", "gzip"),
        ];
        sockets.push((tenant, open(address, "/socket", &fields).await.unwrap()));
    }
    for turn in 0..20 {
        for (tenant, socket) in &mut sockets {
            let answer = ask(socket, &turn.to_string()).await;
            assert_eq!(answer, format!("{tenant} {turn}"));
        }
        if turn % 5 == 0 {
            assert!(open(address, "/socket", &[]).await.is_err());
        }
    }
}

async fn sockets_of_two_tenants_keep_their_tenants<A: TestApp>() {
    let provider = Provider::new();
    let address = A::start(Service::new(provider.admission())).await;
    take_turns(&provider, address).await;
}

async fn a_refused_upgrade_is_the_answer_of_any_other_request<A: TestApp>() {
    let provider = Provider::new();
    let address = A::start(Service::new(provider.admission())).await;
    let several = format!("Bearer {}", provider.token(&["acme", "globex"], "ada"));
    for (authorization, status) in [
        ("Basic dTpw", 401),
        ("Bearer", 400),
        ("Bearer a.b.c", 401),
        (&several, 403),
    ] {
        let fields = [("authorization", authorization)];
        let refused = open(address, "/socket", &fields).await.unwrap_err();
        let Error::Http(refused) = refused else {
            panic!("{refused}");
        };
        assert_eq!(refused.status(), status, "{authorization}");
        let mut connection = Connection::to(address).await;
        let plain = connection.ask(&get("/who", &fields)).await;
        for (name, value) in &plain.fields {
            assert_eq!(refused.headers()[name], value, "{authorization} {name}");
        }
        // The client library may not have read all of the body.
        let body = String::from_utf8(refused.into_body().unwrap_or_default()).unwrap();
        assert!(plain.body.starts_with(&body), "{authorization} {body}");
    }
}

/// The WebSocket of a browser cannot set a header.
async fn a_token_in_the_query_opens_a_socket_where_that_is_configured<A: TestApp>() {
    let provider = Provider::new();
    let configured = provider.admission().token_query_parameter("access_token");
    let configured = A::start(Service::new(configured)).await;
    let not = A::start(Service::new(provider.admission())).await;
    let token = provider.token(&["acme"], "ada");
    let target = format!("/socket?access_token={token}");
    let mut socket = open(configured, &target, &[]).await.unwrap();
    assert_eq!(ask(&mut socket, "hello").await, "acme hello");
    for (address, target) in [
        (not, target.as_str()),
        (configured, "/socket?access_token=a.b.c"),
        (configured, "/socket"),
    ] {
        let refused = open(address, target, &[]).await.unwrap_err();
        assert!(matches!(refused, Error::Http(it) if it.status() == 401));
    }
}

/// With axum a socket is no part of the answer; with actix-web it is the body of it.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_open_socket_counts_among_the_requests_of_its_tenant_with_actix_only() {
    assert_eq!(beside_a_socket::<OnAxum>().await, 200);
    assert_eq!(beside_a_socket::<OnActix>().await, 503);
}

/// The status of a request while its tenant, who may make one at once, has a socket; and then it closes the socket.
async fn beside_a_socket<A: TestApp>() -> u16 {
    let provider = Provider::new();
    let one = Limits::new(Allowance::new().concurrent(NonZeroU32::MIN));
    let address = A::start(Service::new(provider.admission().limits(one))).await;
    let bearer = provider.bearer("acme", "ada");
    let fields = [("authorization", bearer.as_str())];
    let request = get("/who", &fields);
    let mut socket = open(address, "/socket", &fields).await.unwrap();
    assert_eq!(ask(&mut socket, "hello").await, "acme hello");
    let status = Connection::to(address).await.ask(&request).await.status;
    drop(socket);
    // The server notices behind our back.
    for _ in 0..200 {
        if Connection::to(address).await.ask(&request).await.status == 200 {
            return status;
        }
        tokio::time::sleep(std::time::Duration::from_millis(25)).await;
    }
    panic!("the place of a socket that is closed stays taken");
}
