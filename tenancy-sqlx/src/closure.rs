//! Transactions around a closure: committed when it succeeds, rolled back when it does not.

use std::time::Duration;

use tenancy_core::TenantContext;

use crate::{Error, TenantPool, TenantTransaction, TransactionOptions};

/// The pause before the second attempt. It doubles with each.
const FIRST_PAUSE: Duration = Duration::from_millis(2);
const LONGEST_PAUSE: Duration = Duration::from_millis(250);

impl TenantPool {
    /// Runs `work` in a transaction and commits when it returns `Ok`. On `Err`, a panic or cancellation
    /// everything is rolled back.
    ///
    /// ```no_run
    /// # async fn example(pool: tenancy_sqlx::TenantPool, context: tenancy_core::TenantContext) -> Result<(), tenancy_sqlx::Error> {
    /// let id: i64 = pool
    ///     .with(&context, async |transaction| {
    ///         sqlx::query_scalar("INSERT INTO note (body) VALUES ('hello') RETURNING id")
    ///             .fetch_one(&mut *transaction)
    ///             .await
    ///     })
    ///     .await?;
    /// # let _ = id;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of `work`, of [`begin`](Self::begin) and of [`commit`](TenantTransaction::commit). When a
    /// statement failed and `work` returned `Ok` all the same, nothing is committed: [`Error::Aborted`].
    pub async fn with<T, E, F>(&self, context: &TenantContext, work: F) -> Result<T, E>
    where
        F: AsyncFnOnce(&mut TenantTransaction) -> Result<T, E>,
        E: From<Error>,
    {
        let mut transaction = self.begin(context).await?;
        let done = work(&mut transaction).await?;
        transaction.commit().await?;
        Ok(done)
    }

    /// The same with options, and again from the start when Postgres gave the transaction up because of
    /// another that ran beside it: a serialization failure or a deadlock (SQLSTATE 40001 and 40P01, PostgreSQL
    /// manual §13.5). `work` must do nothing that a rollback does not undo.
    ///
    /// In a handler or a spawned task let the closure own what it uses: `async move`, and clones of what is needed
    /// afterwards. Today's compiler does not see otherwise that its future is `Send`.
    ///
    /// ```no_run
    /// use tenancy_sqlx::{Isolation, TransactionOptions};
    ///
    /// # async fn example(pool: tenancy_sqlx::TenantPool, context: tenancy_core::TenantContext) -> Result<(), tenancy_sqlx::Error> {
    /// let options = TransactionOptions::new().isolation(Isolation::Serializable);
    /// pool.retry(&context, options, async move |transaction| {
    ///     sqlx::query("UPDATE counter SET value = value + 1")
    ///         .execute(&mut *transaction)
    ///         .await
    /// })
    /// .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As for [`with`](Self::with); those of the last attempt.
    pub fn retry<T, E, F>(
        &self,
        context: &TenantContext,
        options: TransactionOptions,
        mut work: F,
    ) -> impl Future<Output = Result<T, E>> + use<T, E, F>
    where
        F: AsyncFnMut(&mut TenantTransaction) -> Result<T, E>,
        E: From<Error>,
    {
        // Owned, for a future that borrows from here is not seen to be `Send` by today's compiler.
        let (pool, context) = (self.clone(), context.clone());
        async move {
            let mut attempt = 1;
            let mut pause = FIRST_PAUSE;
            loop {
                let mut transaction = pool.begin_with(&context, options).await?;
                let mut outcome = work(&mut transaction).await;
                if outcome.is_ok()
                    && let Err(error) = transaction.open.commit().await
                {
                    outcome = Err(error.into());
                }
                let again = transaction.open.met_conflict() && attempt < options.most_attempts();
                if outcome.is_ok() || !again {
                    return outcome;
                }
                // Before the pause, which should not keep a connection from others.
                drop(transaction);
                sqlx_core::rt::sleep(pause).await;
                attempt += 1;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}
