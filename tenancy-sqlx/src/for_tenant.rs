//! `ForTenant`, scoped statements on databases that have no row-level security.

use std::fmt;

use futures_core::stream::BoxStream;
use sea_query_sqlx::SqlxValues;
use sqlx::{Database, Executor, FromRow, IntoArguments};
use tenancy_core::{Scoped, TenantContext};

use crate::Error;
use crate::scoped::{Bound, Speaks};

/// Runs scoped statements on SQLite and MySQL, over a plain pool, connection or transaction of sqlx.
///
/// **The builder alone protects here.** These databases have no row-level security: a [`Scoped`] statement names the
/// rows of its tenant and no other, and whatever SQL goes to the same pool without the builder reaches all. On
/// Postgres use a [`TenantTransaction`](crate::TenantTransaction), which holds then too; its pools are not offered
/// here.
///
#[cfg_attr(feature = "sqlite", doc = "```no_run")]
#[cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
/// use sea_query::{Expr, ExprTrait};
/// use sqlx::SqlitePool;
/// use tenancy_core::{Dialect, TableCatalog, TenantContext};
/// use tenancy_sqlx::ForTenant;
///
/// # async fn example(pool: SqlitePool, tenant: TenantContext) -> Result<(), tenancy_sqlx::Error> {
/// let tables = TableCatalog::new().with_dialect(Dialect::Sqlite).tenant_table("note", "tenant_id");
/// let scope = tenant.scope(&tables);
/// let pinned = scope.select().column("body").from("note").and_where(Expr::col("pinned").eq(true)).finish()?;
/// let bodies: Vec<(String,)> = pool.for_tenant(&tenant).fetch_all(&pinned).await?;
///
/// let unpin = scope.update("note").value("pinned", false).finish()?;
/// let mut transaction = pool.begin().await?;
/// transaction.for_tenant(&tenant).execute(&unpin).await?;
/// transaction.commit().await?;
/// # let _ = bodies;
/// # Ok(())
/// # }
/// ```
///
/// ```compile_fail,E0277
/// # use tenancy_sqlx::ForTenant;
/// fn on_postgres(pool: &sqlx::PgPool, tenant: &tenancy_core::TenantContext) {
///     pool.for_tenant(tenant);
/// }
/// ```
///
/// It is there for every executor of sqlx whose database is one of these: `&SqlitePool`, `&mut SqliteConnection`, and
/// what derefs to one.
pub trait ForTenant<'c>: Executor<'c> + Sized {
    /// Runs a scoped statement for the tenant of `context`.
    // The bound stands here, where the compiler says what `WithoutRls` has to say of it. On the trait it would say that a
    // method is missing.
    fn for_tenant(self, context: &TenantContext) -> TenantExecutor<Self>
    where
        Self::Database: WithoutRls,
    {
        TenantExecutor {
            executor: self,
            context: context.clone(),
        }
    }
}

impl<'c, E: Executor<'c>> ForTenant<'c> for E {}

/// A database that has no row-level security: `Sqlite` and `MySql` of sqlx.
#[diagnostic::on_unimplemented(
    message = "scoped statements do not run on a plain `{Self}` connection",
    note = "on Postgres they run in a `TenantTransaction`, made by `TenantPool::begin`",
    note = "for SQLite and MySQL turn on the features `sqlite` and `mysql` of tenancy-sqlx"
)]
pub trait WithoutRls: Speaks {}

#[cfg(feature = "mysql")]
impl WithoutRls for sqlx::MySql {}

#[cfg(feature = "sqlite")]
impl WithoutRls for sqlx::Sqlite {}

/// An executor that runs a scoped statement of one tenant. Made by [`ForTenant::for_tenant`].
#[must_use = "it runs nothing by itself"]
pub struct TenantExecutor<E> {
    executor: E,
    context: TenantContext,
}

impl<'c, E> TenantExecutor<E>
where
    E: Executor<'c>,
    E::Database: WithoutRls,
    SqlxValues: IntoArguments<E::Database>,
{
    /// Runs a scoped statement and reads all rows it yields.
    ///
    /// # Errors
    /// Before anything is sent: [`Error::ForeignStatement`] when it was built for another tenant,
    /// [`Error::ForeignDialect`] when it was built for another database, [`Error::UnsupportedValue`] when this one has no
    /// place for one of its values. [`Error::Database`] when it fails.
    pub async fn fetch_all<T>(self, statement: &Scoped<impl Sized>) -> Result<Vec<T>, Error>
    where
        T: for<'r> FromRow<'r, <E::Database as Database>::Row> + Send + Unpin,
    {
        self.bind(statement)?.fetch_all(self.executor).await
    }

    /// Runs a scoped statement and reads the first row it yields, if any.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn fetch_optional<T>(self, statement: &Scoped<impl Sized>) -> Result<Option<T>, Error>
    where
        T: for<'r> FromRow<'r, <E::Database as Database>::Row> + Send + Unpin,
    {
        self.bind(statement)?.fetch_optional(self.executor).await
    }

    /// Runs a scoped statement and reads the first row it yields.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all), and [`sqlx::Error::RowNotFound`] when there is no row. A row of
    /// another tenant and a row that does not exist give the same answer.
    pub async fn fetch_one<T>(self, statement: &Scoped<impl Sized>) -> Result<T, Error>
    where
        T: for<'r> FromRow<'r, <E::Database as Database>::Row> + Send + Unpin,
    {
        self.bind(statement)?.fetch_one(self.executor).await
    }

    /// Runs a scoped statement and reads its rows one by one, as they come.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all), as an item of the stream, after which none follows.
    pub fn stream<T>(self, statement: &Scoped<impl Sized>) -> BoxStream<'c, Result<T, Error>>
    where
        T: for<'r> FromRow<'r, <E::Database as Database>::Row> + Send + Unpin + 'c,
        E: 'c,
    {
        Bound::stream(self.bind(statement), self.executor)
    }

    /// Runs a scoped statement and counts the rows it touched.
    ///
    /// # Errors
    /// As for [`fetch_all`](Self::fetch_all).
    pub async fn execute(
        self,
        statement: &Scoped<impl Sized>,
    ) -> Result<<E::Database as Database>::QueryResult, Error> {
        self.bind(statement)?.execute(self.executor).await
    }

    fn bind(&self, statement: &Scoped<impl Sized>) -> Result<Bound<E::Database>, Error> {
        Bound::new(statement, self.context.tenant())
    }
}

impl<E> fmt::Debug for TenantExecutor<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantExecutor")
            .field("tenant", &self.context.tenant().as_str())
            .finish_non_exhaustive()
    }
}
