//! `Refusal`, why a request is not admitted, and the one table of what the client is told.

use std::fmt;
use std::time::Duration;

use crate::{MalformedCredential, TokenProblem, VerifyError};

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
    /// The credential is malformed, or there are several.
    MalformedCredential,
    /// The token must not be accepted.
    InvalidToken,
    /// Whether the token may be accepted cannot be decided now.
    KeysUnavailable,
}

/// The precise cause of a refusal. For logs, never for the client.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum RefusalCause {
    /// There is no credential.
    Missing,
    /// The credential is malformed.
    Malformed(MalformedCredential),
    /// The token breaks a rule.
    Token(TokenProblem),
    /// The keys of the issuer are not to be had.
    KeysUnavailable {
        /// When asking again makes sense.
        retry_after: Duration,
        /// What happened to the last fetch.
        cause: String,
    },
}

impl Refusal {
    /// What the refusal means for the client.
    pub fn kind(&self) -> RefusalKind {
        match self.cause {
            RefusalCause::Missing => RefusalKind::MissingCredential,
            RefusalCause::Malformed(_) => RefusalKind::MalformedCredential,
            RefusalCause::Token(_) => RefusalKind::InvalidToken,
            RefusalCause::KeysUnavailable { .. } => RefusalKind::KeysUnavailable,
        }
    }

    /// What happened precisely.
    pub fn cause(&self) -> &RefusalCause {
        &self.cause
    }

    fn retry_after(&self) -> Option<Duration> {
        match self.cause {
            RefusalCause::KeysUnavailable { retry_after, .. } => Some(retry_after),
            _ => None,
        }
    }
}

impl RefusalKind {
    /// The stable code in the body and, for those of RFC 6750 §3.1, in the challenge.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// The table: status ([RFC 6750 §3.1]), code, title, and whether a challenge names the code.
    ///
    /// [RFC 6750 §3.1]: https://www.rfc-editor.org/rfc/rfc6750#section-3.1
    fn row(self) -> (u16, &'static str, &'static str, Challenge) {
        match self {
            Self::MissingCredential => (
                401,
                "missing_token",
                "A bearer token is required",
                Challenge::Bare,
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
            Self::KeysUnavailable => (
                503,
                "keys_unavailable",
                "Tokens cannot be verified now",
                Challenge::None,
            ),
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Challenge {
    None,
    /// RFC 6750 §3: no error code for a request that lacks any authentication information.
    Bare,
    Coded,
}

/// What an HTTP service answers to a refused request: everything but the framework's own types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalResponse {
    status: u16,
    challenge: Option<String>,
    retry_after: Option<u64>,
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
}

impl Wording {
    pub(crate) fn response(&self, refusal: &Refusal) -> RefusalResponse {
        let kind = refusal.kind();
        let (mut status, code, title, mut challenge) = kind.row();
        if kind == RefusalKind::MissingCredential && self.missing_is_forbidden {
            (status, challenge) = (403, Challenge::None);
        }
        let realm = &self.realm;
        RefusalResponse {
            status,
            challenge: match challenge {
                Challenge::None => None,
                Challenge::Bare => Some(format!(r#"Bearer realm="{realm}""#)),
                Challenge::Coded => Some(format!(r#"Bearer realm="{realm}", error="{code}""#)),
            },
            // Rounded up: asking too early is the one thing the header should prevent.
            retry_after: refusal
                .retry_after()
                .map(|after| after.as_secs() + u64::from(after.subsec_nanos() > 0)),
            body: format!(
                r#"{{"type":"about:blank","title":"{title}","status":{status},"code":"{code}"}}"#
            ),
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
        };
        Self { cause }
    }
}

impl Refusal {
    pub(crate) fn missing() -> Self {
        Self {
            cause: RefusalCause::Missing,
        }
    }
}

impl fmt::Display for RefusalCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("missing authorization token"),
            Self::Malformed(problem) => problem.fmt(f),
            Self::Token(problem) => problem.fmt(f),
            Self::KeysUnavailable { cause, .. } => {
                write!(f, "signing keys are unavailable: {cause}")
            }
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
            (keys, 503, None, Some(2), "keys_unavailable"),
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

    #[test]
    fn every_bad_token_gets_the_same_answer() {
        let wording = Wording {
            realm: "api".into(),
            missing_is_forbidden: false,
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
    fn a_service_may_choose_403_for_a_missing_token() {
        let wording = Wording {
            realm: "api".into(),
            missing_is_forbidden: true,
        };
        let response = wording.response(&Refusal::missing());
        assert_eq!((response.status(), response.challenge()), (403, None));
    }
}
