//! How a JWK set is obtained, behind a trait so that the cache does not know the network.

use std::fmt;
use std::time::Duration;

/// Obtains the JWK set of one issuer by means of your own: another HTTP client, a file, a secret store.
///
/// What the answer is worth, how long it is kept and when it is asked for again stays with the library.
///
/// ```
/// use tenancy_core::{FetchError, FetchKeys, Fetched, KeySource};
///
/// #[derive(Debug)]
/// struct File(std::path::PathBuf);
///
/// #[async_trait::async_trait]
/// impl FetchKeys for File {
///     async fn fetch(&self, _etag: Option<&str>) -> Result<Fetched, FetchError> {
///         let body = std::fs::read(&self.0).map_err(|error| FetchError::Failed(error.to_string()))?;
///         Ok(Fetched::Document { body, etag: None, max_age: None })
///     }
/// }
///
/// let keys = KeySource::fetched(File("/etc/service/jwks.json".into()));
/// # let _ = keys;
/// ```
#[async_trait::async_trait]
pub trait FetchKeys: fmt::Debug + Send + Sync {
    /// Asks once. `etag` is that of the document at hand.
    ///
    /// # Errors
    /// When there is no answer. The keys at hand stay in use.
    async fn fetch(&self, etag: Option<&str>) -> Result<Fetched, FetchError>;
}

/// A JWK set, or word that the one at hand is current.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fetched {
    /// The document, unread.
    Document {
        /// Its bytes, at most 256 KiB.
        body: Vec<u8>,
        /// What to pass to the next fetch.
        etag: Option<String>,
        /// How long it says it is fresh, honoured between 1 minute and 24 hours.
        max_age: Option<Duration>,
    },
    /// The document that the `etag` stands for is still current ([RFC 9110 §15.4.5]).
    ///
    /// [RFC 9110 §15.4.5]: https://www.rfc-editor.org/rfc/rfc9110#section-15.4.5
    NotModified {
        /// How long it says it is fresh.
        max_age: Option<Duration>,
    },
}

/// Why a fetch brought no keys. For logs.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FetchError {
    /// There was no answer.
    #[error("request failed: {0}")]
    Failed(String),
    /// The answer has a status other than 200 or, to an `etag`, 304.
    #[error("answered with status {0}")]
    Status(u16),
    /// The answer is no JWK set with a key that can verify tokens.
    #[error("answer is not usable: {0}")]
    Unusable(String),
}
