//! One service twice, on axum and on actix-web, each on a thread of its own, which the test listens to.
//!
//! | path | does |
//! |---|---|
//! | `/note/{n}` | logs `before`, waits, logs `after`; a task that it spawns logs `spawned`, one that it gives its span logs `carried` |
//! | `/open` | is exempt, and logs `open` |
//! | `/visit` | answers with the id of the request and the address of the client |
//! | `/delete` | says so in the audit log |
//! | `/stream` | answers with a stream that logs `chunk` |
//! | `/guarded` | needs the role `Admin` |
//! | `/fail`, `/forbid` | answers with 500, with 403 |
//! | `/panic` | panics |
//! | `/slow` | logs `slow`, and never answers |

use std::convert::Infallible;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::web::Bytes;
use futures_util::stream::{self, Stream, StreamExt as _};
use tenancy_core::{Admission, AuditOutcome, Guard, VisitContext};
use tracing::Instrument as _;

use super::listening::Heard;

/// Longer than any test.
const FOREVER: Duration = Duration::from_mins(10);

async fn note(n: u64) -> &'static str {
    tracing::info!(n, "before");
    tokio::time::sleep(Duration::from_millis(n % 7)).await;
    tracing::info!(n, "after");
    let spawned = tokio::spawn(async move { tracing::info!(n, "spawned") });
    let carried = tokio::spawn(async move { tracing::info!(n, "carried") }.in_current_span());
    spawned.await.unwrap();
    carried.await.unwrap();
    "noted"
}

fn open() -> &'static str {
    tracing::info!("open");
    "open"
}

fn visit(visit: &VisitContext) -> String {
    let address = visit.client_address();
    let address = address.map_or("nowhere".to_owned(), |it| it.to_string());
    format!("{} {address}", visit.request_id())
}

fn delete(visit: &VisitContext) -> &'static str {
    visit.audit("note.delete", "note/5\n", AuditOutcome::Allowed);
    "deleted"
}

fn chunks() -> impl Stream<Item = Result<Bytes, Infallible>> {
    stream::iter(["a", "b", "c"]).then(|text| async move {
        tokio::time::sleep(Duration::from_millis(2)).await;
        tracing::info!("chunk");
        Ok(Bytes::from_static(text.as_bytes()))
    })
}

async fn slow() -> &'static str {
    tracing::info!("slow");
    tokio::time::sleep(FOREVER).await;
    "slow"
}

fn guard() -> Guard {
    Guard::role("Admin")
}

fn listener() -> (TcpListener, SocketAddr) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    (listener, address)
}

pub(super) fn on_axum(admission: Admission, heard: Heard) -> SocketAddr {
    use axum::Router;
    use axum::body::Body;
    use axum::extract::Path;
    use axum::http::StatusCode;
    use axum::routing::get;
    use tenancy_axum::{GuardLayer, TenantLayer, Visit};

    let (listener, address) = listener();
    let app = Router::new()
        .route("/note/{n}", get(|Path(n): Path<u64>| note(n)))
        .route("/open", get(|| async { open() }))
        .route("/visit", get(|Visit(it): Visit| async move { visit(&it) }))
        .route(
            "/delete",
            get(|Visit(it): Visit| async move { delete(&it) }),
        )
        .route("/stream", get(|| async { Body::from_stream(chunks()) }))
        .route(
            "/guarded",
            get(|| async { "admin" }).layer(GuardLayer::new(guard())),
        )
        .route("/fail", get(|| async { StatusCode::INTERNAL_SERVER_ERROR }))
        .route("/forbid", get(|| async { StatusCode::FORBIDDEN }))
        .route(
            "/panic",
            get(|| async { panic!("as it should") as &'static str }),
        )
        .route("/slow", get(slow))
        .layer(TenantLayer::new(admission));
    std::thread::spawn(move || {
        heard.listen();
        let runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = { runtime }.enable_all().build().unwrap();
        runtime.block_on(async {
            listener.set_nonblocking(true).unwrap();
            let listener = tokio::net::TcpListener::from_std(listener).unwrap();
            let app = app.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(listener, app).await.unwrap();
        });
    });
    address
}

pub(super) fn on_actix(admission: Admission, heard: Heard) -> SocketAddr {
    use actix_web::web::{Path, get, resource};
    use actix_web::{App, HttpResponse, HttpServer};
    use tenancy_actix::{GuardMiddleware, TenantMiddleware, Visit};

    let (listener, address) = listener();
    // It runs in the thread of a worker.
    let app = move || {
        heard.listen();
        let streaming = || async { HttpResponse::Ok().streaming(chunks()) };
        App::new()
            .route("/note/{n}", get().to(|n: Path<u64>| note(*n)))
            .route("/open", get().to(|| async { open() }))
            .route(
                "/visit",
                get().to(|Visit(it): Visit| async move { visit(&it) }),
            )
            .route(
                "/delete",
                get().to(|Visit(it): Visit| async move { delete(&it) }),
            )
            .route("/stream", get().to(streaming))
            .service(
                resource("/guarded")
                    .get(|| async { "admin" })
                    .wrap(GuardMiddleware::new(guard())),
            )
            .route("/fail", get().to(HttpResponse::InternalServerError))
            .route("/forbid", get().to(HttpResponse::Forbidden))
            .route(
                "/panic",
                get().to(|| async { panic!("as it should") as &'static str }),
            )
            .route("/slow", get().to(slow))
            .wrap(TenantMiddleware::new(admission.clone()))
    };
    std::thread::spawn(move || {
        let server = HttpServer::new(app)
            .workers(1)
            .disable_signals()
            // As axum does: a handler ends with its client.
            .h1_allow_half_closed(false)
            .listen(listener);
        actix_web::rt::System::new().block_on(async { server.unwrap().run().await.unwrap() });
    });
    address
}
