//! The insights of a tenant: the only code of the service that knows SQL.

use sea_query::{Expr, ExprTrait, Order};
use serde::Serialize;
use tenancy_core::{TableCatalog, TenantContext};
use tenancy_sqlx::TenantPool;

/// The tables, as an administrator creates them. Ids are random, for a sequence that all tenants share would
/// tell each how busy the others are.
pub const TABLES: &str = "\
CREATE TABLE IF NOT EXISTS insight (
    tenant_id text NOT NULL,
    id uuid NOT NULL DEFAULT gen_random_uuid(),
    author text NOT NULL,
    body text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    PRIMARY KEY (tenant_id, id)
);
CREATE INDEX IF NOT EXISTS insight_by_tenant ON insight (tenant_id, created_at);";

/// What belongs to tenants.
pub fn catalog() -> TableCatalog {
    TableCatalog::new().tenant_table("insight", "tenant_id")
}

/// One insight, as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
pub struct Insight {
    /// Its id.
    pub id: String,
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub body: String,
    /// When it was written, as Postgres prints it.
    pub created_at: String,
}

/// The store of insights. Every method takes the tenant's context; there is no other way in.
#[derive(Debug, Clone)]
pub struct Insights {
    pool: TenantPool,
    catalog: TableCatalog,
}

/// The store cannot do it now.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error(transparent)]
    Scope(#[from] tenancy_core::ScopeError),
    #[error(transparent)]
    Tenancy(#[from] tenancy_sqlx::Error),
}

impl Insights {
    /// A store over `pool`.
    pub fn new(pool: TenantPool) -> Self {
        Self {
            pool,
            catalog: catalog(),
        }
    }

    /// The pool, for code that brings its own SQL.
    pub fn pool(&self) -> &TenantPool {
        &self.pool
    }

    /// The hundred latest insights of the tenant, the newest first.
    ///
    /// # Errors
    /// When the database cannot be asked.
    pub async fn latest(&self, tenant: &TenantContext) -> Result<Vec<Insight>, StoreError> {
        let scope = tenant.scope(&self.catalog);
        let latest = scope
            .select()
            .expr_as(Expr::col("id").cast_as("text"), "id")
            .columns(["author", "body"])
            .expr_as(Expr::col("created_at").cast_as("text"), "created_at")
            .from("insight")
            .order_by(("insight", "created_at"), Order::Desc)
            .limit(100)
            .finish()?;
        let mut transaction = self.pool.read(tenant).await?;
        Ok(transaction.fetch_all(&latest).await?)
    }

    /// Stores an insight for the tenant.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn add(&self, tenant: &TenantContext, body: &str) -> Result<(), StoreError> {
        let author = tenant.subject().map_or("", |subject| subject.as_str());
        let scope = tenant.scope(&self.catalog);
        let insert = scope
            .insert("insight")
            .columns(["author", "body"])
            .values([author.into(), body.into()])
            .finish()?;
        let mut transaction = self.pool.begin(tenant).await?;
        transaction.execute(&insert).await?;
        Ok(transaction.commit().await?)
    }
}
