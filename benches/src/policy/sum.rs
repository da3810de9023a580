//! The two ways to sum up the rows of a tenant: by the policy, and by a `WHERE`.

use std::sync::Arc;

use sqlx::{AssertSqlSafe, PgExecutor, PgPool, Postgres, Transaction};
use tenancy_core::TenantContext;
use tenancy_sqlx::{Error, TenantPool, TenantTransaction};

use super::reading::{Answer, Reading};
use super::server_time::Explain;
use crate::Failure;
use crate::database::Work;
use crate::database::server::context;

/// A question to a table, in the words of who has a policy or of who has not.
struct Sum {
    sql: Arc<str>,
    /// To name it, where no policy does.
    tenant: Option<String>,
    answer: Answer,
}

impl Sum {
    /// Whether the answer is right.
    async fn run(&self, executor: impl PgExecutor<'_>) -> Result<bool, sqlx::Error> {
        let mut sum = sqlx::query_as(AssertSqlSafe(Arc::clone(&self.sql)));
        if let Some(tenant) = &self.tenant {
            sum = sum.bind(tenant);
        }
        let answer: Answer = sum.fetch_one(executor).await?;
        Ok(answer == self.answer)
    }

    async fn explain(&self, executor: impl PgExecutor<'_>) -> Result<Vec<String>, sqlx::Error> {
        let sql = format!("EXPLAIN (ANALYZE, TIMING OFF) {}", self.sql);
        let mut plan = sqlx::query_scalar(AssertSqlSafe(sql));
        if let Some(tenant) = &self.tenant {
            plan = plan.bind(tenant);
        }
        plan.fetch_all(executor).await
    }
}

/// By the policy.
pub(super) struct Ours {
    tenants: TenantPool,
    /// What `tenants` is over.
    pool: PgPool,
    context: TenantContext,
    sum: Sum,
}

impl Ours {
    pub(super) fn new(
        tenants: TenantPool,
        pool: PgPool,
        reading: Reading,
    ) -> Result<Self, Failure> {
        Ok(Self {
            tenants,
            pool,
            context: context(&reading.tenant())?,
            sum: Sum {
                sql: reading.sum_sql().into(),
                tenant: None,
                answer: reading.answer(),
            },
        })
    }
}

impl Work for Ours {
    type Open = TenantTransaction;

    async fn open(&self) -> Result<TenantTransaction, Error> {
        self.tenants.read(&self.context).await
    }

    async fn once(&self, open: &mut TenantTransaction, _row: i64) -> Result<bool, Error> {
        Ok(self.sum.run(open).await?)
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }
}

impl Explain for Ours {
    async fn explain(&self, open: &mut TenantTransaction) -> Result<Vec<String>, Error> {
        Ok(self.sum.explain(open).await?)
    }
}

/// By a `WHERE`, as a role that no policy binds.
pub(super) struct Where {
    pool: PgPool,
    sum: Sum,
}

impl Where {
    pub(super) fn new(pool: PgPool, reading: Reading) -> Self {
        Self {
            pool,
            sum: Sum {
                sql: reading.sum_where_sql().into(),
                tenant: Some(reading.tenant()),
                answer: reading.answer(),
            },
        }
    }
}

impl Work for Where {
    type Open = Transaction<'static, Postgres>;

    #[expect(clippy::disallowed_methods, reason = "what others do is compared")]
    async fn open(&self) -> Result<Self::Open, Error> {
        Ok(self.pool.begin_with("BEGIN READ ONLY").await?)
    }

    async fn once(&self, open: &mut Self::Open, _row: i64) -> Result<bool, Error> {
        Ok(self.sum.run(&mut **open).await?)
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }
}

impl Explain for Where {
    async fn explain(&self, open: &mut Self::Open) -> Result<Vec<String>, Error> {
        Ok(self.sum.explain(&mut **open).await?)
    }
}
