//! `Refusal`, why a request is not admitted, and the one table of what the client is told.

use std::borrow::Cow;
use std::fmt;
use std::num::NonZeroU32;
use std::time::Duration;

use crate::limits::whole_seconds;
use crate::{
    ApiKeyProblem, ApiKeyStoreUnavailable, MalformedCredential, ProjectAccessUnavailable,
    RateLimit, TenantDirectoryUnavailable, TokenProblem, VerifyError, watch,
};

/// Why a request is not admitted.
///
/// It has two audiences. `Display` and [`cause`](Self::cause) are for the operator's logs and say precisely
/// what happened. The client gets the [`RefusalResponse`], which depends on the [`kind`](Self::kind) alone.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{cause}")]
pub struct Refusal {
    cause: RefusalCause,
}

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
    /// The credential is good, and is for several tenants of which the request names none.
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
    /// The token is for several tenants, and the request names none of them.
    TenantNotNamed,
    /// The credential is not for the tenant that the request names, or the request names it in a way that no tenant can
    /// be named.
    TenantNotGranted,
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
        /// Its name, as the service asked for it.
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

impl Refusal {
    /// What the refusal means for the client.
    pub fn kind(&self) -> RefusalKind {
        match self.cause {
            RefusalCause::Missing => RefusalKind::MissingCredential,
            RefusalCause::MissingApiKey => RefusalKind::MissingApiKey,
            RefusalCause::Malformed(_) => RefusalKind::MalformedCredential,
            RefusalCause::Token(_) => RefusalKind::InvalidToken,
            RefusalCause::ApiKey(_) => RefusalKind::InvalidApiKey,
            RefusalCause::TenantNotNamed => RefusalKind::TenantNotNamed,
            // One answer: what becomes of a tenant is none of an outsider's business.
            RefusalCause::TenantNotGranted
            | RefusalCause::TenantsDisagree { .. }
            | RefusalCause::TenantUnknown
            | RefusalCause::TenantSuspended
            | RefusalCause::TenantDeleted => RefusalKind::TenantNotGranted,
            // One answer, for the same reason.
            RefusalCause::ProjectNotGranted
            | RefusalCause::ProjectsDisagree { .. }
            | RefusalCause::ProjectAccessDenied
            | RefusalCause::ProjectUndecided => RefusalKind::ProjectNotGranted,
            RefusalCause::Lacking { .. } => RefusalKind::InsufficientScope,
            RefusalCause::RateLimited { .. } => RefusalKind::RateLimited,
            RefusalCause::TooManyConcurrent { .. } => RefusalKind::TooManyConcurrent,
            RefusalCause::KeysUnavailable { .. } => RefusalKind::KeysUnavailable,
            RefusalCause::Unavailable { .. } => RefusalKind::Unavailable,
        }
    }

    /// What happened precisely.
    pub fn cause(&self) -> &RefusalCause {
        &self.cause
    }

    /// Counts it and logs its cause.
    pub(crate) fn record(&self) {
        let code = self.kind().code();
        watch::refusal(code);
        tracing::info!(target: "tenancy::admission", code, cause = %self, "refused a request");
    }

    fn retry_after(&self) -> Option<Duration> {
        match self.cause {
            RefusalCause::KeysUnavailable { retry_after, .. }
            | RefusalCause::RateLimited { retry_after, .. }
            | RefusalCause::Unavailable { retry_after, .. } => Some(retry_after),
            // Nobody knows when a request ends; most are short.
            RefusalCause::TooManyConcurrent { .. } => Some(Duration::from_secs(1)),
            _ => None,
        }
    }

