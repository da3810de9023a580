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
//! 2. put [`Rls::set_up_sql`] into a migration, as [setting up a database](manual::setting_up) shows;
//! 3. connect as a role without superuser and `BYPASSRLS`, and build a [`TenantPool`]. It does not start
//!    unless the database proves that it keeps the tenants apart.
//!
//! ```no_run
//! use sqlx::PgPool;
//! use tenancy_core::{TableCatalog, TenantId, danger};
//! use tenancy_sqlx::{Rls, TenantPool, pool_options};
//!
//! # async fn example(owner: PgPool) -> Result<(), Box<dyn std::error::Error>> {
//! let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
//! let ddl = Rls::new(&catalog).application_role("app").set_up_sql();
//! sqlx::raw_sql(sqlx::AssertSqlSafe(ddl)).execute(&owner).await?;
//!
//! let pool = pool_options().connect("postgres://app:secret@localhost/service").await?;
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
//! # Statements that are scoped
//!
//! The builder of `tenancy-core` writes the `WHERE` instead of leaving it to the policies, and tells the planner which
//! tenant it is. Its statements run in a transaction, a savepoint or a [`TenantReader`] of their tenant, and are refused
//! in any other before anything is sent. A [`Repository`] does the common things with them:
//!
//! ```no_run
//! # use sea_query::{Expr, ExprTrait};
//! # use tenancy_core::{TableCatalog, TenantContext};
//! # use tenancy_sqlx::{Error, Repository, TenantPool};
//! # #[derive(sqlx::FromRow)]
//! # struct Note { id: i64, body: String }
//! # async fn example(pool: TenantPool, catalog: TableCatalog, context: TenantContext) -> Result<(), Error> {
//! let scope = context.scope(&catalog);
//! let pinned = scope.select().columns(["id", "body"]).from("note").and_where(Expr::col("pinned").eq(true)).finish()?;
//! let pinned: Vec<Note> = pool.reader(&context).fetch_all(&pinned).await?;
//!
//! let notes = Repository::new(&catalog, "note", ["id", "body"], "id", |note: &Note| note.id);
//! let mut transaction = pool.begin(&context).await?;
//! let note = notes.create(&mut transaction, [("body", "hello".into())]).await?;
//! transaction.commit().await?;
//! # let _ = (pinned, note.body);
//! # Ok(())
//! # }
//! ```
//!
//! A database that is there already tells its own catalogue: [`Discovery`].
//!
//! # Features
//!
//! | feature | default | adds |
//! |---|---|---|
//! | `aws-lc-rs`, `portable`, `http` | `aws-lc-rs`, `http` | those of `tenancy-core`, passed on |
//! | `migrate` | no | `RlsMigration`, the set-up as a migration of sqlx |
//! | `cli` | no | the command `tenancy` |
//! | `sqlite`, `mysql` | no | `ForTenant`, scoped statements on SQLite and MySQL, where the builder protects alone |
//! | `uuid`, `chrono`, `time`, `json`, `rust_decimal`, `bigdecimal`, `ipnetwork`, `postgres-array` | no | values of these types in scoped statements, and in rows |
//!
//! # What is and is not promised
//!
//! Plain SQL in a [`TenantTransaction`] sees and changes rows of its tenant only; cancelling a future, a
//! panic or an error leaves no tenant behind for the next user of the connection, and neither does SQL that
//! changes its session. The [manual] says what is sent, what it costs, and what is left when something
//! goes wrong. What the pool asks of the database before it starts is marked in the
//! [list of checks](manual::doctor); the [`Doctor`] asks the rest.
//!
//! SQL that an attacker controls is another matter: by default every role may call `set_config` and name another
//! tenant. Either revoke that, once a database and as a superuser, which closes the ways through an expression:
//! `REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC`; or sign the setting with a
//! [`Seal`], which Postgres checks, SQL cannot make, and [`pg_stat_activity`](Seal) must not show.

mod answering;
mod builder;
mod closure;
mod command;
pub mod danger;
mod discovery;
mod doctor;
mod error;
mod executor;
mod failure;
mod for_tenant;
mod invalid_option;
pub mod manual;
mod open_transaction;
mod opening;
mod options;
mod pool;
mod pool_options;
mod reader;
mod repository;
mod rls;
mod savepoint;
mod scoped;
mod seal;
mod setting;
mod share;
mod transaction;
mod understanding;
mod unit_of_work;

#[doc(hidden)]
pub use self::answering::{problem, problem_of_commit};
pub use self::builder::{Pooler, TenantPoolBuilder};
pub use self::command::ForbiddenCommand;
pub use self::discovery::{Discovery, DiscoveryError, OddColumn};
pub use self::doctor::{
    Doctor, Finding, InvalidAllowance, Rendering, Report, ReportFormat, Severity, Unsound,
};
pub use self::error::Error;
pub use self::for_tenant::{ForTenant, TenantExecutor, WithoutRls};
pub use self::invalid_option::InvalidOption;
pub use self::opening::{Binding, ContextValue};
pub use self::options::{Isolation, TransactionOptions};
pub use self::pool::TenantPool;
pub use self::pool_options::pool_options;
pub use self::reader::TenantReader;
pub use self::repository::{Cursor, InvalidCursor, List, Page, Repository, RowKey};
pub use self::rls::Rls;
#[cfg(feature = "migrate")]
pub use self::rls::RlsMigration;
pub use self::savepoint::TenantSavepoint;
pub use self::seal::{Seal, WeakSeal};
pub use self::setting::{InvalidSetting, Setting};
pub use self::transaction::TenantTransaction;
pub use self::unit_of_work::{LentTransaction, UnitOfWork};
