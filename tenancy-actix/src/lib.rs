//! Admission of tenants in front of actix-web services.
//!
//! Depend on this crate if your service runs on actix-web. It puts [`Admission`](tenancy_core::Admission) in
//! front of it:
//!
//! ```text
//! request ─► TenantMiddleware ─┬─ admitted ─► your handler, which takes `Tenant`
//!                              └─ refused ──► 400, 401, 403, 429 or 503 with a problem document
//! ```
//!
//! ```no_run
//! use actix_web::{App, HttpServer, web};
//! use tenancy_actix::{Tenant, TenantMiddleware};
//! use tenancy_core::{Admission, ClaimMap, Issuer, JwtVerifier, KeySource};
//!
//! async fn whoami(Tenant(tenant): Tenant) -> String {
//!     format!("you are in {}", tenant.tenant())
//! }
//!
//! # async fn serve() -> Result<(), Box<dyn std::error::Error>> {
//! let verifier = JwtVerifier::new([Issuer::new("https://api.frontegg.com", ClaimMap::frontegg())
//!     .audience("my-client-id")
//!     .keys(KeySource::url("https://api.frontegg.com/.well-known/jwks.json"))])?;
//! let admission = Admission::new(verifier).exempt("/health")?;
//!
//! HttpServer::new(move || {
//!     App::new()
//!         .route("/health", web::get().to(|| async { "ok" }))
//!         .route("/whoami", web::get().to(whoami))
//!         .wrap(TenantMiddleware::new(admission.clone()))
//! })
//! .bind("127.0.0.1:8000")?
//! .run()
//! .await?;
//! # Ok(())
//! # }
//! ```
//!
//! Every request below the middleware has a tenant or is refused, except for the paths that
//! [`Admission::exempt`](tenancy_core::Admission::exempt) names. What the client is told and what the logs say is
//! decided in `tenancy-core`, the same for every framework.
//!
//! Each request has a span, a count and, where that is configured, its place in the audit log:
//! [`manual::watching`](tenancy_core::manual::watching). Handlers take its id and the address of its client with [`Visit`].
//!
//! actix-web lets a handler finish when its client hangs up, unless the server is built with
//! `HttpServer::h1_allow_half_closed(false)`. The tenants stay apart either way; it decides whether an abandoned
//! request still commits.
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `aws-lc-rs`, `portable`, `http` | `aws-lc-rs`, `http` | those of `tenancy-core`, passed on |
//! | `sqlx` | no | `TransactionMiddleware` and `RequestTransaction`, a transaction of `tenancy-sqlx` for each request; `?` in handlers on its errors |

mod admission;
mod counted_body;
mod error;
mod extract;
mod guard;
mod head;
mod middleware;
mod require;
mod response;
#[cfg(feature = "sqlx")]
mod transaction;
mod visit;

pub use self::counted_body::CountedBody;
pub use self::error::Error;
pub use self::extract::{MaybeTenant, Subject, Tenant};
pub use self::guard::{GuardMiddleware, GuardService};
pub use self::middleware::{TenantMiddleware, TenantService};
pub use self::require::Require;
#[cfg(feature = "sqlx")]
pub use self::transaction::{RequestTransaction, TransactionMiddleware, TransactionService};
pub use self::visit::Visit;
