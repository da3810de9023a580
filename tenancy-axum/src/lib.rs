//! Admission of tenants in front of axum and every other tower service.
//!
//! Depend on this crate if your service runs on axum, hyper or anything else that speaks tower's
//! `Service<http::Request<_>>`. It puts [`Admission`](tenancy_core::Admission) in front of it:
//!
//! ```text
//! request ─► TenantLayer ─┬─ admitted ─► your handler, which takes `Tenant`
//!                         └─ refused ──► 400, 401, 403, 429 or 503 with a problem document
//! ```
//!
//! ```no_run
//! use axum::{Router, routing::get};
//! use tenancy_axum::{Tenant, TenantLayer};
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
//! let app: Router = Router::new()
//!     .route("/health", get(|| async { "ok" }))
//!     .route("/whoami", get(whoami))
//!     .layer(TenantLayer::new(admission));
//!
//! let listener = tokio::net::TcpListener::bind("127.0.0.1:8000").await?;
//! axum::serve(listener, app).await?;
//! # Ok(())
//! # }
//! ```
//!
//! Every request below the layer has a tenant or is refused, except for the paths that
//! [`Admission::exempt`](tenancy_core::Admission::exempt) names. What the client is told and what the logs say is
//! decided in `tenancy-core`, the same for every framework.
//!
//! Each request has a span, a count and, where that is configured, its place in the audit log:
//! [`manual::watching`](tenancy_core::manual::watching). Handlers take its id and the address of its client with [`Visit`].
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `aws-lc-rs`, `portable`, `http` | `aws-lc-rs`, `http` | those of `tenancy-core`, passed on |
//! | `axum` | yes | the address of the peer is read from axum's `ConnectInfo` |
//! | `sqlx` | no | `TransactionLayer` and `RequestTransaction`, a transaction of `tenancy-sqlx` for each request; `?` in handlers on its errors |

mod admission;
mod counted_body;
mod error;
mod extract;
mod grpc;
mod guard;
mod head;
mod layer;
mod peer;
mod permit;
mod refusal_body;
mod require;
mod response;
mod service;
#[cfg(feature = "sqlx")]
mod transaction;
mod visit;

pub use self::counted_body::CountedBody;
pub use self::error::Error;
pub use self::extract::{Subject, Tenant};
pub use self::guard::{GuardLayer, GuardService};
pub use self::layer::TenantLayer;
pub use self::peer::PeerAddress;
pub use self::permit::Permit;
pub use self::refusal_body::RefusalBody;
pub use self::require::Require;
pub use self::service::TenantService;
#[cfg(feature = "sqlx")]
pub use self::transaction::{RequestTransaction, TransactionLayer, TransactionService};
pub use self::visit::Visit;
