//! `Refusal`, why a request is not admitted.

mod cause;
mod kind;
mod problem;
mod response;
#[cfg(test)]
mod tests;
mod unserved;

pub use self::cause::RefusalCause;
pub use self::kind::RefusalKind;
pub use self::problem::Problem;
pub use self::response::RefusalResponse;
pub(crate) use self::response::{Served, Wording};
pub use self::unserved::Unserved;
use crate::watch;

/// Why a request is not admitted.
///
/// It has two audiences. `Display` and [`cause`](Self::cause) are for the operator's logs and say precisely
/// what happened. The client gets the [`response`](Self::response), which depends on the [`kind`](Self::kind) alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Refusal {
    cause: RefusalCause,
    /// Made early, by whoever knows how the service words its refusals.
    response: Box<RefusalResponse>,
}

impl Refusal {
    pub(crate) fn worded(cause: RefusalCause, wording: &Wording) -> Self {
        let response = Box::new(wording.response(&cause));
        Self { cause, response }
    }

    /// What the refusal means for the client.
    pub fn kind(&self) -> RefusalKind {
        self.cause.kind()
    }

    /// What happened precisely.
    pub fn cause(&self) -> &RefusalCause {
        &self.cause
    }

    /// What the client is told.
    pub fn response(&self) -> &RefusalResponse {
        &self.response
    }

    /// Counts it and logs its cause.
    pub(crate) fn record(&self) {
        let code = self.kind().code();
        watch::refusal(code);
        tracing::info!(target: "tenancy::admission", code, cause = %self, "refused a request");
    }
}

/// Worded as a service with tokens and the realm `api` does. [`Admission::refusal`](crate::Admission::refusal) knows the words of
/// yours.
impl From<RefusalCause> for Refusal {
    fn from(cause: RefusalCause) -> Self {
        Self::worded(cause, &Wording::default())
    }
}
