//! No tenant: sqlx without a transaction, as a role that no policy binds, with a `WHERE` by hand.

use sqlx::PgPool;
use tenancy_sqlx::Error;

use super::note::Statement;
use crate::database::Work;

pub(super) struct Plain {
    pool: PgPool,
    statement: Statement,
    statements: u32,
}

impl Plain {
    pub(super) fn new(pool: PgPool, statement: Statement) -> Self {
        Self {
            pool,
            statement,
            statements: 1,
        }
    }

    /// So many, one after the other.
    pub(super) fn statements(mut self, statements: u32) -> Self {
        self.statements = statements;
        self
    }
}

impl Work for Plain {
    type Open = ();

    async fn open(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn once(&self, (): &mut (), row: i64) -> Result<bool, Error> {
        let mut right = true;
        for _ in 0..self.statements {
            right &= self.statement.run_where(&self.pool, row).await?;
        }
        Ok(right)
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }
}