    fn rate_limit(&self) -> Option<[(&'static str, String); 2]> {
        match self.cause {
            RefusalCause::RateLimited { limit, retry_after } => {
                Some(limit.fields(0, whole_seconds(retry_after)))
            }
            _ => None,
        }
    }
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
    fn row(self) -> (u16, &'static str, &'static str, Challenge) {
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

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Challenge {
    None,
    /// RFC 6750 §3.1: no error code for a request that lacks any authentication information.
    Bare,
    Coded,
    /// No RFC has a scheme for API keys, and RFC 9110 §15.5.2 wants a challenge with each 401.
    ApiKey,
}

/// What an HTTP service answers to a refused request: everything but the framework's own types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalResponse {
    status: u16,
    challenge: Option<String>,
    retry_after: Option<u64>,
    rate_limit: Option<[(&'static str, String); 2]>,
    body: String,
}

impl RefusalResponse {
    /// The media type of [`body`](Self::body), from [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457).
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    /// The status code.
    pub fn status(&self) -> u16 {
        self.status
    }

    /// The value of `WWW-Authenticate`, if the answer has one.
    pub fn challenge(&self) -> Option<&str> {
        self.challenge.as_deref()
    }

    /// The value of `Retry-After` in seconds, if the answer has one.
    pub fn retry_after(&self) -> Option<u64> {
        self.retry_after
    }

    /// All header fields of the answer, names in lower case: the media type of the body and, where it has them, the challenge,
    /// `Retry-After`, and for a rate that is used up `RateLimit-Policy`, the requests in a bucket and in how many seconds it
    /// is full again, and `RateLimit`, no requests left and in how many seconds there is one
    /// ([draft-ietf-httpapi-ratelimit-headers]).
    ///
    /// [draft-ietf-httpapi-ratelimit-headers]: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, Cow<'_, str>)> {
        let retry_after = self.retry_after.map(|seconds| seconds.to_string());
        let fields = [
            ("content-type", Some(Self::CONTENT_TYPE.into())),
            ("www-authenticate", self.challenge().map(Cow::from)),
            ("retry-after", retry_after.map(Cow::from)),
        ];
        let rate_limit = self.rate_limit.iter().flatten();
        fields
            .into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .chain(rate_limit.map(|(name, value)| (*name, value.into())))
    }

    /// A problem document that contains nothing of the request.
    pub fn body(&self) -> &str {
        &self.body
    }
}

/// How a service words its refusals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wording {
    pub(crate) realm: String,
    pub(crate) missing_is_forbidden: bool,
    pub(crate) served: Served,
}

/// Which credentials a service takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Served {
    Tokens,
    ApiKeys,
    Both,
}

impl Wording {
    pub(crate) fn response(&self, refusal: &Refusal) -> RefusalResponse {
        let kind = refusal.kind();
        let (mut status, code, mut title, mut challenge) = kind.row();
        if kind == RefusalKind::MissingCredential && self.served == Served::Both {
            title = "A bearer token or an API key is required";
        }
        let is_missing = matches!(
            kind,
            RefusalKind::MissingCredential | RefusalKind::MissingApiKey
        );
        if is_missing && self.missing_is_forbidden {
            (status, challenge) = (403, Challenge::None);
        }
        RefusalResponse {
            status,
            challenge: self.challenge(challenge, code),
            retry_after: refusal.retry_after().map(whole_seconds),
            rate_limit: refusal.rate_limit(),
            body: format!(
                r#"{{"type":"about:blank","title":"{title}","status":{status},"code":"{code}"}}"#
            ),
        }
    }

