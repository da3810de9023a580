//! `RefusalResponse`, what the client is told, and how a service words it.

use std::borrow::Cow;

use super::kind::Challenge;
use super::{RefusalCause, RefusalKind};
use crate::limits::whole_seconds;

/// What an HTTP service answers to a request that is refused or cannot be served: everything but the framework's own types.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusalResponse {
    status: u16,
    challenge: Option<String>,
    pub(super) retry_after: Option<u64>,
    rate_limit: Option<[(&'static str, String); 2]>,
    body: String,
}

impl RefusalResponse {
    /// The media type of [`body`](Self::body), from [RFC 9457](https://www.rfc-editor.org/rfc/rfc9457).
    pub const CONTENT_TYPE: &'static str = "application/problem+json";

    pub(super) fn new(status: u16, title: &str, code: &str) -> Self {
        Self {
            status,
            challenge: None,
            retry_after: None,
            rate_limit: None,
            body: format!(
                r#"{{"type":"about:blank","title":"{title}","status":{status},"code":"{code}"}}"#
            ),
        }
    }

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

impl Default for Wording {
    fn default() -> Self {
        Self {
            realm: "api".to_owned(),
            missing_is_forbidden: false,
            served: Served::Tokens,
        }
    }
}

impl Wording {
    pub(super) fn response(&self, cause: &RefusalCause) -> RefusalResponse {
        let kind = cause.kind();
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
            challenge: self.challenge(challenge, code),
            retry_after: cause.retry_after().map(whole_seconds),
            rate_limit: cause.rate_limit(),
            ..RefusalResponse::new(status, title, code)
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
