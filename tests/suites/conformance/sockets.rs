//! A WebSocket has the tenant of the request that asks for the upgrade, and that tenant is asked for before it.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::time::Duration;

use axum::extract::ws::{WebSocket, WebSocketUpgrade};
use axum::response::Response;
use axum::{Router, routing};
use futures_util::{SinkExt as _, StreamExt as _};
use tenancy_axum::{Permit, TenantLayer};
use tenancy_core::{Admission, Allowance, Limits};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{WebSocketStream, client_async};

use super::{Provider, on_both_frameworks};
use crate::twins::{Connection, Service, TestApp, get, serve};

on_both_frameworks! {
    sockets_of_two_tenants_keep_their_tenants
    a_refused_upgrade_is_the_answer_of_any_other_request
    a_token_in_the_query_opens_a_socket_where_that_is_configured
    an_open_socket_counts_among_the_requests_of_its_tenant
    the_place_of_a_socket_whose_client_vanishes_is_free_again
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
    let configured = provider
        .admission()
        .token_query_parameter("access_token")
        .unwrap();
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

/// A service in which a tenant may make one request at once.
fn one_at_once(provider: &Provider) -> Admission {
    let one = Allowance::new().concurrent(NonZeroU32::MIN);
    provider.admission().limits(Limits::new(one))
}

/// The status of the answer to a request for a socket that is refused.
async fn refused(address: SocketAddr, fields: &[(&'static str, &str)]) -> u16 {
    match open(address, "/socket", fields).await {
        Err(Error::Http(refused)) => refused.status().as_u16(),
        other => panic!("{other:?}"),
    }
}

/// Asks again for a while: the server gives a place back behind our back.
async fn opens_soon(address: SocketAddr, fields: &[(&'static str, &str)]) -> Socket {
    for _ in 0..200 {
        if let Ok(socket) = open(address, "/socket", fields).await {
            return socket;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("the place of a socket that is closed stays taken");
}

async fn an_open_socket_counts_among_the_requests_of_its_tenant<A: TestApp>() {
    let provider = Provider::new();
    let address = A::start(Service::new(one_at_once(&provider))).await;
    let (acme, globex) = (
        provider.bearer("acme", "ada"),
        provider.bearer("globex", "eve"),
    );
    let acme = [("authorization", acme.as_str())];
    let globex = [("authorization", globex.as_str())];
    let mut first = open(address, "/socket", &acme).await.unwrap();
    // The answer to the upgrade is long out.
    assert_eq!(ask(&mut first, "hello").await, "acme hello");
    assert_eq!(refused(address, &acme).await, 503);
    let plain = Connection::to(address).await.ask(&get("/who", &acme)).await;
    assert_eq!(plain.status, 503);
    assert!(plain.body.contains("too_many_concurrent_requests"));
    let mut other = open(address, "/socket", &globex).await.unwrap();
    assert_eq!(ask(&mut other, "hello").await, "globex hello");
    assert_eq!(ask(&mut first, "still there").await, "acme still there");

    first.close(None).await.unwrap();
    let mut second = opens_soon(address, &acme).await;
    assert_eq!(ask(&mut second, "hello").await, "acme hello");
    assert_eq!(refused(address, &acme).await, 503);
}

async fn the_place_of_a_socket_whose_client_vanishes_is_free_again<A: TestApp>() {
    let provider = Provider::new();
    let address = A::start(Service::new(one_at_once(&provider))).await;
    let bearer = provider.bearer("acme", "ada");
    let fields = [("authorization", bearer.as_str())];
    for _ in 0..5 {
        let mut socket = opens_soon(address, &fields).await;
        assert_eq!(ask(&mut socket, "hello").await, "acme hello");
        assert_eq!(refused(address, &fields).await, 503);
        // Without a word of goodbye.
        drop(socket);
        drop(opens_soon(address, &fields).await);
        // Before it has read that there is a socket.
        let handshake = [
            ("authorization", bearer.as_str()),
            ("connection", "upgrade"),
            ("upgrade", "websocket"),
            ("sec-websocket-version", "13"),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
        ];
        let mut connection = Connection::to(address).await;
        connection.send(&get("/socket", &handshake)).await;
        drop(connection);
    }
    opens_soon(address, &fields).await;
}

/// The control: with axum a socket is no part of the answer, and a handler that does not hold its permit lets it go.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_the_permit_a_socket_on_axum_counts_until_it_is_upgraded() {
    async fn without(upgrade: WebSocketUpgrade) -> Response {
        upgrade.on_upgrade(until_it_closes)
    }
    async fn not_taken_along(_permit: Permit, upgrade: WebSocketUpgrade) -> Response {
        upgrade.on_upgrade(until_it_closes)
    }
    async fn until_it_closes(mut socket: WebSocket) {
        while let Some(Ok(text)) = socket.recv().await {
            if socket.send(text).await.is_err() {
                break;
            }
        }
    }
    let provider = Provider::new();
    let bearer = provider.bearer("acme", "ada");
    let fields = [("authorization", bearer.as_str())];
    for handler in [routing::get(without), routing::get(not_taken_along)] {
        let app = Router::new().route("/socket", handler);
        let app = app.layer(TenantLayer::new(one_at_once(&provider)));
        let address = serve(app).await;
        let mut first = open(address, "/socket", &fields).await.unwrap();
        assert_eq!(ask(&mut first, "hello").await, "hello");
        let mut second = open(address, "/socket", &fields).await.unwrap();
        assert_eq!(ask(&mut second, "hello").await, "hello");
        assert_eq!(ask(&mut first, "still there").await, "still there");
    }
}

#[tokio::test]
async fn a_handler_that_wants_its_permit_without_admission_is_told_so() {
    let app = Router::new().route("/", routing::get(async |_: Permit| "served"));
    let bare = serve(app.clone()).await;
    let provider = Provider::new();
    let exempt = provider.admission().exempt("/").unwrap();
    let exempt = serve(app.clone().layer(TenantLayer::new(exempt))).await;
    let optional = provider.admission().optional();
    let optional = serve(app.layer(TenantLayer::new(optional))).await;
    for (address, status) in [(bare, 500), (exempt, 500), (optional, 200)] {
        let answer = Connection::to(address).await.ask(&get("/", &[])).await;
        assert_eq!(answer.status, status);
    }
}
