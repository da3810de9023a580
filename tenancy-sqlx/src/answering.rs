//! What a client is told of an [`Error`], and what the logs. For the adapters.

use tenancy_core::Problem;

use crate::Error;

/// Of a handler that passed `error` on, or was not reached for it.
#[doc(hidden)]
pub fn problem(error: &Error) -> Problem {
    let problem = match error {
        Error::PoolShare { .. } => Problem::Unavailable,
        Error::Database(error) if is_outage(error) => Problem::Unavailable,
        Error::Cursor(_) => Problem::InvalidCursor,
        _ => Problem::Internal,
    };
    if problem == Problem::InvalidCursor {
        tracing::info!(target: "tenancy::service", %error, "refused the cursor of a request");
    } else {
        tracing::error!(target: "tenancy::service", %error, "a request could not be served");
    }
    problem
}

/// Of a request whose transaction was not committed.
///
/// Only what the database has rolled back for certain may be tried again. Where the connection was lost, nobody knows.
#[doc(hidden)]
pub fn problem_of_commit(error: &Error) -> Problem {
    tracing::error!(target: "tenancy::transaction", %error, "the transaction of a request was not committed");
    let code = match error {
        Error::Database(sqlx::Error::Database(error)) => error.code(),
        _ => None,
    };
    match code {
        Some(code) if code.starts_with(TRANSACTION_ROLLBACK) => Problem::Unavailable,
        _ => Problem::Internal,
    }
}

/// Whether it is the database that is not to be had, and no fault of the statement.
fn is_outage(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(error) => error.code().is_some_and(|code| is_outage_code(&code)),
        _ => false,
    }
}

/// The codes of Postgres ([Appendix A](https://www.postgresql.org/docs/current/errcodes-appendix.html)): a class is the first two letters.
fn is_outage_code(code: &str) -> bool {
    const CONNECTION_EXCEPTION: &str = "08";
    const IDLE_IN_TRANSACTION_TIMEOUT: &str = "25P03";
    const TRANSACTION_TIMEOUT: &str = "25P04";
    const INVALID_AUTHORIZATION: &str = "28";
    const INVALID_CATALOG_NAME: &str = "3D";
    const INSUFFICIENT_RESOURCES: &str = "53";
    /// A lock that was not to be had at once, or not in time.
    const LOCK_NOT_AVAILABLE: &str = "55P03";
    /// Of an operator, a shutdown, or a statement that took too long.
    const OPERATOR_INTERVENTION: &str = "57";
    const SYSTEM_ERROR: &str = "58";
    [
        CONNECTION_EXCEPTION,
        IDLE_IN_TRANSACTION_TIMEOUT,
        TRANSACTION_TIMEOUT,
        INVALID_AUTHORIZATION,
        INVALID_CATALOG_NAME,
        TRANSACTION_ROLLBACK,
        INSUFFICIENT_RESOURCES,
        LOCK_NOT_AVAILABLE,
        OPERATOR_INTERVENTION,
        SYSTEM_ERROR,
    ]
    .iter()
    .any(|class| code.starts_with(class))
}

/// Serialization failures and deadlocks, which another attempt may not meet.
const TRANSACTION_ROLLBACK: &str = "40";

#[cfg(test)]
mod tests {
    use tenancy_core::TenantId;

    use super::*;
    use crate::InvalidCursor;

    #[test]
    fn an_outage_is_told_from_a_fault() {
        let share = Error::PoolShare {
            tenant: TenantId::parse("acme").unwrap(),
            most: 2,
        };
        let down = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        for (error, expected) in [
            (share, Problem::Unavailable),
            (sqlx::Error::PoolTimedOut.into(), Problem::Unavailable),
            (sqlx::Error::PoolClosed.into(), Problem::Unavailable),
            (sqlx::Error::Io(down()).into(), Problem::Unavailable),
            (sqlx::Error::RowNotFound.into(), Problem::Internal),
            (
                sqlx::Error::ColumnNotFound("id".into()).into(),
                Problem::Internal,
            ),
            (Error::Aborted, Problem::Internal),
            (Error::SecondTenant, Problem::Internal),
            (InvalidCursor.into(), Problem::InvalidCursor),
        ] {
            assert_eq!(problem(&error), expected, "{error}");
        }
    }

    #[test]
    fn codes_of_an_outage_are_told_from_those_of_a_fault() {
        for (code, expected) in [
            ("08006", true),
            ("25P03", true),
            ("25P04", true),
            ("28P01", true),
            ("3D000", true),
            ("40001", true),
            ("40P01", true),
            ("53300", true),
            ("55P03", true),
            ("57014", true),
            ("57P01", true),
            ("58030", true),
            // No active transaction, a failed one, an object in use.
            ("25P01", false),
            ("25P02", false),
            ("55006", false),
            ("22012", false),
            ("23505", false),
            ("42501", false),
            ("XX000", false),
            ("", false),
        ] {
            assert_eq!(is_outage_code(code), expected, "{code}");
        }
    }
}
