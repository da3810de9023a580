//! API keys: credentials that are shown once, kept as hashes, and grant one tenant each.

mod hash;
mod key;
mod keys;
mod memory;
mod record;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

pub use self::hash::ApiKeyHash;
pub use self::key::{ApiKey, ApiKeyError};
pub use self::keys::ApiKeys;
pub use self::memory::MemoryApiKeys;
pub use self::record::ApiKeyRecord;

/// Knows the API keys that were issued, by their hashes. [`ApiKeys`] asks it about every key that is presented.
///
/// [`MemoryApiKeys`] keeps them in memory. Implement the trait over your own storage with the hash as its primary key, so
/// that a question is one look at an index. Answers are not remembered: a key that is revoked there is refused at once, on
/// every instance.
///
/// ```
/// use tenancy_core::{ApiKeyHash, ApiKeyRecord, ApiKeyStore, ApiKeyStoreUnavailable};
///
/// /// The key of the one machine that calls us.
/// #[derive(Debug)]
/// struct Only(ApiKeyRecord);
///
/// #[async_trait::async_trait]
/// impl ApiKeyStore for Only {
///     async fn by_hash(&self, hash: &ApiKeyHash) -> Result<Option<ApiKeyRecord>, ApiKeyStoreUnavailable> {
///         Ok(Some(&self.0).filter(|only| only.hash() == hash).cloned())
///     }
/// }
/// ```
#[async_trait::async_trait]
pub trait ApiKeyStore: fmt::Debug + Send + Sync {
    /// The key with this hash, also when it was revoked or has expired. `None` when there is none.
    ///
    /// # Errors
    /// When that cannot be found out now. The request is then refused with 503, not admitted.
    async fn by_hash(
        &self,
        hash: &ApiKeyHash,
    ) -> Result<Option<ApiKeyRecord>, ApiKeyStoreUnavailable>;
}

#[async_trait::async_trait]
impl<S: ApiKeyStore + ?Sized> ApiKeyStore for Arc<S> {
    async fn by_hash(
        &self,
        hash: &ApiKeyHash,
    ) -> Result<Option<ApiKeyRecord>, ApiKeyStoreUnavailable> {
        (**self).by_hash(hash).await
    }
}

/// Whether an API key is good cannot be found out now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the store of API keys is unavailable: {cause}")]
pub struct ApiKeyStoreUnavailable {
    /// When asking again makes sense.
    pub retry_after: Duration,
    /// What happened, for logs.
    pub cause: String,
}

impl ApiKeyStoreUnavailable {
    fn answered_for_another() -> Self {
        Self {
            retry_after: Duration::from_secs(1),
            cause: "it answered with a key that was not asked for".to_owned(),
        }
    }
}

/// Why an API key is refused: for logs and metrics, never for the client, who is told `invalid_api_key` whatever the cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum ApiKeyProblem {
    /// The store does not know it.
    #[error("API key is not known")]
    Unknown,
    /// It was revoked.
    #[error("API key was revoked")]
    Revoked,
    /// It has expired.
    #[error("API key has expired")]
    Expired,
}

impl ApiKeyProblem {
    /// A stable name for metrics and log searches, such as `expired`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}
