//! `Visitor`, what is verified of whoever made a request, whether it was admitted or not.

use tracing::Span;

use crate::admission::Proved;
use crate::limits::WeakPermit;
use crate::{Admitted, Permit, ProjectId, SubjectId, TenantContext, TenantId};

#[derive(Debug)]
pub(crate) enum Visitor {
    Admitted(TenantContext, WeakPermit),
    Refused(Box<Proved>),
    /// It has no credential, or nobody has looked at it yet.
    Nobody,
    /// Nobody ever looks at its credential.
    Exempt,
}

impl Visitor {
    pub(super) fn admitted(admitted: &Admitted) -> Self {
        match admitted {
            Admitted::For(context, permit) => Self::Admitted(context.clone(), permit.downgrade()),
            Admitted::Anonymous => Self::Nobody,
            Admitted::Exempt => Self::Exempt,
        }
    }

    pub(super) fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Admitted(context, _) => Some(context.tenant()),
            Self::Refused(proved) => proved.tenant.as_ref(),
            Self::Nobody | Self::Exempt => None,
        }
    }

    /// The tenant, if nobody can have made it up.
    pub(super) fn known_tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Refused(proved) if proved.is_unknown => None,
            _ => self.tenant(),
        }
    }

    pub(super) fn project(&self) -> Option<&ProjectId> {
        match self {
            Self::Admitted(context, _) => context.project(),
            _ => None,
        }
    }

    pub(super) fn subject(&self) -> Option<&SubjectId> {
        match self {
            Self::Admitted(context, _) => context.subject(),
            Self::Refused(proved) => proved.subject.as_ref(),
            Self::Nobody | Self::Exempt => None,
        }
    }

    /// Its place among the requests that its tenant may make at once, unless nobody counts it.
    pub(super) fn permit(&self) -> Option<Permit> {
        match self {
            Self::Admitted(_, permit) => permit.upgrade(),
            Self::Nobody => Some(Permit::default()),
            Self::Refused(_) | Self::Exempt => None,
        }
    }

    pub(super) fn record(&self, span: &Span) {
        if span.is_disabled() {
            return;
        }
        span.record("tenancy.tenant", self.tenant().map(TenantId::as_str));
        span.record("tenancy.project", self.project().map(ProjectId::as_str));
        span.record("tenancy.subject", self.subject().map(SubjectId::as_str));
    }
}
