//! Envelopes for jobs: how work that is done later, elsewhere, keeps its tenant.

mod envelopes;
mod error;
mod key;

pub use self::envelopes::JobEnvelopes;
pub use self::error::{JobOpenError, JobSealError};
use crate::{ProjectId, SubjectId, TenantId, UnixTime};

/// What an envelope says.
#[derive(Clone)]
pub(crate) struct Job {
    pub(crate) tenant: TenantId,
    pub(crate) subject: Option<SubjectId>,
    pub(crate) project: Option<ProjectId>,
    /// Whoever sealed it reached certain projects of the tenant only, if any.
    pub(crate) is_limited_to_projects: bool,
    pub(crate) reason: String,
    pub(crate) expires_at: UnixTime,
}
