//! Why an envelope is not sealed or not opened.

use std::time::Duration;

use super::envelopes::MAX_REASON;
use crate::{InvalidIdentifier, IssueError, TenantDirectoryUnavailable};

/// Envelopes cannot be made as they were asked for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobSealError {
    /// The name of the queue is no name.
    #[error("{0}; name the queue as other names are: 1 to 255 bytes, without control characters")]
    Queue(#[from] InvalidIdentifier),
    /// The shared secret is shorter than its hash, or is meant for an algorithm that has none.
    #[error(
        "a shared secret is for HS256, HS384 or HS512, and of 32, 48 or 64 random bytes at least"
    )]
    Secret,
    /// The key does not sign.
    #[error("an envelope cannot be signed with this key: {0}")]
    Key(#[from] IssueError),
    /// The reason is blank, too long, or has control characters.
    #[error(
        "a job needs a reason in words, of at most {MAX_REASON} bytes and without control characters"
    )]
    Reason,
    /// The envelope would be good for less than a second or for more than 366 days.
    #[error("an envelope is good for at least a second and at most 366 days")]
    Lifetime,
}

/// An envelope is not opened. What a worker does then:
///
/// | | |
/// |---|---|
/// | [`NotSealed`](Self::NotSealed), [`OtherQueue`](Self::OtherQueue) | drop the job and tell somebody: others write into the queue |
/// | [`Expired`](Self::Expired), [`TenantUnknown`](Self::TenantUnknown), [`TenantDeleted`](Self::TenantDeleted) | drop the job |
/// | [`TenantSuspended`](Self::TenantSuspended) | drop the job, or put it aside until the tenant is active again |
/// | [`Unavailable`](Self::Unavailable) | try again [later](Self::retry_after) |
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JobOpenError {
    /// None of the keys has sealed it: it is forged, changed, something else than an envelope, or of a key that was
    /// retired.
    #[error("none of the keys has sealed the envelope")]
    NotSealed,
    /// It is for another queue.
    #[error("the envelope is for another queue")]
    OtherQueue,
    /// It is no longer good, and never will be.
    #[error("the envelope has expired")]
    Expired,
    /// The directory does not know its tenant.
    #[error("the envelope is for a tenant that does not exist")]
    TenantUnknown,
    /// Its tenant is suspended.
    #[error("the envelope is for a tenant that is suspended")]
    TenantSuspended,
    /// Its tenant was deleted.
    #[error("the envelope is for a tenant that was deleted")]
    TenantDeleted,
    /// The directory does not answer.
    #[error(transparent)]
    Unavailable(#[from] TenantDirectoryUnavailable),
}

impl JobOpenError {
    /// After how long opening the same envelope again makes sense. `None` when it does not.
    ///
    /// Of a tenant that is suspended nobody knows how long it will be.
    pub fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::Unavailable(error) => Some(error.retry_after),
            _ => None,
        }
    }
}
