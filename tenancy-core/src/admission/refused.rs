//! `Refused`, why a request is refused together with whose it is, for those who watch.

use crate::{RefusalCause, SubjectId, TenantContext, TenantId};

#[derive(Debug)]
pub(crate) struct Refused {
    pub(crate) cause: RefusalCause,
    pub(crate) proved: Box<Proved>,
}

/// What is verified of whoever made a request that is refused: nothing, as long as its credential is not.
#[derive(Debug, Default)]
pub(crate) struct Proved {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) subject: Option<SubjectId>,
    /// No directory has said that there is such a tenant. Whoever issues credentials may have made it up.
    pub(crate) is_unknown: bool,
}

impl Refused {
    /// The request of a subject in its tenant.
    pub(super) fn of(context: &TenantContext, cause: RefusalCause) -> Self {
        Self {
            cause,
            proved: Box::new(Proved {
                tenant: Some(context.tenant().clone()),
                subject: context.subject().cloned(),
                is_unknown: false,
            }),
        }
    }

    /// A request for a tenant that its credential grants.
    pub(super) fn granted(tenant: TenantId, cause: RefusalCause) -> Self {
        let is_known = matches!(
            cause,
            RefusalCause::TenantSuspended | RefusalCause::TenantDeleted
        );
        Self {
            cause,
            proved: Box::new(Proved {
                tenant: Some(tenant),
                subject: None,
                is_unknown: !is_known,
            }),
        }
    }

    pub(super) fn by(mut self, subject: &SubjectId) -> Self {
        self.proved.subject = Some(subject.clone());
        self
    }
}

/// Nothing is proved.
impl<C: Into<RefusalCause>> From<C> for Refused {
    fn from(cause: C) -> Self {
        Self {
            cause: cause.into(),
            proved: Box::default(),
        }
    }
}
