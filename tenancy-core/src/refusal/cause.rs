//! `RefusalCause`, what happened precisely, and what it means for the client.

use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use super::RefusalKind;
use crate::limits::whole_seconds;
use crate::{
    ApiKeyProblem, ApiKeyStoreUnavailable, MalformedCredential, ProjectAccessUnavailable,
    RateLimit, TenantDirectoryUnavailable, TokenProblem, VerifyError,
};

/// The precise cause of a refusal. For logs, never for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalCause {
    /// There is no credential.
    Missing,
    /// There is no API key, and the service takes nothing else.
    MissingApiKey,
    /// The credential is malformed.
    Malformed(MalformedCredential),
    /// The token breaks a rule.
    Token(TokenProblem),
    /// The API key is not accepted.
    ApiKey(ApiKeyProblem),
    /// The request names no tenant, and the credential is for several, or the service wants it
    /// [named](crate::Admission::require_named_tenant).
    TenantNotNamed,
    /// The credential is not for the tenant that the request names, or what the request has there is the name of none.
    TenantNotGranted {
        /// The place that names it, such as its host or a header.
        place: &'static str,
    },
    /// Two places of the request, such as its host and a header, name different tenants.
    TenantsDisagree {
        /// The place that was read first.
        first: &'static str,
        /// The place that does not agree with it.
        second: &'static str,
    },
    /// The credential is for a tenant that the directory does not know.
    TenantUnknown,
    /// The credential is for a tenant that is suspended.
    TenantSuspended,
    /// The credential is for a tenant that was deleted.
    TenantDeleted,
    /// The token is not for the project that the request names, or the request names it in a way that no project can
    /// be named.
    ProjectNotGranted,
    /// Two places of the request, such as its path and a header, name different projects.
    ProjectsDisagree {
        /// The place that was read first.
        first: &'static str,
        /// The place that does not agree with it.
        second: &'static str,
    },
    /// [`ProjectAccess`](crate::ProjectAccess) does not let the subject into the project.
    ProjectAccessDenied,
    /// The request names a project, and nothing says who may enter it: the token says nothing of projects, and the
    /// service has no [`ProjectAccess`](crate::ProjectAccess).
    ProjectUndecided,
    /// A role or permission is missing.
    Lacking {
        /// What the service asked for, such as `role Admin`.
        needed: String,
    },
    /// The tenant has used up its rate.
    RateLimited {
        /// Its rate.
        limit: RateLimit,
        /// When the next request is permitted.
        retry_after: Duration,
    },
    /// The tenant makes as many requests as it may make at once.
    TooManyConcurrent {
        /// How many that are.
        at_most: NonZeroU32,
    },
    /// The keys of the issuer are not to be had.
    KeysUnavailable {
        /// When asking again makes sense.
        retry_after: Duration,
        /// What happened to the last fetch.
        cause: String,
    },
    /// A directory, of issuers or of tenants, the revocations, the store of API keys, or who knows of access to projects
    /// does not answer.
    Unavailable {
        /// When asking again makes sense.
        retry_after: Duration,
        /// What happened.
        cause: String,
    },
}

impl RefusalCause {
    /// What it means for the client.
    pub(super) fn kind(&self) -> RefusalKind {
        match self {
            Self::Missing => RefusalKind::MissingCredential,
            Self::MissingApiKey => RefusalKind::MissingApiKey,
            Self::Malformed(_) => RefusalKind::MalformedCredential,
            Self::Token(_) => RefusalKind::InvalidToken,
            Self::ApiKey(_) => RefusalKind::InvalidApiKey,
            Self::TenantNotNamed => RefusalKind::TenantNotNamed,
            // One answer: what becomes of a tenant is none of an outsider's business.
            Self::TenantNotGranted { .. }
            | Self::TenantsDisagree { .. }
            | Self::TenantUnknown
            | Self::TenantSuspended
            | Self::TenantDeleted => RefusalKind::TenantNotGranted,
            // One answer, for the same reason.
            Self::ProjectNotGranted
            | Self::ProjectsDisagree { .. }
            | Self::ProjectAccessDenied
            | Self::ProjectUndecided => RefusalKind::ProjectNotGranted,
            Self::Lacking { .. } => RefusalKind::InsufficientScope,
            Self::RateLimited { .. } => RefusalKind::RateLimited,
            Self::TooManyConcurrent { .. } => RefusalKind::TooManyConcurrent,
            Self::KeysUnavailable { .. } => RefusalKind::KeysUnavailable,
            Self::Unavailable { .. } => RefusalKind::Unavailable,
        }
    }

