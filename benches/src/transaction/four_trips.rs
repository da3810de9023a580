//! What is written by hand today: begin, tell the tenant, query under the policy, commit.

use sqlx::PgPool;
use tenancy_sqlx::Error;

use super::note::{Statement, TENANT};
use crate::database::Work;

pub(super) struct FourTrips {
    pool: PgPool,
    statement: Statement,
}

impl FourTrips {
    pub(super) fn new(pool: PgPool, statement: Statement) -> Self {
        Self { pool, statement }
    }
}

impl Work for FourTrips {
    type Open = ();

    async fn open(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn once(&self, (): &mut (), row: i64) -> Result<bool, Error> {
        #[expect(clippy::disallowed_methods, reason = "what others do is compared")]
        let mut transaction = self.pool.begin().await?;
        sqlx::query("SELECT set_config('app.current_tenant_id', $1, true)")
            .bind(TENANT)
            .execute(&mut *transaction)
            .await?;
        let right = self.statement.run(&mut *transaction, row).await?;
        transaction.commit().await?;
        Ok(right)
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }
}
