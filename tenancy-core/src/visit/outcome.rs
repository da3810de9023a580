//! `AuditOutcome`, how a request ended.

use std::fmt;

use crate::RefusalKind;

/// How a request, or what a handler did in it, ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuditOutcome {
    /// It was let, and answered with a status below 500 other than 401 and 403.
    Allowed,
    /// It was refused by admission or a guard, or answered with 401 or 403.
    Denied,
    /// It was answered with 500 or above, or the service gave an error or panicked; or nothing could be decided about it,
    /// because keys or directories were not to be had.
    Failed,
    /// It has no answer, because its client went away first.
    Abandoned,
}

impl AuditOutcome {
    /// As it stands in counters and logs: `allowed`, `denied`, `failed` or `abandoned`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Denied => "denied",
            Self::Failed => "failed",
            Self::Abandoned => "abandoned",
        }
    }

    pub(super) fn of_answer(status: u16, refusal: Option<RefusalKind>) -> Self {
        use RefusalKind::{KeysUnavailable, Unavailable};
        match (status, refusal) {
            (_, Some(KeysUnavailable | Unavailable)) | (500.., None) => Self::Failed,
            (_, Some(_)) | (401 | 403, None) => Self::Denied,
            (_, None) => Self::Allowed,
        }
    }
}

impl fmt::Display for AuditOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_decided_is_a_failure_and_other_refusals_are_denials() {
        for (status, refusal, expected) in [
            (200, None, AuditOutcome::Allowed),
            (101, None, AuditOutcome::Allowed),
            (404, None, AuditOutcome::Allowed),
            (401, None, AuditOutcome::Denied),
            (403, None, AuditOutcome::Denied),
            (500, None, AuditOutcome::Failed),
            (503, None, AuditOutcome::Failed),
            (
                400,
                Some(RefusalKind::MalformedCredential),
                AuditOutcome::Denied,
            ),
            (429, Some(RefusalKind::RateLimited), AuditOutcome::Denied),
            (
                503,
                Some(RefusalKind::TooManyConcurrent),
                AuditOutcome::Denied,
            ),
            (
                503,
                Some(RefusalKind::KeysUnavailable),
                AuditOutcome::Failed,
            ),
            (503, Some(RefusalKind::Unavailable), AuditOutcome::Failed),
        ] {
            assert_eq!(
                AuditOutcome::of_answer(status, refusal),
                expected,
                "{status} {refusal:?}"
            );
        }
    }
}
