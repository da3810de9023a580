//! `TenantSavepoint`, a part of a transaction that can be undone alone.

use std::fmt;
use std::ops::{Deref, DerefMut};

use crate::open_transaction::Level;
use crate::{Error, TenantTransaction};

/// A part of a [`TenantTransaction`] that is kept by [`release`](Self::release) and undone otherwise.
///
/// It is the transaction: run statements on `&mut *savepoint`. Dropped, also because the future that held it was
/// cancelled, what was done since it began is undone before the next statement, and the transaction goes on.
/// See the PostgreSQL manual, [SAVEPOINT](https://www.postgresql.org/docs/current/sql-savepoint.html).
///
/// ```no_run
/// # async fn example(pool: tenancy_sqlx::TenantPool, context: tenancy_core::TenantContext) -> Result<(), tenancy_sqlx::Error> {
/// let mut transaction = pool.begin(&context).await?;
/// let mut savepoint = transaction.savepoint().await?;
/// let inserted = sqlx::query("INSERT INTO tag (name) VALUES ('red')").execute(&mut *savepoint).await;
/// match inserted {
///     Ok(_) => savepoint.release().await?,
///     Err(_) => drop(savepoint), // there already; the transaction is as it was
/// }
/// transaction.commit().await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "dropped, it is undone"]
pub struct TenantSavepoint<'t> {
    transaction: &'t mut TenantTransaction,
    level: Level,
    released: bool,
}

impl TenantTransaction {
    /// Begins a part of the transaction that can be undone alone. Parts may have parts.
    ///
    /// # Errors
    /// [`Error::Aborted`] when a statement has failed before; [`Error::Database`] when the server refuses.
    pub async fn savepoint(&mut self) -> Result<TenantSavepoint<'_>, Error> {
        let level = self.level + 1;
        self.open.savepoint(level).await?;
        self.level = level;
        Ok(TenantSavepoint {
            transaction: self,
            level,
            released: false,
        })
    }
}

impl TenantSavepoint<'_> {
    /// Keeps what was done since the savepoint began, as far as the transaction is committed.
    ///
    /// # Errors
    /// [`Error::Aborted`] when a statement has failed since, which is undone then;
    /// [`Error::Database`] when the server refuses or cannot be reached.
    pub async fn release(mut self) -> Result<(), Error> {
        let open = &mut self.transaction.open;
        if open.failure.is_some() {
            return Err(Error::Aborted);
        }
        open.settle().await?;
        // From here on the message is on its way whatever becomes of this future.
        self.released = true;
        open.release(self.level).await
    }
}

impl Drop for TenantSavepoint<'_> {
    fn drop(&mut self) {
        self.transaction.level = self.level - 1;
        if !self.released {
            self.transaction.open.undo(self.level);
        }
    }
}

impl Deref for TenantSavepoint<'_> {
    type Target = TenantTransaction;

    fn deref(&self) -> &TenantTransaction {
        self.transaction
    }
}

impl DerefMut for TenantSavepoint<'_> {
    fn deref_mut(&mut self) -> &mut TenantTransaction {
        self.transaction
    }
}

impl fmt::Debug for TenantSavepoint<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TenantSavepoint")
            .field("level", &self.level)
            .field("transaction", &self.transaction)
            .finish()
    }
}
