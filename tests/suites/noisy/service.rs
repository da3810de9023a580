//! A service whose work takes a connection of the pool for as long as a test likes, on axum and on actix-web.

use std::net::TcpListener;

use actix_web::{App, HttpServer, web};
use axum::Router;
use axum::routing::get;
use tenancy_core::Admission;
use tenancy_sqlx::{TenantPool, TenantTransaction};

use crate::over_http;

/// The lock for which `/work` waits.
pub(super) const LOCK: i64 = 7;

async fn work(transaction: &mut TenantTransaction) -> &'static str {
    let wait = sqlx::query("SELECT pg_advisory_xact_lock_shared($1)").bind(LOCK);
    wait.execute(transaction).await.unwrap();
    "done"
}

async fn count(transaction: &mut TenantTransaction) -> String {
    let count = sqlx::query_scalar::<_, i64>("SELECT count(*) FROM note");
    count.fetch_one(transaction).await.unwrap().to_string()
}

pub(super) async fn on_axum(admission: Admission, pool: TenantPool) -> String {
    use tenancy_axum::{RequestTransaction, TenantLayer, TransactionLayer};
    let app = Router::new()
        .route(
            "/work",
            get(async |mut of: RequestTransaction| work(&mut of).await),
        )
        .route(
            "/count",
            get(async |mut of: RequestTransaction| count(&mut of).await),
        )
        .layer(TransactionLayer::new(pool))
        .layer(TenantLayer::new(admission));
    over_http::on_axum(app).await
}

pub(super) fn on_actix(admission: Admission, pool: TenantPool) -> String {
    over_http::on_actix(move |listener| serve(listener, admission, pool))
}

async fn serve(listener: TcpListener, admission: Admission, pool: TenantPool) {
    use tenancy_actix::{RequestTransaction, TenantMiddleware, TransactionMiddleware};
    let server = HttpServer::new(move || {
        let working = async |mut of: RequestTransaction| work(&mut of).await;
        let counting = async |mut of: RequestTransaction| count(&mut of).await;
        App::new()
            .route("/work", web::get().to(working))
            .route("/count", web::get().to(counting))
            .wrap(TransactionMiddleware::new(pool.clone()))
            .wrap(TenantMiddleware::new(admission.clone()))
    });
    let server = server.workers(1).disable_signals().listen(listener);
    server.unwrap().run().await.unwrap();
}
