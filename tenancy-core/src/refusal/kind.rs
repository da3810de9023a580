//! `RefusalKind`, and the one table of what the client is told.

/// What a refusal means for the client. The stable code of each is [`code`](Self::code).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RefusalKind {
    /// There is no credential.
    MissingCredential,
    /// There is no API key, and the service takes nothing else.
    MissingApiKey,
    /// The credential is malformed, or there are several.
    MalformedCredential,
    /// The token must not be accepted.
    InvalidToken,
    /// The API key must not be accepted: it is unknown, revoked or expired.
    InvalidApiKey,
    /// The credential is good, and the request has to say for which tenant it is: the credential is for several, or the service
    /// wants it [named](crate::Admission::require_named_tenant).
    TenantNotNamed,
    /// The credential is good, and is not for the tenant that the request names, or that tenant is not served: unknown,
    /// suspended or deleted.
    TenantNotGranted,
    /// The credential is good, and is not for the project that the request names, be it that there is none.
    ProjectNotGranted,
    /// The credential is good, and lacks a role or permission.
    InsufficientScope,
    /// The tenant makes more requests in a time than its [`Allowance`](crate::Allowance) permits.
    RateLimited,
    /// The tenant makes more requests at once than its [`Allowance`](crate::Allowance) permits.
    TooManyConcurrent,
    /// The issuer's keys are not to be had, so that nothing can be decided now.
    KeysUnavailable,
    /// A directory, of issuers or of tenants, the revocations, the store of API keys, or who knows of access to projects
    /// does not answer, so that nothing can be decided now.
    Unavailable,
}

impl RefusalKind {
    /// The stable code in the body and, for those of RFC 6750 §3.1, in the challenge.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// The table: status ([RFC 6750 §3.1], [RFC 6585 §4]), code, title, and whether a challenge names the code.
    ///
    /// [RFC 6750 §3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    /// [RFC 6585 §4]: https://www.rfc-editor.org/rfc/rfc6585#section-4
    pub(super) fn row(self) -> (u16, &'static str, &'static str, Challenge) {
        match self {
            Self::MissingCredential => (
                401,
                "missing_token",
                "A bearer token is required",
                Challenge::Bare,
            ),
            Self::MissingApiKey => (
                401,
                "missing_api_key",
                "An API key is required",
                Challenge::ApiKey,
            ),
            Self::MalformedCredential => (
                400,
                "invalid_request",
                "The credential is malformed",
                Challenge::Coded,
            ),
            Self::InvalidToken => (
                401,
                "invalid_token",
                "The token is not accepted",
                Challenge::Coded,
            ),
            Self::InvalidApiKey => (
                401,
                "invalid_api_key",
                "The API key is not accepted",
                Challenge::ApiKey,
            ),
            Self::TenantNotNamed => (
                403,
                "tenant_not_named",
                "The request has to name a tenant",
                Challenge::None,
            ),
            Self::TenantNotGranted => (
                403,
                "tenant_not_granted",
                "The credential is not for this tenant",
                Challenge::None,
            ),
            Self::ProjectNotGranted => (
                403,
                "project_not_granted",
                "The credential is not for this project",
                Challenge::None,
            ),
            Self::InsufficientScope => (
                403,
                "insufficient_scope",
                "The credential lacks a permission",
                Challenge::Coded,
            ),
            Self::RateLimited => (
                429,
                "rate_limited",
                "The tenant makes too many requests",
                Challenge::None,
            ),
            Self::TooManyConcurrent => (
                503,
                "too_many_concurrent_requests",
                "The tenant makes too many requests at once",
                Challenge::None,
            ),
            Self::KeysUnavailable => (
                503,
                "keys_unavailable",
                "Tokens cannot be verified now",
                Challenge::None,
            ),
            Self::Unavailable => (
                503,
                "temporarily_unavailable",
                "The request cannot be served now",
                Challenge::None,
            ),
        }
    }
}

/// What a `WWW-Authenticate` of an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Challenge {
    None,
    /// RFC 6750 §3.1: no error code for a request that lacks any authentication information.
    Bare,
    Coded,
    /// No RFC has a scheme for API keys, and RFC 9110 §15.5.2 wants a challenge with each 401.
    ApiKey,
}
