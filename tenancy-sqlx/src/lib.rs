//! Transactions that cannot lose their tenant, on sqlx and Postgres row-level security.
//!
//! Depend on this crate if your service keeps the rows of several tenants in one Postgres database. It takes
//! a [`TenantContext`](tenancy_core::TenantContext), which `tenancy-axum` or `tenancy-actix` gives to your
//! handlers, and runs every statement for its tenant:
//!
//! ```text
//! TenantContext ─► TenantPool::begin ─► BEGIN; SET LOCAL app.current_tenant_id = 'acme' ─► TenantTransaction
//!                                                                                              │
//!                  rows of acme, and no others ◄─ policy of `Rls` on every table ◄─ your SQL ──┘
//! ```
//!
//! What to write first:
//!
//! 1. declare your tables in a [`TableCatalog`](tenancy_core::TableCatalog);
//! 2. put [`Rls::set_up_sql`] into a migration;
//! 3. connect as a role without superuser and `BYPASSRLS`, and build a [`TenantPool`]. It does not start
//!    unless the database proves that it keeps the tenants apart.
//!
//! ```no_run
//! use sqlx::PgPool;
//! use tenancy_core::{TableCatalog, TenantId, danger};
//! use tenancy_sqlx::{Rls, TenantPool};
//!
//! # async fn example(owner: PgPool) -> Result<(), Box<dyn std::error::Error>> {
//! let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
//! let ddl = Rls::new(&catalog).application_role("app").set_up_sql();
//! sqlx::raw_sql(sqlx::AssertSqlSafe(ddl)).execute(&owner).await?;
//!
//! let pool = PgPool::connect("postgres://app:secret@localhost/service").await?;
//! let pool = TenantPool::builder(pool).build(&catalog).await?;
//!
//! // In a handler the context comes from the request.
//! let context = danger::assume(TenantId::parse("acme")?, "documentation")?;
//!
//! let mut transaction = pool.begin(&context).await?;
//! sqlx::query("INSERT INTO note (tenant_id, body) VALUES ($1, $2)")
//!     .bind(context.tenant().as_str())
//!     .bind("hello")
//!     .execute(&mut transaction)
//!     .await?;
//! transaction.commit().await?;
//!
//! // Nobody wrote a WHERE, and still these are the notes of one tenant.
//! let mut transaction = pool.read(&context).await?;
//! let notes: Vec<(i64, String)> = sqlx::query_as("SELECT id, body FROM note")
//!     .fetch_all(&mut transaction)
//!     .await?;
//! # let _ = notes;
//! # Ok(())
//! # }
//! ```
//!
//! # What is and is not promised
//!
//! Plain SQL in a [`TenantTransaction`] sees and changes rows of its tenant only; cancelling a future, a
//! panic or an error leaves no tenant behind for the next user of the connection. What the pool asks of the
//! database before it starts is listed at [`PostureProblem`]; views, functions and triggers of yours are not
//! looked into.
//!
//! SQL that an attacker controls is another matter: by default every role may call `set_config`, name another
//! tenant, and leave other settings to the next user of the connection. Revoke that as a superuser, once a
//! database, and the ways through an expression are closed:
//! `REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC`. Advisory locks of the
//! session outlive a transaction as well; prefer `pg_advisory_xact_lock`.

mod command;
mod doctor;
mod error;
mod executor;
mod pool;
mod posture;
mod rls;
mod seal;
mod setting;
mod transaction;

pub use self::command::ForbiddenCommand;
pub use self::doctor::{Finding, Report, Severity, Unsound};
pub use self::error::Error;
pub use self::pool::{TenantPool, TenantPoolBuilder};
pub use self::posture::{PostureError, PostureProblem};
pub use self::rls::Rls;
#[cfg(feature = "migrate")]
pub use self::rls::RlsMigration;
pub use self::seal::{Seal, WeakSeal};
pub use self::setting::{InvalidSetting, Setting};
pub use self::transaction::TenantTransaction;
