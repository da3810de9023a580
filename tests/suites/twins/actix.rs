//! The service on actix-web.

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::web::{Path, Payload, ServiceConfig, get, post, resource, scope};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, Scope};
use actix_ws::Message;
use tenancy_actix::{
    Error, GuardMiddleware, MaybeTenant, RequestTransaction, Subject, Tenant, TenantMiddleware,
    TransactionMiddleware,
};

use super::{ADD, DANGLE, FOREVER, Service, TestApp, guards, place};

pub(crate) struct OnActix;

impl TestApp for OnActix {
    async fn start(service: Service) -> SocketAddr {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            actix_web::rt::System::new().block_on(serve(listener, service));
        });
        address
    }
}

async fn serve(listener: TcpListener, service: Service) {
    let app = move || {
        let Service {
            admission,
            pool,
            everywhere,
        } = service.clone();
        App::new()
            .configure(routes)
            .configure(move |config| {
                match pool {
                    Some(pool) => {
                        for path in ["/work", "/orgs/{tenant}/projects/{project}"] {
                            let transactions = TransactionMiddleware::new(pool.clone());
                            config.service(scope(path).configure(work).wrap(transactions));
                        }
                    }
                    None => drop(config.service(scope("/work").configure(work))),
                }
                if everywhere {
                    config.default_service(actix_web::web::to(maybe));
                }
            })
            .wrap(TenantMiddleware::new(admission))
    };
    let server = HttpServer::new(app)
        .workers(1)
        .disable_signals()
        // As axum does: a handler ends with its client.
        .h1_allow_half_closed(false)
        .listen_auto_h2c(listener)
        .unwrap();
    server.run().await.unwrap();
}

pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/who", get().to(who))
        .route("/subject", get().to(subject))
        .route("/maybe", get().to(maybe))
        .route("/maybe-subject", get().to(maybe_subject))
        .route("/wait/{milliseconds}/{n}", get().to(wait))
        .route("/socket", get().to(socket))
        .route("/open", get().to(open))
        .route("/wants", get().to(who))
        .route("/demands/{role}", get().to(demands))
        .service(guarded());
}

fn guarded() -> Scope {
    guards()
        .into_iter()
        .fold(scope("/guarded"), |scope, (path, guard)| {
            let served = resource(path).get(async || "served");
            scope.service(served.wrap(GuardMiddleware::new(guard)))
        })
}

async fn who(Tenant(tenant): Tenant) -> String {
    place(&tenant)
}

async fn subject(Subject(subject): Subject) -> String {
    subject.to_string()
}

async fn maybe(MaybeTenant(tenant): MaybeTenant) -> String {
    tenant.map_or("nobody".into(), |tenant| place(&tenant))
}

async fn maybe_subject(MaybeTenant(tenant): MaybeTenant) -> String {
    let subject = tenant.as_ref().and_then(|tenant| tenant.subject());
    subject.map_or("nobody".into(), ToString::to_string)
}

async fn open(MaybeTenant(tenant): MaybeTenant) -> &'static str {
    match tenant {
        None => "open",
        Some(_) => "a tenant on an exempt path",
    }
}

async fn wait(of: Path<(u64, u32)>, Tenant(tenant): Tenant, Subject(subject): Subject) -> String {
    let (milliseconds, n) = of.into_inner();
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    format!("{} {subject} {n}", tenant.tenant())
}

async fn socket(
    Tenant(tenant): Tenant,
    request: HttpRequest,
    body: Payload,
) -> actix_web::Result<HttpResponse> {
    let (response, mut session, mut messages) = actix_ws::handle(&request, body)?;
    actix_web::rt::spawn(async move {
        while let Some(Ok(Message::Text(text))) = messages.recv().await {
            let answer = format!("{} {text}", tenant.tenant());
            if session.text(answer).await.is_err() {
                break;
            }
        }
    });
    Ok(response)
}

pub(crate) fn work(config: &mut ServiceConfig) {
    config
        .route("/add/{status}", post().to(add))
        .route("/idle", post().to(idle))
        .route("/fail", post().to(fail))
        .route("/panic", post().to(panic))
        .route("/slow", post().to(slow))
        .route("/dangle", post().to(dangle))
        .route("/keep", post().to(keep))
        .route("/twice", post().to(twice))
        .route("/raise/{code}", post().to(raise))
        .route("/page/{cursor}", post().to(page))
        .route("/tasks", get().to(tasks));
}

async fn tasks(mut transaction: RequestTransaction) -> String {
    super::tasks(&mut transaction).await
}

async fn demands(role: Path<String>, Tenant(tenant): Tenant) -> Result<&'static str, Error> {
    tenant.require_role(&role)?;
    Ok("served")
}

async fn raise(
    code: Path<String>,
    mut transaction: RequestTransaction,
) -> Result<HttpResponse, Error> {
    super::raise(&mut transaction, &code).await?;
    Ok(created())
}

async fn page(
    cursor: Path<String>,
    mut transaction: RequestTransaction,
) -> Result<HttpResponse, Error> {
    super::page(&mut transaction, &cursor).await?;
    Ok(created())
}

async fn add(status: Path<u16>, mut transaction: RequestTransaction) -> HttpResponse {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    HttpResponse::new(StatusCode::from_u16(*status).unwrap())
}

async fn idle() -> HttpResponse {
    created()
}

/// A handler that does not look at what went wrong.
async fn fail(mut transaction: RequestTransaction) -> HttpResponse {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    let failed = sqlx::query("SELECT 1 / 0").execute(&mut *transaction).await;
    assert!(failed.is_err());
    created()
}

async fn panic(mut transaction: RequestTransaction) -> HttpResponse {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    panic!("as the test wants it")
}

async fn slow(mut transaction: RequestTransaction) -> HttpResponse {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    tokio::time::sleep(FOREVER).await;
    created()
}

async fn dangle(mut transaction: RequestTransaction) -> HttpResponse {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    let dangle = sqlx::query(DANGLE).execute(&mut *transaction);
    dangle.await.unwrap();
    created()
}

async fn keep(mut transaction: RequestTransaction) -> HttpResponse {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(transaction);
    });
    created()
}

async fn twice(_one: RequestTransaction, _other: RequestTransaction) -> HttpResponse {
    created()
}

fn created() -> HttpResponse {
    HttpResponse::Created().finish()
}
