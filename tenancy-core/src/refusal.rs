//! `Refusal`, why a request is not admitted.

mod cause;
mod kind;
mod response;
#[cfg(test)]
mod tests;

pub use self::cause::RefusalCause;
pub use self::kind::RefusalKind;
pub use self::response::RefusalResponse;
pub(crate) use self::response::{Served, Wording};
use crate::{MalformedCredential, VerifyError, watch};

/// Why a request is not admitted.
///
/// It has two audiences. `Display` and [`cause`](Self::cause) are for the operator's logs and say precisely
/// what happened. The client gets the [`RefusalResponse`], which depends on the [`kind`](Self::kind) alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Refusal {
    cause: RefusalCause,
}

impl Refusal {
    /// What the refusal means for the client.
    pub fn kind(&self) -> RefusalKind {
        self.cause.kind()
    }

    /// What happened precisely.
    pub fn cause(&self) -> &RefusalCause {
        &self.cause
    }

    /// Counts it and logs its cause.
    pub(crate) fn record(&self) {
        let code = self.kind().code();
        watch::refusal(code);
        tracing::info!(target: "tenancy::admission", code, cause = %self, "refused a request");
    }
}

impl From<MalformedCredential> for Refusal {
    fn from(problem: MalformedCredential) -> Self {
        Self {
            cause: RefusalCause::Malformed(problem),
        }
    }
}

impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        let cause = match error {
            VerifyError::Token(problem) => RefusalCause::Token(problem),
            VerifyError::KeysUnavailable { retry_after, cause } => {
                RefusalCause::KeysUnavailable { retry_after, cause }
            }
            VerifyError::Unavailable { retry_after, cause } => {
                RefusalCause::Unavailable { retry_after, cause }
            }
        };
        Self { cause }
    }
}

impl From<RefusalCause> for Refusal {
    fn from(cause: RefusalCause) -> Self {
        Self { cause }
    }
}
