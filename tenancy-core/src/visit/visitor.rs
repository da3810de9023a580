//! `Visitor`, of whom a request has proved to be, whether it was admitted or not.

use tracing::Span;

use crate::admission::{Proved, Refused};
use crate::{Admitted, ProjectId, SubjectId, TenantContext, TenantId};

#[derive(Debug, Clone)]
pub(crate) enum Visitor {
    Admitted(TenantContext),
    Refused(Proved),
    /// It has no credential, or nobody has looked at it yet.
    Nobody,
    /// Nobody ever looks at its credential.
    Exempt,
}

impl Visitor {
    pub(super) fn of(decided: &Result<Admitted, Refused>) -> Self {
        match decided {
            Ok(Admitted::For(context, _)) => Self::Admitted(context.clone()),
            Ok(Admitted::Anonymous) => Self::Nobody,
            Ok(Admitted::Exempt) => Self::Exempt,
            Err(Refused { proved, .. }) => Self::Refused(proved.clone()),
        }
    }

    pub(super) fn tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Admitted(context) => Some(context.tenant()),
            Self::Refused(proved) => proved.tenant.as_ref(),
            Self::Nobody | Self::Exempt => None,
        }
    }

    /// The tenant, if nobody can have made it up.
    pub(super) fn known_tenant(&self) -> Option<&TenantId> {
        match self {
            Self::Refused(Proved { is_unknown, .. }) if *is_unknown => None,
            _ => self.tenant(),
        }
    }

    pub(super) fn project(&self) -> Option<&ProjectId> {
        match self {
            Self::Admitted(context) => context.project(),
            _ => None,
        }
    }

    pub(super) fn subject(&self) -> Option<&SubjectId> {
        match self {
            Self::Admitted(context) => context.subject(),
            Self::Refused(proved) => proved.subject.as_ref(),
            Self::Nobody | Self::Exempt => None,
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
