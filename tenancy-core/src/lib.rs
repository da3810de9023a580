//! Who the tenant is, and what of the database is theirs.
//!
//! Depend on this crate if you write an adapter for a web framework or a database driver. If you write a
//! service, you want `tenancy-axum` or `tenancy-actix`, and `tenancy-sqlx`; they build on these types:
//!
//! ```text
//! request ─► RequestHead ─► Presented ─► TokenVerifier ─► Verified<Claims> ─► Admission ─► TenantContext
//!                                                                                               │
//! your SQL ◄─ Scoped<Statement> ◄─ Scope::{select, insert, update, delete} ◄────────────────────┘
//! ```
//!
//! ```
//! use sea_query::{Expr, ExprTrait};
//! use tenancy_core::{TableCatalog, TenantId, danger};
//!
//! // The tables of the service, declared once.
//! let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
//!
//! // In a service `Admission` makes the context from a verified token; a job says why it needs none.
//! let context = danger::assume(TenantId::parse("acme")?, "documentation")?;
//!
//! // Ordinary sea-query, of which `note` means "the notes of this tenant" wherever it stands.
//! let scope = context.scope(&catalog);
//! let pinned = scope.select().column("body").from("note").and_where(Expr::col("pinned").eq(true)).finish()?;
//!
//! assert_eq!(
//!     pinned.sql(),
//!     r#"WITH "note" AS NOT MATERIALIZED (SELECT * FROM "public"."note" WHERE "tenant_id" = $1) "#
//!         .to_owned()
//!         + r#"SELECT "body" FROM "note" WHERE "pinned" = $2"#,
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `aws-lc-rs` | yes | signatures by AWS-LC, with keys that are parsed once; making of key pairs |
//! | `http` | yes | `KeySource::{url, discovery}`: JWK sets fetched with reqwest and rustls (which uses AWS-LC) |
//! | `portable` | no | signatures in pure Rust, by jsonwebtoken, for targets where AWS-LC does not build |
//!
//! At least one of `aws-lc-rs` and `portable` has to be on; with both, [`SignatureBackend`] chooses.
//!
//! # Rules that hold throughout
//!
//! The [`manual`] says what is checked of a token, in which order, why the defaults are what they are, and what is counted.
//!
//! - The tenant comes from a verified token or API key, never from a body, a query or a bare header.
//! - "No tenant" never turns into "all tenants": [`TenantId`] has no default and no API takes an option of
//!   it.
//! - Errors are for the operator; a client learns a status and a stable code, nothing else.
//! - A tenant that no credential vouches for comes from [`danger`], with a reason and a record.

mod admission;
mod api_key;
mod claims;
mod clock;
mod config;
mod context;
mod credential;
pub mod danger;
mod directory;
mod exempt;
mod guard;
mod head;
mod identifier;
mod job;
mod json;
mod jwks;
mod jwt;
mod limits;
pub mod manual;
mod naming;
mod pattern;
mod project_access;
mod project_id;
mod query;
mod refusal;
mod requirement;
mod resolve;
mod revocation;
mod role_permissions;
mod scope;
mod signature;
mod subject_id;
mod tenant_id;
mod tenant_slug;
mod text;
mod token_cache;
mod token_issuer;
mod verified;
mod verifier;
mod visit;
mod watch;

pub use self::admission::{Admission, Admitted};
pub use self::api_key::{
    ApiKey, ApiKeyError, ApiKeyHash, ApiKeyProblem, ApiKeyRecord, ApiKeyStore,
    ApiKeyStoreUnavailable, ApiKeys, MemoryApiKeys,
};
pub use self::claims::{ClaimMap, ClaimPath, ClaimTypeError, Claims};
pub use self::clock::{Clock, ManualClock, SystemClock, UnixTime};
pub use self::config::{ConfigError, ConfigProblem};
pub use self::context::TenantContext;
pub use self::credential::{BearerToken, MalformedCredential, Presented};
pub use self::directory::{
    CachedDirectory, MemoryDirectory, RecordConflict, TenantDirectory, TenantDirectoryUnavailable,
    TenantRecord, TenantStatus,
};
pub use self::guard::Guard;
pub use self::head::RequestHead;
pub use self::identifier::{IdentifierProblem, InvalidIdentifier};
pub use self::job::{JobEnvelopes, JobOpenError, JobSealError};
pub use self::jwks::{
    FetchError, FetchKeys, Fetched, KeySource, KeyState, KeyStatus, SharedSecret,
};
pub use self::jwt::{
    Algorithm, DirectoryUnavailable, Issuer, IssuerDirectory, JwtVerifier, JwtVerifierBuilder,
    TokenProblem, TokenProfile, UnknownAlgorithm,
};
pub use self::limits::{Allowance, Limits, Permit, RateLimit};
pub use self::pattern::InvalidPattern;
pub use self::project_access::{ProjectAccess, ProjectAccessUnavailable};
pub use self::project_id::ProjectId;
#[doc(hidden)]
pub use self::refusal::{Problem, Unserved};
pub use self::refusal::{Refusal, RefusalCause, RefusalKind, RefusalResponse};
pub use self::requirement::Requirement;
pub use self::revocation::{RevocationList, Revocations, RevocationsUnavailable};
pub use self::role_permissions::RolePermissions;
pub use self::scope::{
    Dialect, Scope, ScopeError, Scoped, ScopedDelete, ScopedInsert, ScopedSelect, ScopedUpdate,
    TableCatalog, TenantColumnType, TenantTable, WrongTenantType,
};
pub use self::signature::SignatureBackend;
pub use self::subject_id::SubjectId;
pub use self::tenant_id::TenantId;
pub use self::tenant_slug::{InvalidSlug, TenantSlug};
pub use self::token_cache::TokenCache;
pub use self::token_issuer::{IssueError, NewToken, SigningKey, TokenIssuer};
pub use self::verified::Verified;
pub use self::verifier::{TokenVerifier, VerifyError};
pub use self::visit::{
    AuditEvent, AuditOutcome, AuditSink, TracingAudit, TrustedProxies, Visit, VisitContext,
};

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks `mutex`, also after a panic elsewhere: every critical section here leaves its data whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
