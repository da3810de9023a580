//! `Failure`, what a failed statement means for its transaction.

use sqlx::Error;

/// Why a transaction cannot be committed any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Another transaction was in the way: the same work may succeed when it is done again.
    Conflict,
    /// The server had given up the transaction before.
    InFailedTransaction,
    /// Anything else.
    Other,
}

impl Failure {
    /// What `error` means. A row that cannot be decoded leaves the transaction whole; any other error is one too
    /// many to commit after.
    pub(crate) fn of(error: &Error) -> Option<Self> {
        match error {
            Error::RowNotFound | Error::ColumnDecode { .. } | Error::Decode(_) => None,
            Error::Database(error) => Some(match error.code().as_deref() {
                // serialization_failure and deadlock_detected (PostgreSQL manual §13.5).
                Some("40001" | "40P01") => Self::Conflict,
                Some("25P02") => Self::InFailedTransaction,
                _ => Self::Other,
            }),
            _ => Some(Self::Other),
        }
    }

    /// Remembers the first thing that went wrong: what follows is a consequence of it.
    pub(crate) fn note(failure: &mut Option<Self>, error: &Error) {
        *failure = failure.or(Self::of(error));
    }
}

/// Whether the server closed the connection before it looked at what was sent: nothing has run, and another
/// connection may do.
pub(crate) fn is_gone(error: &Error) -> bool {
    match error {
        Error::Io(_) => true,
        // Shut down or restarted while the connection was idle (PostgreSQL manual, appendix A), or cut off by a
        // pooler that lost its server.
        Error::Database(error) => matches!(
            error.code().as_deref(),
            Some("57P01" | "57P02" | "57P05" | "08P01" | "08006")
        ),
        _ => false,
    }
}
