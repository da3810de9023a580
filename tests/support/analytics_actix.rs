//! The analytics API on actix-web, the twin of the one on axum: only the routing differs.

use std::fmt;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::thread::{self, JoinHandle};

use actix_web::dev::{Server, ServerHandle};
use actix_web::http::StatusCode;
use actix_web::rt::System;
use actix_web::web::{Data, Json, Query, ServiceConfig, get, post, resource};
use actix_web::{App, HttpResponse, HttpServer, Responder, ResponseError};
use serde_json::{Value, json};
use tenancy_actix::{Tenant, TenantMiddleware};
use tenancy_core::Admission;
use tenancy_examples::analytics::{Answer, Entry, Insights};
use tenancy_examples::forgetful::{self, Victim, sqlstate};
use tokio::sync::oneshot;
use tokio::task::spawn_blocking;

/// The API on a port of 127.0.0.1, in an actix system of its own.
///
/// Dropped, it is told to stop and not waited for.
#[derive(Debug)]
pub struct ActixApi {
    address: SocketAddr,
    server: ServerHandle,
    thread: Option<JoinHandle<io::Result<()>>>,
}

impl ActixApi {
    /// Serves `insights` to whom `admission` lets in.
    ///
    /// # Errors
    /// When there is no port or no thread to be had.
    pub async fn start(insights: Insights, admission: Admission) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = listener.local_addr()?;
        let (started, server) = oneshot::channel();
        let thread = thread::Builder::new().spawn(move || {
            System::new().block_on(async {
                let server = serve(listener, insights, admission)?;
                // Nobody waits for it only if nobody wants it any more.
                let _ = started.send(server.handle());
                server.await
            })
        })?;
        let server = server
            .await
            .map_err(|_| io::Error::other("actix-web does not take the listener"))?;
        Ok(Self {
            address,
            server,
            thread: Some(thread),
        })
    }

    /// Where it serves, such as `http://127.0.0.1:8000`.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Lets requests finish, then stops the server and waits for its end.
    pub async fn stop(mut self) {
        self.server.stop(true).await;
        if let Some(thread) = self.thread.take() {
            // Whether it ended well does not matter any more.
            let _ = spawn_blocking(move || thread.join()).await;
        }
    }
}

impl Drop for ActixApi {
    fn drop(&mut self) {
        if self.thread.is_some() {
            // The command is on its way with the call; the future would wait for it to be obeyed.
            drop(self.server.stop(false));
        }
    }
}

fn serve(listener: TcpListener, insights: Insights, admission: Admission) -> io::Result<Server> {
    let app = move || {
        App::new()
            .app_data(Data::new(insights.clone()))
            .configure(routes)
            .wrap(TenantMiddleware::new(admission.clone()))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        // By default actix-web lets a handler finish when its client has hung up; axum drops it, and the
        // scenario looks at what a dropped handler leaves behind.
        .h1_allow_half_closed(false)
        .listen(listener)?;
    Ok(server.run())
}

fn routes(config: &mut ServiceConfig) {
    config
        .route("/health", get().to(health))
        .service(
            resource("/api/data")
                .route(get().to(list))
                .route(post().to(add)),
        )
        .route("/forgetful/everything", get().to(everything))
        .route("/forgetful/insert", post().to(insert))
        .route("/forgetful/slow", get().to(slow));
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn list(
    Tenant(tenant): Tenant,
    insights: Data<Insights>,
) -> Result<Json<Answer>, StoreFailure> {
    Ok(Json(Answer::of(&insights, &tenant).await?))
}

async fn add(
    Tenant(tenant): Tenant,
    insights: Data<Insights>,
    entry: Result<Json<Entry>, actix_web::Error>,
) -> Result<HttpResponse, StoreFailure> {
    let Ok(Json(entry)) = entry else {
        return Ok(problem(
            StatusCode::BAD_REQUEST,
            "invalid_body",
            "Send a JSON object with a body",
        ));
    };
    if let Some(body) = &entry.body {
        insights.add(&tenant, body).await?;
    }
    Ok(HttpResponse::Ok().json(Answer::of(&insights, &tenant).await?))
}

async fn everything(Tenant(tenant): Tenant, insights: Data<Insights>) -> impl Responder {
    answer(forgetful::everything(&insights, &tenant).await)
}

async fn insert(
    Tenant(tenant): Tenant,
    insights: Data<Insights>,
    Query(victim): Query<Victim>,
) -> impl Responder {
    answer(forgetful::insert(&insights, &tenant, &victim).await)
}

async fn slow(Tenant(tenant): Tenant, insights: Data<Insights>) -> impl Responder {
    answer(forgetful::slow(&insights, &tenant).await)
}

fn answer(result: Result<Value, tenancy_sqlx::Error>) -> Json<Value> {
    Json(result.unwrap_or_else(|error| json!({ "refused": sqlstate(&error) })))
}

/// The store cannot do it now. The client learns no more than that.
#[derive(Debug)]
struct StoreFailure;

impl<E: std::error::Error> From<E> for StoreFailure {
    fn from(_: E) -> Self {
        Self
    }
}

impl fmt::Display for StoreFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the store failed")
    }
}

impl ResponseError for StoreFailure {
    fn error_response(&self) -> HttpResponse {
        problem(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "The request could not be served",
        )
    }
}

/// A problem document (RFC 9457).
fn problem(status: StatusCode, code: &str, title: &str) -> HttpResponse {
    let body =
        json!({ "type": "about:blank", "title": title, "status": status.as_u16(), "code": code });
    HttpResponse::build(status)
        .content_type("application/problem+json")
        .body(body.to_string())
}
