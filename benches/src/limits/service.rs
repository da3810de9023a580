//! The service whose tenants share a pool.

use std::num::NonZeroU32;

use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::get;
use tenancy_axum::{Tenant, TenantLayer};
use tenancy_core::{
    Admission, Allowance, ClaimMap, Issuer, JwtVerifier, KeySource, Limits, RateLimit, TableCatalog,
};
use tenancy_sqlx::{Error, TenantPool, pool_options};

use crate::Failure;
use crate::database::{Role, Server as Database};
use crate::http::{Seat, Server};
use crate::specimen::{AUDIENCE, ISSUER};

pub(super) const TABLES: &str =
    "CREATE TABLE note (tenant_id text NOT NULL, id bigint NOT NULL, PRIMARY KEY (tenant_id, id));
     INSERT INTO note SELECT tenant, id FROM unnest('{quiet,noisy}'::text[]) tenant, generate_series(1, 100) id;";

const CONNECTIONS: u32 = 4;
const SHARE: u32 = 2;
/// Requests of a tenant in a second, and at once after a quiet time.
const RATE: u32 = 50;
const BURST: u32 = 20;

pub(super) fn catalog() -> TableCatalog {
    TableCatalog::new().tenant_table("note", "tenant_id")
}

pub(super) fn start(
    database: &Database,
    jwks: String,
    is_limited: bool,
) -> Result<Server, Failure> {
    let issuer = Issuer::new(ISSUER, ClaimMap::new("org_id"))
        .audience(AUDIENCE)
        .keys(KeySource::fixed(jwks));
    let mut admission = Admission::new(JwtVerifier::new([issuer])?);
    if is_limited {
        admission = admission.limits(limits()?);
    }
    let options = database.options(Role::Bound);
    Server::start(async move |Seat { listener, place }| {
        let pool = pool_options()
            .min_connections(CONNECTIONS)
            .max_connections(CONNECTIONS);
        let mut pool = TenantPool::builder(pool.connect_with(options).await?);
        if is_limited {
            pool = pool.tenant_share(SHARE);
        }
        let app = Router::new()
            .route("/", get(count))
            .layer(TenantLayer::new(admission))
            .with_state(pool.build(&catalog()).await?);
        place.take();
        Ok(axum::serve(listener, app).await?)
    })
}

fn limits() -> Result<Limits, Failure> {
    let number = |number| NonZeroU32::new(number).ok_or("a number that is not zero");
    let rate = RateLimit::per_second(number(RATE)?).burst(number(BURST)?);
    let both = Allowance::new().rate(rate).concurrent(number(CONNECTIONS)?);
    Ok(Limits::new(both))
}

/// A query that takes its time without taking the processor's.
async fn count(State(pool): State<TenantPool>, Tenant(tenant): Tenant) -> (StatusCode, String) {
    let counted: Result<i64, Error> = async {
        let mut transaction = pool.read(&tenant).await?;
        let count = sqlx::query_scalar("SELECT count(*) FROM note, pg_sleep(0.02)");
        Ok(count.fetch_one(&mut transaction).await?)
    }
    .await;
    match counted {
        Ok(count) => (StatusCode::OK, count.to_string()),
        Err(error) => (StatusCode::INTERNAL_SERVER_ERROR, error.to_string()),
    }
}
