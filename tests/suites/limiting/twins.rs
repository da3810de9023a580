//! One service twice, on axum and on actix-web, and what its handlers wait for.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use actix_web::{App, HttpResponse, HttpServer, web};
use axum::Router;
use axum::body::Body;
use axum::routing::get;
use futures_util::stream::{self, Stream, StreamExt as _};
use tenancy_core::Admission;
use tokio::sync::Semaphore;

use crate::over_http;

/// What the handlers of a service do, as seen by a test.
pub(super) struct Work {
    begun: Semaphore,
    end: Semaphore,
    running: Mutex<HashMap<String, Running>>,
}

#[derive(Default)]
struct Running {
    now: usize,
    most: usize,
}

impl Work {
    pub(super) fn new() -> Self {
        Self {
            begun: Semaphore::new(0),
            end: Semaphore::new(0),
            running: Mutex::default(),
        }
    }

    pub(super) async fn has_begun(&self, slow_requests: u32) {
        let begun = self.begun.acquire_many(slow_requests);
        let begun = tokio::time::timeout(Duration::from_secs(20), begun).await;
        begun.expect("the requests arrive").unwrap().forget();
    }

    pub(super) fn may_end(&self, slow_requests: usize) {
        self.end.add_permits(slow_requests);
    }

    /// How many requests of `tenant` were counted at once at most.
    pub(super) fn most_of(&self, tenant: &str) -> usize {
        self.running
            .lock()
            .unwrap()
            .get(tenant)
            .map_or(0, |it| it.most)
    }

    async fn slow(&self) -> &'static str {
        self.begun.add_permits(1);
        self.end.acquire().await.unwrap().forget();
        "slow"
    }

    async fn counted(&self, tenant: &str) -> &'static str {
        let _one = One::of(self, tenant);
        tokio::time::sleep(Duration::from_millis(15)).await;
        "counted"
    }
}

/// A request that is being counted, until its handler ends or is dropped.
struct One<'w> {
    work: &'w Work,
    tenant: String,
}

impl<'w> One<'w> {
    fn of(work: &'w Work, tenant: &str) -> Self {
        let tenant = tenant.to_owned();
        let mut all = work.running.lock().unwrap();
        let running = all.entry(tenant.clone()).or_default();
        running.now += 1;
        running.most = running.most.max(running.now);
        Self { work, tenant }
    }
}

impl Drop for One<'_> {
    fn drop(&mut self) {
        let mut all = self.work.running.lock().unwrap();
        all.get_mut(&self.tenant).unwrap().now -= 1;
    }
}

/// What `/own` says of a policy that is the service's.
pub(super) const OWN: &str = r#""own";r=5;t=60"#;

type Chunk = Result<web::Bytes, std::convert::Infallible>;

fn chunks() -> impl Stream<Item = Chunk> {
    stream::iter(["a", "b", "c"].map(|text| Ok(web::Bytes::from_static(text.as_bytes()))))
}

fn endless() -> impl Stream<Item = Chunk> {
    stream::repeat_with(|| Ok(web::Bytes::from_static(b"on and on"))).then(|chunk| async {
        tokio::time::sleep(Duration::from_millis(5)).await;
        chunk
    })
}

pub(super) async fn on_axum(admission: Admission, work: Arc<Work>) -> String {
    use axum::extract::State;
    use tenancy_axum::{Tenant, TenantLayer};
    let slow = |State(work): State<Arc<Work>>| async move { work.slow().await };
    let counted = |State(work): State<Arc<Work>>, Tenant(tenant): Tenant| async move {
        work.counted(tenant.tenant().as_str()).await
    };
    let app = Router::new()
        .route("/quick", get(|| async { "quick" }))
        .route("/open", get(|| async { "open" }))
        .route("/own", get(|| async { [("ratelimit", OWN)] }))
        .route("/empty", get(|| async {}))
        .route("/slow", get(slow))
        .route("/counted", get(counted))
        .route("/chunks", get(|| async { Body::from_stream(chunks()) }))
        .route("/endless", get(|| async { Body::from_stream(endless()) }))
        .layer(TenantLayer::new(admission))
        .with_state(work);
    over_http::on_axum(app).await
}

pub(super) fn on_actix(admission: Admission, work: Arc<Work>) -> String {
    over_http::on_actix(move |listener| serve(listener, admission, work))
}

async fn serve(listener: std::net::TcpListener, admission: Admission, work: Arc<Work>) {
    use tenancy_actix::{Tenant, TenantMiddleware};
    let server = HttpServer::new(move || {
        let slow = |work: web::Data<Work>| async move { work.slow().await };
        let counted = |work: web::Data<Work>, Tenant(tenant): Tenant| async move {
            work.counted(tenant.tenant().as_str()).await
        };
        let own = || async {
            HttpResponse::Ok()
                .insert_header(("ratelimit", OWN))
                .finish()
        };
        App::new()
            .app_data(web::Data::from(Arc::clone(&work)))
            .route("/quick", web::get().to(|| async { "quick" }))
            .route("/open", web::get().to(|| async { "open" }))
            .route("/own", web::get().to(own))
            .route("/empty", web::get().to(HttpResponse::Ok))
            .route("/slow", web::get().to(slow))
            .route("/counted", web::get().to(counted))
            .route(
                "/chunks",
                web::get().to(|| async { HttpResponse::Ok().streaming(chunks()) }),
            )
            .route(
                "/endless",
                web::get().to(|| async { HttpResponse::Ok().streaming(endless()) }),
            )
            .wrap(TenantMiddleware::new(admission.clone()))
    });
    let server = server.workers(1).disable_signals().listen(listener);
    server.unwrap().run().await.unwrap();
}