    pub(super) fn retry_after(&self) -> Option<Duration> {
        match *self {
            Self::KeysUnavailable { retry_after, .. }
            | Self::RateLimited { retry_after, .. }
            | Self::Unavailable { retry_after, .. } => Some(retry_after),
            // Nobody knows when a request ends; most are short.
            Self::TooManyConcurrent { .. } => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    pub(super) fn rate_limit(&self) -> Option<[(&'static str, String); 2]> {
        match *self {
            Self::RateLimited { limit, retry_after } => {
                Some(limit.fields(0, whole_seconds(retry_after)))
            }
            _ => None,
        }
    }
}

impl fmt::Display for RefusalCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing authorization token"),
            Self::MissingApiKey => f.write_str("missing API key"),
            Self::Malformed(problem) => problem.fmt(f),
            Self::Token(problem) => problem.fmt(f),
            Self::ApiKey(problem) => problem.fmt(f),
            Self::KeysUnavailable { cause, .. } => {
                write!(f, "signing keys are unavailable: {cause}")
            }
            Self::TenantNotNamed => {
                f.write_str("the request names no tenant, and has to")
            }
            Self::TenantNotGranted { place } => write!(
                f,
                "{place} names a tenant that the credential is not for, or none at all"
            ),
            Self::TenantsDisagree { first, second } => {
                write!(f, "{first} and {second} name different tenants")
            }
            Self::TenantUnknown => f.write_str("credential is for a tenant that does not exist"),
            Self::TenantSuspended => f.write_str("credential is for a tenant that is suspended"),
            Self::TenantDeleted => f.write_str("credential is for a tenant that was deleted"),
            Self::ProjectNotGranted => {
                f.write_str("credential is not for the project that the request names")
            }
            Self::ProjectsDisagree { first, second } => {
                write!(f, "{first} and {second} name different projects")
            }
            Self::ProjectAccessDenied => {
                f.write_str("the subject has no access to the project")
            }
            Self::ProjectUndecided => f.write_str(
                "the request names a project, of which the credential says nothing, and there is no `ProjectAccess` to ask",
            ),
            Self::Lacking { needed } => write!(f, "credential lacks `{needed}`"),
            Self::RateLimited { .. } => f.write_str("the tenant has used up its rate"),
            Self::TooManyConcurrent { at_most } => {
                write!(f, "the tenant makes {at_most} requests already")
            }
            Self::Unavailable { cause, .. } => f.write_str(cause),
        }
    }
}

impl From<MalformedCredential> for RefusalCause {
    fn from(problem: MalformedCredential) -> Self {
        Self::Malformed(problem)
    }
}

impl From<VerifyError> for RefusalCause {
    fn from(error: VerifyError) -> Self {
        match error {
            VerifyError::Token(problem) => Self::Token(problem),
            VerifyError::KeysUnavailable { retry_after, cause } => {
                Self::KeysUnavailable { retry_after, cause }
            }
            VerifyError::Unavailable { retry_after, cause } => {
                Self::Unavailable { retry_after, cause }
            }
        }
    }
}

impl From<TenantDirectoryUnavailable> for RefusalCause {
    fn from(error: TenantDirectoryUnavailable) -> Self {
        Self::Unavailable {
            retry_after: error.retry_after,
            cause: error.to_string(),
        }
    }
}

impl From<ApiKeyStoreUnavailable> for RefusalCause {
    fn from(error: ApiKeyStoreUnavailable) -> Self {
        Self::Unavailable {
            retry_after: error.retry_after,
            cause: error.to_string(),
        }
    }
}

impl From<ProjectAccessUnavailable> for RefusalCause {
    fn from(error: ProjectAccessUnavailable) -> Self {
        Self::Unavailable {
            retry_after: error.retry_after,
            cause: error.to_string(),
        }
    }
}

impl From<ApiKeyProblem> for RefusalCause {
    fn from(problem: ApiKeyProblem) -> Self {
        Self::ApiKey(problem)
    }
}
