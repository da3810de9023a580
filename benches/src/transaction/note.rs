//! The statements on the table `note`: as under a policy, and with a `WHERE` by hand.

use sqlx::PgExecutor;

/// Whose notes are read and written. Its rows are 0 to 99.
pub(super) const TENANT: &str = "tenant-0";
/// A row of another tenant.
pub(super) const FOREIGN: i64 = 100;
const BODY: &str = "the body of a note";

/// What a transaction does with one note.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Statement {
    Read,
    Write,
}

impl Statement {
    /// Leaves the tenant to the policy. Whether there was the one row that there should be.
    pub(super) async fn run(
        self,
        executor: impl PgExecutor<'_>,
        row: i64,
    ) -> Result<bool, sqlx::Error> {
        match self {
            Self::Read => {
                let body = sqlx::query_scalar("SELECT body FROM note WHERE id = $1").bind(row);
                Ok(is_right(body.fetch_optional(executor).await?))
            }
            Self::Write => {
                let seen = sqlx::query("UPDATE note SET seen = seen + 1 WHERE id = $1").bind(row);
                Ok(seen.execute(executor).await?.rows_affected() == 1)
            }
        }
    }

    /// Names the tenant.
    pub(super) async fn run_where(
        self,
        executor: impl PgExecutor<'_>,
        row: i64,
    ) -> Result<bool, sqlx::Error> {
        match self {
            Self::Read => {
                let sql = "SELECT body FROM note WHERE tenant_id = $1 AND id = $2";
                let body = sqlx::query_scalar(sql).bind(TENANT).bind(row);
                Ok(is_right(body.fetch_optional(executor).await?))
            }
            Self::Write => {
                let sql = "UPDATE note SET seen = seen + 1 WHERE tenant_id = $1 AND id = $2";
                let seen = sqlx::query(sql).bind(TENANT).bind(row);
                Ok(seen.execute(executor).await?.rows_affected() == 1)
            }
        }
    }
}

fn is_right(body: Option<String>) -> bool {
    body.is_some_and(|body| body == BODY)
}
