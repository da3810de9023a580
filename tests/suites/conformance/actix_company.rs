//! actix-web's own middlewares on either side of `TenantMiddleware`, and answers that never end.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::Server;
use actix_web::middleware::{Compress, Logger, NormalizePath};
use actix_web::web::{self, Bytes};
use actix_web::{App, Error, HttpResponse, HttpServer};
use futures_util::{StreamExt as _, stream};
use tenancy_actix::{Tenant, TenantMiddleware};
use tenancy_core::Admission;

use super::{Provider, sockets};
use crate::twins::{Connection, OnActix, Reply, Service, TestApp, actix_routes, get};

fn start(run: impl FnOnce(TcpListener) -> Server + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        actix_web::rt::System::new().block_on(async { run(listener).await })
    });
    address
}

/// The others see the request first.
fn inside(admission: Admission) -> SocketAddr {
    start(|listener| {
        let app = move || {
            App::new()
                .configure(actix_routes)
                .route("/events", web::get().to(events))
                .wrap(TenantMiddleware::new(admission.clone()))
                .wrap(NormalizePath::trim())
                .wrap(Compress::default())
                .wrap(Logger::default())
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        server.listen(listener).unwrap().run()
    })
}

fn outside(admission: Admission) -> SocketAddr {
    start(|listener| {
        let app = move || {
            App::new()
                .configure(actix_routes)
                .route("/events", web::get().to(events))
                .wrap(Logger::default())
                .wrap(Compress::default())
                .wrap(NormalizePath::trim())
                .wrap(TenantMiddleware::new(admission.clone()))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        server.listen(listener).unwrap().run()
    })
}

/// The tenant again and again, as server-sent events.
async fn events(Tenant(tenant): Tenant) -> HttpResponse {
    let event = Bytes::from(format!("data: {}\n\n", tenant.tenant()));
    let events = stream::repeat(event).then(async |event| {
        tokio::time::sleep(Duration::from_millis(20)).await;
        Ok::<_, Error>(event)
    });
    HttpResponse::Ok()
        .content_type("text/event-stream")
        .streaming(Box::pin(events))
}

/// What a client sees of it, whatever the encoding.
fn gist(reply: &Reply) -> (u16, Option<&str>, Option<&str>) {
    let field = |name: &str| {
        let field = reply.fields.iter().find(|(field, _)| field == name);
        field.map(|(_, value)| value.as_str())
    };
    (
        reply.status,
        field("content-type"),
        field("www-authenticate"),
    )
}

#[tokio::test]
async fn a_refusal_is_the_same_among_other_middlewares_in_either_order() {
    let provider = Provider::new();
    let admission = provider.admission().exempt("/open").unwrap();
    let (inside, outside) = (inside(admission.clone()), outside(admission.clone()));
    let alone = OnActix::start(Service::new(admission)).await;
    let good = provider.bearer("acme", "ada");
    for authorization in ["Basic dTpw", "Bearer", "Bearer a.b.c", &good] {
        for target in ["/who", "/open", "/nowhere", "/wants"] {
            for encoding in ["identity", "gzip"] {
                let fields = [
                    ("authorization", authorization),
                    ("accept-encoding", encoding),
                ];
                let request = get(target, &fields);
                let expected = Connection::to(alone).await.ask(&request).await;
                for address in [inside, outside] {
                    let reply = Connection::to(address).await.ask(&request).await;
                    assert_eq!(gist(&reply), gist(&expected), "{request}");
                    if encoding == "identity" {
                        assert_eq!(reply.body, expected.body, "{request}");
                    }
                }
            }
        }
    }
}

/// What `Admission::exempt` says about paths that are rewritten.
#[tokio::test]
async fn an_exempt_path_is_the_one_that_the_middleware_sees() {
    let admission = Provider::new().admission().exempt("/open").unwrap();
    let (inside, outside) = (inside(admission.clone()), outside(admission));
    for target in ["/open/", "//open"] {
        let request = get(target, &[]);
        assert_eq!(
            Connection::to(inside).await.ask(&request).await.status,
            200,
            "{target}"
        );
        assert_eq!(
            Connection::to(outside).await.ask(&request).await.status,
            401,
            "{target}"
        );
    }
}

#[tokio::test]
async fn events_of_two_tenants_are_those_of_their_own_among_other_middlewares() {
    let provider = Provider::new();
    for address in [inside(provider.admission()), outside(provider.admission())] {
        let mut streams = Vec::new();
        for tenant in ["acme", "globex"] {
            let bearer = provider.bearer(tenant, "ada");
            let mut connection = Connection::to(address).await;
            let fields = [
                ("authorization", bearer.as_str()),
                ("accept", "text/event-stream"),
            ];
            connection.send(&get("/events", &fields)).await;
            assert_eq!(connection.head().await.unwrap().0, 200);
            streams.push((tenant, connection));
        }
        // They run at the same time, and a stranger's refusal does not end them.
        for _ in 0..5 {
            for (tenant, connection) in &mut streams {
                let event = connection.next_chunk().await;
                assert_eq!(event.unwrap(), format!("data: {tenant}\n\n"));
            }
            assert_eq!(
                Connection::to(address)
                    .await
                    .ask(&get("/events", &[]))
                    .await
                    .status,
                401
            );
        }
    }
}

#[tokio::test]
async fn sockets_of_two_tenants_keep_their_tenants_among_other_middlewares() {
    let provider = Provider::new();
    for address in [inside(provider.admission()), outside(provider.admission())] {
        sockets::take_turns(&provider, address).await;
    }
}
