//! `AllTenants`, work across tenants with a role of its own.

use std::fmt;

use sqlx::{AssertSqlSafe, PgPool};
use tenancy_core::danger::justified;

use super::NoReason;
use crate::executor::delegate_executor;
use crate::open_transaction::{Manner, OpenTransaction};
use crate::{Error, TransactionOptions, pool};

/// Work that spans tenants: invoices for all, a count, a repair.
///
/// It takes a pool of its own, whose role is the one of `Rls::all_tenants_role` and not that of the service: a
/// policy lets that role see every row, and no setting that SQL could change does. Each transaction writes who
/// works across tenants, when and why into the table `tenancy.all_tenants_record` before its first statement, and
/// does not begin when that fails.
///
/// ```no_run
/// use tenancy_sqlx::{danger::AllTenants, pool_options};
///
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let pool = pool_options().connect("postgres://billing:secret@localhost/service").await?;
/// let all = AllTenants::justified(pool, "monthly invoices")?;
///
/// let mut transaction = all.begin().await?;
/// let per_tenant: Vec<(String, i64)> =
///     sqlx::query_as("SELECT tenant_id, count(*) FROM note GROUP BY tenant_id")
///         .fetch_all(&mut transaction)
///         .await?;
/// # let _ = per_tenant;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct AllTenants {
    pool: PgPool,
    reason: String,
    writes: bool,
}

/// A transaction that sees the rows of all tenants. Dropped, it is rolled back.
#[must_use = "dropped, it is rolled back"]
pub struct AllTenantsTransaction {
    open: OpenTransaction,
}

delegate_executor!(AllTenantsTransaction);

/// Speaks like a pool behind PgBouncer, which is right everywhere and as quick as such work needs to be.
fn manner() -> Manner {
    Manner::new(false, "RESET search_path; ")
}

/// Tables that look empty to the role: it may read them, policies bind it, and none is for it.
const BLIND: &str = "SELECT pg_catalog.string_agg(pg_catalog.format('%s.%s', n.nspname, c.relname), ', ' ORDER BY 1) \
     FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     WHERE c.relkind IN ('r', 'p') AND n.nspname <> 'tenancy' \
       AND pg_catalog.row_security_active(c.oid) AND pg_catalog.has_table_privilege(c.oid, 'SELECT') \
       AND NOT EXISTS (SELECT FROM pg_catalog.pg_policy p \
                       WHERE p.polrelid = c.oid AND p.polpermissive AND p.polcmd IN ('r', '*') \
                         AND EXISTS (SELECT FROM unnest(p.polroles) AS role \
                                     WHERE role <> 0 AND pg_catalog.pg_has_role(role, 'MEMBER')))";

const RECORD: &str = "INSERT INTO tenancy.all_tenants_record (reason, read_only) VALUES ($1, $2)";

impl AllTenants {
    /// Work across tenants over `pool`, for a reason in words. It only reads unless
    /// [`writing`](Self::writing) is asked for.
    ///
    /// # Errors
    /// When `reason` is blank.
    pub fn justified(pool: PgPool, reason: &str) -> Result<Self, NoReason> {
        let reason = justified(reason)?.to_owned();
        tracing::warn!(target: "tenancy::danger", reason, "works across tenants");
        Ok(Self {
            pool,
            reason,
            writes: false,
        })
    }

    /// Lets transactions write.
    pub fn writing(mut self) -> Self {
        self.writes = true;
        self
    }

    /// Writes the record, then begins a transaction that sees the rows of all tenants.
    ///
    /// # Errors
    /// [`Error::NoAllTenantsRole`] when the role of the pool may not write records, as that of a service may not;
    /// [`Error::AllTenantsBlind`] when no policy shows the role the rows of all tenants of a table that it may read;
    /// [`Error::Database`] when the database cannot be reached.
    pub async fn begin(&self) -> Result<AllTenantsTransaction, Error> {
        self.record().await?;
        let options = TransactionOptions::new();
        let options = if self.writes {
            options
        } else {
            options.read_only()
        };
        let open = pool::open(&self.pool, &options.begin(), &manner()).await?;
        Ok(AllTenantsTransaction { open })
    }

    /// In a transaction of its own, so that it stays whatever becomes of the work.
    async fn record(&self) -> Result<(), Error> {
        let mut open = pool::open(&self.pool, "BEGIN READ WRITE", &manner()).await?;
        let (role, blind): (String, Option<String>) = sqlx::query_as(AssertSqlSafe(format!(
            "SELECT current_user::text, ({BLIND})"
        )))
        .persistent(false)
        .fetch_one(&mut *open.connection)
        .await?;
        let written = sqlx::query(RECORD)
            .bind(&self.reason)
            .bind(!self.writes)
            .persistent(false)
            .execute(&mut *open.connection)
            .await;
        match written {
            Ok(_) => open.commit().await?,
            Err(error) if refuses(&error) => return Err(Error::NoAllTenantsRole { role }),
            Err(error) => return Err(error.into()),
        }
        match blind {
            Some(tables) => Err(Error::AllTenantsBlind { role, tables }),
            None => Ok(()),
        }
    }
}

/// Whether the role may not write records, or there is no place for them.
fn refuses(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    matches!(code.as_deref(), Some("42501" | "42P01" | "3F000"))
}

impl AllTenantsTransaction {
    /// Commits.
    ///
    /// # Errors
    /// As for [`TenantTransaction::commit`](crate::TenantTransaction::commit).
    pub async fn commit(mut self) -> Result<(), Error> {
        self.open.commit().await
    }

    /// Rolls back and waits until that is done.
    ///
    /// # Errors
    /// When the server cannot be reached. The transaction is over all the same.
    pub async fn rollback(mut self) -> Result<(), Error> {
        self.open.rollback().await
    }
}

impl fmt::Debug for AllTenants {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllTenants")
            .field("reason", &self.reason)
            .field("writes", &self.writes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for AllTenantsTransaction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AllTenantsTransaction")
            .finish_non_exhaustive()
    }
}
