//! `UnitOfWork`, one transaction that is lent to whoever has a part in a piece of work.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tenancy_core::TenantContext;
use tokio::sync::{Mutex, OwnedMappedMutexGuard, OwnedMutexGuard};

use crate::{Error, TenantPool, TenantTransaction};

/// A piece of work, such as a request, that has one transaction or none.
///
/// Its parts borrow the transaction one after another; whoever began the work ends it, and commits or not. The
/// extractors `RequestTransaction` of the adapters are made of it, and so is the same thing for another framework.
/// Clones are handles of the same work; when the last one is dropped without a commit, it is rolled back.
///
/// ```no_run
/// use tenancy_core::TenantContext;
/// use tenancy_sqlx::{Error, TenantPool, UnitOfWork};
///
/// # async fn example(pool: TenantPool, tenant: TenantContext) -> Result<(), Error> {
/// let work = UnitOfWork::new(pool);
/// {
///     let mut transaction = work.transaction(&tenant).await?;
///     sqlx::query("DELETE FROM note").execute(&mut *transaction).await?;
/// }
/// work.commit().await
/// # }
/// ```
#[derive(Clone)]
pub struct UnitOfWork(Arc<Work>);

struct Work {
    pool: TenantPool,
    /// `None` until somebody asks for it. Locked while it is lent.
    transaction: Arc<Mutex<Option<TenantTransaction>>>,
    /// Committed, rolled back, or given up by a panic.
    over: AtomicBool,
}

impl UnitOfWork {
    /// Work for which `pool` has a transaction, once somebody asks for it.
    pub fn new(pool: TenantPool) -> Self {
        Self(Arc::new(Work {
            pool,
            transaction: Arc::default(),
            over: AtomicBool::new(false),
        }))
    }

    /// Borrows the transaction. Who asks first begins it, for the tenant of `context`.
    ///
    /// # Errors
    /// [`Error::TransactionInUse`] while somebody else has it; [`Error::SecondTenant`] when it was begun for somebody
    /// else; [`Error::Aborted`] when the work is over; else as for [`TenantPool::begin`].
    pub async fn transaction(&self, context: &TenantContext) -> Result<LentTransaction, Error> {
        let work = &self.0;
        let lock = Arc::clone(&work.transaction).try_lock_owned();
        let mut transaction = lock.map_err(|_| Error::TransactionInUse)?;
        if work.over.load(Ordering::Acquire) {
            return Err(Error::Aborted);
        }
        match &*transaction {
            Some(begun) if begun.is_for(context) => {}
            Some(_) => return Err(Error::SecondTenant),
            None => *transaction = Some(work.pool.begin(context).await?),
        }
        let transaction = OwnedMutexGuard::try_map(transaction, Option::as_mut);
        Ok(LentTransaction {
            transaction: transaction.map_err(|_| Error::Aborted)?,
            work: Arc::clone(work),
        })
    }

    /// Ends the work and commits what it did. Without a transaction there is nothing to do.
    ///
    /// # Errors
    /// [`Error::TransactionInUse`] while somebody has the transaction, which is rolled back once it is given back;
    /// [`Error::Aborted`] when the work is over already, or whoever had the transaction panicked; else as for
    /// [`TenantTransaction::commit`].
    pub async fn commit(&self) -> Result<(), Error> {
        if self.0.over.swap(true, Ordering::AcqRel) {
            return Err(Error::Aborted);
        }
        let lock = self.0.transaction.try_lock();
        // Nothing is locked during the commit: nobody can have the transaction any more.
        let transaction = lock.map_err(|_| Error::TransactionInUse)?.take();
        match transaction {
            Some(transaction) => transaction.commit().await,
            None => Ok(()),
        }
    }

    /// Ends the work and undoes what it did, in the background. A transaction that somebody has is rolled back once it is
    /// given back.
    pub fn roll_back(&self) {
        self.0.over.store(true, Ordering::Release);
        if let Ok(mut transaction) = self.0.transaction.try_lock() {
            drop(transaction.take());
        }
    }
}

/// The transaction of a [`UnitOfWork`], borrowed until this is dropped.
///
/// It derefs to the [`TenantTransaction`]: pass `&mut *transaction` where sqlx wants an executor. When whoever has it
/// panics, the work cannot be committed any more.
pub struct LentTransaction {
    transaction: OwnedMappedMutexGuard<Option<TenantTransaction>, TenantTransaction>,
    work: Arc<Work>,
}

impl Deref for LentTransaction {
    type Target = TenantTransaction;

    fn deref(&self) -> &TenantTransaction {
        &self.transaction
    }
}

impl DerefMut for LentTransaction {
    fn deref_mut(&mut self) -> &mut TenantTransaction {
        &mut self.transaction
    }
}

impl Drop for LentTransaction {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.work.over.store(true, Ordering::Release);
        }
    }
}

impl fmt::Debug for UnitOfWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let over = self.0.over.load(Ordering::Acquire);
        f.debug_struct("UnitOfWork")
            .field("over", &over)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for LentTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LentTransaction")
            .field(&*self.transaction)
            .finish()
    }
}
