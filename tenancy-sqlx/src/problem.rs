//! What a client is told of an [`Error`].

use tenancy_core::Problem;

use crate::Error;

impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        match error {
            Error::PoolShare { .. } => Self::Unavailable,
            Error::Database(error) if is_outage(error) => Self::Unavailable,
            Error::Cursor(_) => Self::InvalidCursor,
            _ => Self::Internal,
        }
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

/// By the class of the code, its first two letters ([Postgres, Appendix A]).
///
/// [Postgres, Appendix A]: https://www.postgresql.org/docs/current/errcodes-appendix.html
fn is_outage_code(code: &str) -> bool {
    const CONNECTION_EXCEPTION: &str = "08";
    const INVALID_AUTHORIZATION: &str = "28";
    const INVALID_CATALOG_NAME: &str = "3D";
    /// Serialization failures and deadlocks, which another attempt may not meet.
    const TRANSACTION_ROLLBACK: &str = "40";
    const INSUFFICIENT_RESOURCES: &str = "53";
    /// Of an operator, a shutdown, or a statement that took too long.
    const OPERATOR_INTERVENTION: &str = "57";
    const SYSTEM_ERROR: &str = "58";
    [
        CONNECTION_EXCEPTION,
        INVALID_AUTHORIZATION,
        INVALID_CATALOG_NAME,
        TRANSACTION_ROLLBACK,
        INSUFFICIENT_RESOURCES,
        OPERATOR_INTERVENTION,
        SYSTEM_ERROR,
    ]
    .iter()
    .any(|class| code.starts_with(class))
}

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
            assert_eq!(Problem::from(&error), expected, "{error}");
        }
    }
}
