//! The API on actix-web, the twin of the one on axum.

use std::io;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceFactory, ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Data, Json, ServiceConfig, resource, scope};
use actix_web::{App, Error, HttpResponse, HttpServer, ResponseError};
use serde_json::{Value, json};
use tenancy_actix::{Tenant, TenantMiddleware};
use tenancy_core::{Admission, Refusal};
use tokio::net::TcpListener;

use super::answer::{Answer, Entry, Problem};
use super::log;
use super::store::Insights;
use crate::serve::{PATIENCE, stopped};

/// Serves the API until the program is told to stop.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    insights: Insights,
    admission: Admission,
) -> io::Result<()> {
    let server = server(listener.into_std()?, insights, admission, |_| {})?;
    let handle = server.handle();
    tokio::spawn(async move {
        stopped().await;
        handle.stop(true).await;
    });
    server.await
}

/// The server of the [`app`]. It needs no actix runtime: its workers bring their own.
///
/// # Errors
/// When the listener cannot be used.
pub fn server(
    listener: std::net::TcpListener,
    insights: Insights,
    admission: Admission,
    more: fn(&mut ServiceConfig),
) -> io::Result<Server> {
    let server = HttpServer::new(move || app(insights.clone(), admission.clone(), more))
        .disable_signals()
        .shutdown_timeout(PATIENCE.as_secs())
        // By default actix-web lets a handler finish when its client has hung up; axum drops it.
        .h1_allow_half_closed(false)
        .listen(listener)?;
    Ok(server.run())
}

/// The API. Routes that `more` brings stand behind the same admission.
pub fn app(
    insights: Insights,
    admission: Admission,
    more: fn(&mut ServiceConfig),
) -> App<
    impl ServiceFactory<
        ServiceRequest,
        Config = (),
        Response = ServiceResponse<impl MessageBody>,
        Error = Error,
        InitError = (),
    >,
> {
    let data = resource("/api/data").get(list).head(list).post(add);
    App::new()
        .app_data(Data::new(insights))
        .service(resource("/health").get(health).head(health))
        .service(scope("").service(data).configure(more).wrap(from_fn(log)))
        .wrap(TenantMiddleware::new(admission))
        .wrap(from_fn(log_refusal))
}

async fn health() -> Json<Value> {
    Json(json!({ "status": "ok" }))
}

async fn list(Tenant(tenant): Tenant, insights: Data<Insights>) -> Result<Json<Answer>, Problem> {
    Answer::of(&insights, &tenant).await.map(Json)
}

async fn add(
    Tenant(tenant): Tenant,
    insights: Data<Insights>,
    entry: Result<Json<Entry>, Error>,
) -> Result<Json<Answer>, Problem> {
    let Json(entry) = entry.map_err(|_| Problem::INVALID_BODY)?;
    entry.store(&insights, &tenant).await.map(Json)
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or_default()
    }

    fn error_response(&self) -> HttpResponse {
        HttpResponse::build(self.status_code())
            .content_type(Self::CONTENT_TYPE)
            .body(self.document())
    }
}

async fn log(
    Tenant(tenant): Tenant,
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let path = request.path().to_owned();
    let response = next.call(request).await?;
    log::served(&tenant, &path, response.status().as_u16());
    Ok(response)
}

async fn log_refusal(
    request: ServiceRequest,
    next: Next<impl MessageBody>,
) -> Result<ServiceResponse<impl MessageBody>, Error> {
    let path = request.path().to_owned();
    let response = next.call(request).await?;
    if let Some(refusal) = response.response().extensions().get::<Refusal>() {
        log::refused(refusal, &path, response.status().as_u16());
    }
    Ok(response)
}
