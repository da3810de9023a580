//! The service on axum.

use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::extract::Path;
use axum::extract::ws::{Message, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use tenancy_axum::{
    Error, GuardLayer, Permit, RequestTransaction, Subject, Tenant, TenantLayer, TransactionLayer,
};

use super::{ADD, DANGLE, FOREVER, Service, TestApp, guards, place};

pub(crate) struct OnAxum;

impl TestApp for OnAxum {
    async fn start(service: Service) -> SocketAddr {
        serve(app(service)).await
    }
}

pub(crate) async fn serve(app: Router) -> SocketAddr {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0));
    let listener = listener.await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    address
}

pub(crate) fn app(service: Service) -> Router {
    let router = match service.pool {
        Some(pool) => {
            let work = work().layer(TransactionLayer::new(pool));
            let in_project = "/orgs/{tenant}/projects/{project}";
            Router::new()
                .nest("/work", work.clone())
                .nest(in_project, work)
        }
        None => Router::new().nest("/work", work()),
    };
    let router = router
        .route("/who", get(who))
        .route("/subject", get(subject))
        .route("/maybe", get(maybe))
        .route("/maybe-subject", get(maybe_subject))
        .route("/wait/{milliseconds}/{n}", get(wait))
        .route("/socket", get(socket))
        .route("/open", get(open))
        .route("/wants", get(who))
        .route("/demands/{role}", get(demands))
        .nest("/guarded", guarded());
    let router = if service.everywhere {
        router.fallback(maybe)
    } else {
        router
    };
    router.layer(TenantLayer::new(service.admission))
}

fn guarded() -> Router {
    guards()
        .into_iter()
        .fold(Router::new(), |router, (path, guard)| {
            let served = get(async || "served");
            router.route(path, served.layer(GuardLayer::new(guard)))
        })
}

async fn who(Tenant(tenant): Tenant) -> String {
    place(&tenant)
}

async fn subject(Subject(subject): Subject) -> String {
    subject.to_string()
}

async fn maybe(tenant: Option<Tenant>) -> String {
    tenant.map_or("nobody".into(), |Tenant(tenant)| place(&tenant))
}

async fn maybe_subject(subject: Option<Subject>) -> String {
    subject.map_or("nobody".into(), |Subject(subject)| subject.to_string())
}

async fn open(tenant: Option<Tenant>) -> &'static str {
    match tenant {
        None => "open",
        Some(_) => "a tenant on an exempt path",
    }
}

async fn wait(
    Path((milliseconds, n)): Path<(u64, u32)>,
    Tenant(tenant): Tenant,
    Subject(subject): Subject,
) -> String {
    tokio::time::sleep(Duration::from_millis(milliseconds)).await;
    format!("{} {subject} {n}", tenant.tenant())
}

async fn socket(
    Tenant(tenant): Tenant,
    Permit(permit): Permit,
    upgrade: WebSocketUpgrade,
) -> Response {
    upgrade.on_upgrade(async move |mut socket| {
        let _counts = permit;
        while let Some(Ok(Message::Text(text))) = socket.recv().await {
            let answer = format!("{} {text}", tenant.tenant());
            if socket.send(answer.into()).await.is_err() {
                break;
            }
        }
    })
}

fn work() -> Router {
    Router::new()
        .route("/add/{status}", post(add))
        .route("/idle", post(idle))
        .route("/fail", post(fail))
        .route("/panic", post(panic))
        .route("/slow", post(slow))
        .route("/dangle", post(dangle))
        .route("/keep", post(keep))
        .route("/twice", post(twice))
        .route("/raise/{code}", post(raise))
        .route("/page/{cursor}", post(page))
        .route("/tasks", get(tasks))
}

async fn tasks(mut transaction: RequestTransaction) -> String {
    super::tasks(&mut transaction).await
}

async fn demands(Path(role): Path<String>, Tenant(tenant): Tenant) -> Result<&'static str, Error> {
    tenant.require_role(&role)?;
    Ok("served")
}

async fn raise(
    Path(code): Path<String>,
    mut transaction: RequestTransaction,
) -> Result<StatusCode, Error> {
    super::raise(&mut transaction, &code).await?;
    Ok(StatusCode::CREATED)
}

async fn page(
    Path(cursor): Path<String>,
    mut transaction: RequestTransaction,
) -> Result<StatusCode, Error> {
    super::page(&mut transaction, &cursor).await?;
    Ok(StatusCode::CREATED)
}

async fn add(Path(status): Path<u16>, mut transaction: RequestTransaction) -> StatusCode {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    StatusCode::from_u16(status).unwrap()
}

async fn idle() -> StatusCode {
    StatusCode::CREATED
}

/// A handler that does not look at what went wrong.
async fn fail(mut transaction: RequestTransaction) -> StatusCode {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    let failed = sqlx::query("SELECT 1 / 0").execute(&mut *transaction).await;
    assert!(failed.is_err());
    StatusCode::CREATED
}

async fn panic(mut transaction: RequestTransaction) -> StatusCode {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    panic!("as the test wants it")
}

async fn slow(mut transaction: RequestTransaction) -> StatusCode {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    tokio::time::sleep(FOREVER).await;
    StatusCode::CREATED
}

async fn dangle(mut transaction: RequestTransaction) -> StatusCode {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    let dangle = sqlx::query(DANGLE).execute(&mut *transaction);
    dangle.await.unwrap();
    StatusCode::CREATED
}

async fn keep(mut transaction: RequestTransaction) -> StatusCode {
    sqlx::query(ADD).execute(&mut *transaction).await.unwrap();
    tokio::spawn(async move {
        tokio::time::sleep(Duration::from_millis(300)).await;
        drop(transaction);
    });
    StatusCode::CREATED
}

async fn twice(_one: RequestTransaction, _other: RequestTransaction) -> StatusCode {
    StatusCode::CREATED
}
