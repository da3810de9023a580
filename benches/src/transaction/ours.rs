//! Ours: a tenant transaction, dropped after reading and committed after writing.

use sqlx::PgPool;
use tenancy_core::TenantContext;
use tenancy_sqlx::{Error, TenantPool, TenantTransaction};

use super::note::{Statement, TENANT};
use crate::Failure;
use crate::database::Work;
use crate::database::server::context;

pub(super) struct Ours {
    tenants: TenantPool,
    /// What `tenants` is over.
    pool: PgPool,
    context: TenantContext,
    statement: Statement,
    statements: u32,
}

impl Ours {
    pub(super) fn new(
        tenants: TenantPool,
        pool: PgPool,
        statement: Statement,
    ) -> Result<Self, Failure> {
        Ok(Self {
            tenants,
            pool,
            context: context(TENANT)?,
            statement,
            statements: 1,
        })
    }

    /// So many in one transaction.
    pub(super) fn statements(mut self, statements: u32) -> Self {
        self.statements = statements;
        self
    }

    async fn run(&self, transaction: &mut TenantTransaction, row: i64) -> Result<bool, Error> {
        let mut right = true;
        for _ in 0..self.statements {
            right &= self.statement.run(&mut *transaction, row).await?;
        }
        Ok(right)
    }
}

impl Work for Ours {
    type Open = ();

    async fn open(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn once(&self, (): &mut (), row: i64) -> Result<bool, Error> {
        match self.statement {
            Statement::Read => {
                let mut transaction = self.tenants.read(&self.context).await?;
                self.run(&mut transaction, row).await
            }
            Statement::Write => {
                let mut transaction = self.tenants.begin(&self.context).await?;
                let right = self.run(&mut transaction, row).await?;
                transaction.commit().await?;
                Ok(right)
            }
        }
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }
}