    fn challenge(&self, challenge: Challenge, code: &str) -> Option<String> {
        let realm = &self.realm;
        let bearer = format!(r#"Bearer realm="{realm}""#);
        let api_key = format!(r#"ApiKey realm="{realm}""#);
        match (challenge, self.served) {
            (Challenge::None, _) => None,
            (Challenge::ApiKey, _) | (_, Served::ApiKeys) => Some(api_key),
            (Challenge::Bare, Served::Tokens) => Some(bearer),
            // One field may hold several (RFC 9110 §11.6.1).
            (Challenge::Bare, Served::Both) => Some(format!("{bearer}, {api_key}")),
            (Challenge::Coded, _) => Some(format!(r#"{bearer}, error="{code}""#)),
        }
    }
}

impl From<MalformedCredential> for Refusal {
    fn from(problem: MalformedCredential) -> Self {
        Self {
            cause: RefusalCause::Malformed(problem),
        }
    }
}

impl From<VerifyError> for Refusal {
    fn from(error: VerifyError) -> Self {
        let cause = match error {
            VerifyError::Token(problem) => RefusalCause::Token(problem),
            VerifyError::KeysUnavailable { retry_after, cause } => {
                RefusalCause::KeysUnavailable { retry_after, cause }
            }
            VerifyError::Unavailable { retry_after, cause } => {
                RefusalCause::Unavailable { retry_after, cause }
            }
        };
        Self { cause }
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

impl From<RefusalCause> for Refusal {
    fn from(cause: RefusalCause) -> Self {
        Self { cause }
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
                f.write_str("token is for several tenants and the request names none")
            }
            Self::TenantNotGranted => {
                f.write_str("credential is not for the tenant that the request names")
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_of_answers() {
        let wording = Wording {
            realm: "api".into(),
            missing_is_forbidden: false,
            served: Served::Tokens,
        };
        let keys = RefusalCause::KeysUnavailable {
            retry_after: Duration::from_millis(1500),
            cause: "x".into(),
        };
        for (cause, status, challenge, retry_after, code) in [
            (
                RefusalCause::Missing,
                401,
                Some(r#"Bearer realm="api""#),
                None,
                "missing_token",
            ),
            (
                RefusalCause::Malformed(MalformedCredential::Several),
                400,
                Some(r#"Bearer realm="api", error="invalid_request""#),
                None,
                "invalid_request",
            ),
            (
                RefusalCause::Token(TokenProblem::Expired),
                401,
                Some(r#"Bearer realm="api", error="invalid_token""#),
                None,
                "invalid_token",
            ),
            (
                RefusalCause::ApiKey(ApiKeyProblem::Unknown),
                401,
                Some(r#"ApiKey realm="api""#),
                None,
                "invalid_api_key",
            ),
            (
                RefusalCause::TenantNotNamed,
                403,
                None,
                None,
                "tenant_not_named",
            ),
            (
                RefusalCause::TenantNotGranted,
                403,
                None,
                None,
                "tenant_not_granted",
            ),
            (
                RefusalCause::ProjectNotGranted,
                403,
                None,
                None,
                "project_not_granted",
            ),
            (
                RefusalCause::Lacking { needed: "x".into() },
                403,
                Some(r#"Bearer realm="api", error="insufficient_scope""#),
                None,
                "insufficient_scope",
            ),
            (
                RefusalCause::RateLimited {
                    limit: RateLimit::per_minute(NonZeroU32::new(90).unwrap()),
                    retry_after: Duration::from_millis(667),
                },
                429,
                None,
                Some(1),
                "rate_limited",
            ),
            (
                RefusalCause::TooManyConcurrent {
                    at_most: NonZeroU32::MIN,
                },
                503,
                None,
                Some(1),
                "too_many_concurrent_requests",
            ),
            (keys, 503, None, Some(2), "keys_unavailable"),
            (
                RefusalCause::Unavailable {
                    retry_after: Duration::from_secs(3),
                    cause: "x".into(),
                },
                503,
                None,
                Some(3),
                "temporarily_unavailable",
            ),
        ] {
            let response = wording.response(&Refusal { cause });
            assert_eq!(response.status(), status);
            assert_eq!(response.challenge(), challenge);
            assert_eq!(response.retry_after(), retry_after);
            let body: serde_json::Value = serde_json::from_str(response.body()).unwrap();
            assert_eq!(body["code"], code);
            assert_eq!(body["status"], status);
        }
    }

    fn field<'a>(response: &'a RefusalResponse, name: &str) -> Option<Cow<'a, str>> {
        let field = response.fields().find(|(other, _)| *other == name);
        field.map(|(_, value)| value)
    }

    #[test]
    fn a_rate_limit_is_told_in_the_fields_of_the_draft() {
        let wording = Wording {
            realm: "api".into(),
            missing_is_forbidden: false,
            served: Served::Tokens,
        };
        let number = |number| NonZeroU32::new(number).unwrap();
        for (limit, wait, policy, remaining) in [
            (
                RateLimit::per_minute(number(90)),
                667,
                r#""tenant";q=90;w=60"#,
                r#""tenant";r=0;t=1"#,
            ),
            (
                RateLimit::per_second(number(10)).burst(number(55)),
                100,
                r#""tenant";q=55;w=6"#,
                r#""tenant";r=0;t=1"#,
            ),
            (
                RateLimit::per_hour(number(2)),
                1_800_000,
                r#""tenant";q=2;w=3600"#,
                r#""tenant";r=0;t=1800"#,
            ),
        ] {
            let retry_after = Duration::from_millis(wait);
            let response =
                wording.response(&RefusalCause::RateLimited { limit, retry_after }.into());
            assert_eq!(field(&response, "ratelimit-policy"), Some(policy.into()));
            assert_eq!(field(&response, "ratelimit"), Some(remaining.into()));
        }
        let other = wording.response(&RefusalCause::Missing.into());
        assert_eq!(field(&other, "ratelimit-policy"), None);
        assert_eq!(field(&other, "ratelimit"), None);
    }

    #[test]
    fn every_bad_api_key_gets_the_same_answer() {
        let wording = Wording {
            realm: "api".into(),
            missing_is_forbidden: false,
            served: Served::Both,
        };
        let answer = |problem| wording.response(&RefusalCause::ApiKey(problem).into());
        let expected = answer(ApiKeyProblem::Unknown);
        assert_eq!(answer(ApiKeyProblem::Revoked), expected);
        assert_eq!(answer(ApiKeyProblem::Expired), expected);
    }

    #[test]
    fn every_bad_token_gets_the_same_answer() {
        let wording = Wording {
            realm: "api".into(),
            missing_is_forbidden: false,
            served: Served::Tokens,
        };
        let answer = |problem| {
            wording.response(&Refusal {
                cause: RefusalCause::Token(problem),
            })
        };
        let expected = answer(TokenProblem::Signature);
        for problem in [
            TokenProblem::Expired,
            TokenProblem::NoMatchingKey,
            TokenProblem::TenantMissing,
        ] {
            assert_eq!(answer(problem), expected);
        }
    }

    #[test]
    fn unknown_suspended_and_deleted_tenants_look_like_one_that_is_not_granted() {
        let wording = Wording {
            realm: "api".into(),
            missing_is_forbidden: false,
            served: Served::Tokens,
        };
        let not_granted = wording.response(&RefusalCause::TenantNotGranted.into());
        let mut in_logs = vec![RefusalCause::TenantNotGranted.to_string()];
        for cause in [
            RefusalCause::TenantUnknown,
            RefusalCause::TenantSuspended,
            RefusalCause::TenantDeleted,
            RefusalCause::TenantsDisagree {
                first: "the host",
                second: "the path",
            },
        ] {
            in_logs.push(cause.to_string());
            assert_eq!(wording.response(&cause.into()), not_granted);
        }
        in_logs.sort();
        in_logs.dedup();
        assert_eq!(in_logs.len(), 5, "logs tell them apart");
    }

    #[test]
    fn projects_that_are_not_granted_look_alike_whatever_the_cause() {
        let wording = Wording {
            realm: "api".into(),
            missing_is_forbidden: false,
            served: Served::Tokens,
        };
        let not_granted = wording.response(&RefusalCause::ProjectNotGranted.into());
        let mut in_logs = vec![RefusalCause::ProjectNotGranted.to_string()];
        for cause in [
            RefusalCause::ProjectAccessDenied,
            RefusalCause::ProjectUndecided,
            RefusalCause::ProjectsDisagree {
                first: "the header",
                second: "the path",
            },
        ] {
            in_logs.push(cause.to_string());
            assert_eq!(wording.response(&cause.into()), not_granted);
        }
        in_logs.sort();
        in_logs.dedup();
        assert_eq!(in_logs.len(), 4, "logs tell them apart");
    }

    #[test]
    fn a_service_may_choose_403_for_a_missing_credential() {
        for (served, missing) in [
            (Served::Tokens, RefusalCause::Missing),
            (Served::Both, RefusalCause::Missing),
            (Served::ApiKeys, RefusalCause::MissingApiKey),
        ] {
            let wording = Wording {
                realm: "api".into(),
                missing_is_forbidden: true,
                served,
            };
            let response = wording.response(&missing.into());
            assert_eq!((response.status(), response.challenge()), (403, None));
        }
    }

    #[test]
    fn a_challenge_names_what_the_service_takes() {
        let bearer = r#"Bearer realm="api""#;
        let api_key = r#"ApiKey realm="api""#;
        let both = r#"Bearer realm="api", ApiKey realm="api""#;
        let malformed = r#"Bearer realm="api", error="invalid_request""#;
        let bad_token = r#"Bearer realm="api", error="invalid_token""#;
        let several = RefusalCause::Malformed(MalformedCredential::Several);
        let (token, key) = (TokenProblem::Expired, ApiKeyProblem::Expired);
        for (served, cause, status, challenge) in [
            (Served::Tokens, RefusalCause::Missing, 401, bearer),
            (Served::Both, RefusalCause::Missing, 401, both),
            (Served::ApiKeys, RefusalCause::MissingApiKey, 401, api_key),
            (Served::Both, RefusalCause::ApiKey(key), 401, api_key),
            (Served::ApiKeys, RefusalCause::ApiKey(key), 401, api_key),
            (Served::Both, RefusalCause::Token(token), 401, bad_token),
            // Each 401 has one, also where a place for tokens was configured and nobody verifies them.
            (Served::ApiKeys, RefusalCause::Token(token), 401, api_key),
            (Served::Both, several.clone(), 400, malformed),
            (Served::ApiKeys, several, 400, api_key),
        ] {
            let wording = Wording {
                realm: "api".into(),
                missing_is_forbidden: false,
                served,
            };
            let response = wording.response(&cause.into());
            let told = (response.status(), response.challenge());
            assert_eq!(told, (status, Some(challenge)), "{served:?}");
        }
    }
}
