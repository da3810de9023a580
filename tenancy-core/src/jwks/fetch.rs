//! How a JWK set is obtained, behind a trait so that the cache does not know the network.

use std::fmt;
use std::time::Duration;

/// Obtains the JWK set of one issuer.
#[async_trait::async_trait]
pub(crate) trait FetchKeys: fmt::Debug + Send + Sync {
    /// Asks once. `etag` is that of the document the cache holds.
    async fn fetch(&self, etag: Option<&str>) -> Result<Fetched, FetchError>;
}

/// A successful answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Fetched {
    /// The document, unread.
    Document {
        body: Vec<u8>,
        etag: Option<String>,
        max_age: Option<Duration>,
    },
    /// The document that `etag` stands for is still current (RFC 9110 §15.4.5).
    NotModified { max_age: Option<Duration> },
}

/// An answer that is none.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(
    not(feature = "http"),
    expect(dead_code, reason = "without `http` nothing is fetched")
)]
pub(crate) enum FetchError {
    #[error("request failed: {0}")]
    Request(String),
    #[error("answered with status {0}")]
    Status(u16),
    #[error("answer is larger than {} bytes", super::key_set::MAX_BYTES)]
    TooLarge,
    #[error("answer is not a usable key set: {0}")]
    Document(super::key_set::KeySetError),
}
