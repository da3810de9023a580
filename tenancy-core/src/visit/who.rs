//! `Who`, of whom a request has proved to be, whether it was admitted or not.

use tracing::Span;

use crate::{ProjectId, SubjectId, TenantContext, TenantId};

#[derive(Debug, Clone, Default)]
pub(crate) struct Who {
    pub(crate) tenant: Option<TenantId>,
    pub(crate) project: Option<ProjectId>,
    pub(crate) subject: Option<SubjectId>,
    /// The directory does not know the tenant. Whoever issues credentials may have made it up.
    pub(crate) is_unknown: bool,
}

impl Who {
    pub(crate) fn is(context: &TenantContext) -> Self {
        Self {
            tenant: Some(context.tenant().clone()),
            project: context.project().cloned(),
            subject: context.subject().cloned(),
            is_unknown: false,
        }
    }

    pub(super) fn record(&self, span: &Span) {
        if span.is_disabled() {
            return;
        }
        span.record("tenancy.tenant", self.tenant.as_ref().map(TenantId::as_str));
        let project = self.project.as_ref().map(ProjectId::as_str);
        span.record("tenancy.project", project);
        let subject = self.subject.as_ref().map(SubjectId::as_str);
        span.record("tenancy.subject", subject);
    }
}
