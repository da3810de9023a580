//! One more statement in a transaction that is open.
//!
//! Both sides send the same text as the same role over a connection of a like pool, to a table without a policy:
//! Postgres does the same for both, and what differs is our executor, which looks at the command and
//! remembers failures.

use std::time::Duration;

use sqlx::{PgExecutor, PgPool, Postgres, Transaction};
use tenancy_core::TenantContext;
use tenancy_sqlx::{Error, TenantPool, TenantTransaction};

use super::note::TENANT;
use crate::database::server::context;
use crate::database::{Lane, Role, Work};
use crate::measure::Effort;
use crate::{Comparison, Failure};

/// A hundred statements a turn, and many turns: a few per cent are to be told from the noise of a machine.
const EFFORT: Effort = Effort {
    rounds: 601,
    batch: Duration::from_millis(4),
};

pub(super) fn comparison(lane: &Lane, bench: &str) -> Result<Comparison, Failure> {
    let (pool, plain) = (lane.pool(Role::Bound)?, lane.pool(Role::Bound)?);
    let ours = Ours {
        tenants: lane.tenant_pool(&pool)?,
        pool,
        context: context(TENANT)?,
    };
    let ours = lane.candidate("tenancy", ours)?;
    let peers = vec![lane.candidate("plain", Plain(plain))?];
    Ok(Comparison::new(bench, ours, peers, EFFORT))
}

async fn statement(executor: impl PgExecutor<'_>, row: i64) -> Result<bool, sqlx::Error> {
    let cents = sqlx::query_scalar("SELECT cents FROM rate WHERE id = $1").bind(row);
    Ok(cents.fetch_optional(executor).await? == Some(42_i64))
}

struct Ours {
    tenants: TenantPool,
    /// What `tenants` is over.
    pool: PgPool,
    context: TenantContext,
}

impl Work for Ours {
    type Open = TenantTransaction;

    async fn open(&self) -> Result<TenantTransaction, Error> {
        self.tenants.begin(&self.context).await
    }

    async fn once(&self, open: &mut TenantTransaction, row: i64) -> Result<bool, Error> {
        Ok(statement(open, row).await?)
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }
}

struct Plain(PgPool);

impl Work for Plain {
    type Open = Transaction<'static, Postgres>;

    #[expect(clippy::disallowed_methods, reason = "what others do is compared")]
    async fn open(&self) -> Result<Self::Open, Error> {
        Ok(self.0.begin().await?)
    }

    async fn once(&self, open: &mut Self::Open, row: i64) -> Result<bool, Error> {
        Ok(statement(&mut **open, row).await?)
    }

    fn pool(&self) -> &PgPool {
        &self.0
    }
}
