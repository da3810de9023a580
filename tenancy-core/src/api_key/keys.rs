//! `ApiKeys`, where a service looks for API keys and how it judges them.

use std::sync::Arc;

use super::{ApiKeyHash, ApiKeyProblem, ApiKeyRecord, ApiKeyStore, ApiKeyStoreUnavailable};
use crate::{Clock, InvalidPattern, RefusalCause, SystemClock, Verified, pattern, watch};

/// The API keys that a service accepts, and where it looks for them. Given to
/// [`Admission::api_keys`](crate::Admission::api_keys) or [`Admission::api_keys_only`](crate::Admission::api_keys_only).
///
/// A key stands alone in a header field of its own, `X-API-Key`. It is hashed where it is read; nothing behind that
/// sees it, and what has not the form of a [key](crate::ApiKey) is refused with 400 before the store is asked. Unknown, revoked and
/// expired keys are one answer, 401 `invalid_api_key`; the logs tell them apart. When the store does not answer, the
/// request is refused with 503.
///
/// A key is for one tenant. A header, host or path may name that one, and no other. The tenant's status, limits, guards and
/// role permissions hold as they do for tokens; only scopes, which are a claim of tokens, a key has none.
///
/// ```
/// use tenancy_core::{Admission, ApiKeys, MemoryApiKeys};
///
/// let keys = MemoryApiKeys::new();
/// let admission = Admission::api_keys_only(ApiKeys::new(keys.clone()).header("X-Acme-Key")?);
/// # let _ = admission;
/// # Ok::<(), tenancy_core::InvalidPattern>(())
/// ```
#[derive(Debug, Clone)]
pub struct ApiKeys {
    store: Arc<dyn ApiKeyStore>,
    header: String,
    clock: Arc<dyn Clock>,
}

impl ApiKeys {
    /// The keys that `store` knows, in the field `X-API-Key`.
    pub fn new(store: impl ApiKeyStore + 'static) -> Self {
        Self {
            store: Arc::new(store),
            header: "x-api-key".to_owned(),
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// Looks in the header field `name` instead.
    ///
    /// # Errors
    /// When `name` is no name of a field ([RFC 9110 §5.1]).
    ///
    /// [RFC 9110 §5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-5.1
    pub fn header(mut self, name: &str) -> Result<Self, InvalidPattern> {
        self.header = pattern::field_name(name)?;
        Ok(self)
    }

    /// Where time comes from, by which keys expire.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// In lower case.
    pub(crate) fn header_name(&self) -> &str {
        &self.header
    }

    /// What is known about a key that is good now.
    pub(crate) async fn verify(
        &self,
        presented: ApiKeyHash,
    ) -> Result<Verified<ApiKeyRecord>, RefusalCause> {
        let outcome = self.judge(presented).await;
        watch::api_key_verification(match &outcome {
            Ok(_) => "accepted",
            Err(RefusalCause::ApiKey(problem)) => problem.code(),
            Err(_) => "undecided",
        });
        outcome.map(Verified::assertion)
    }

    async fn judge(&self, presented: ApiKeyHash) -> Result<ApiKeyRecord, RefusalCause> {
        let known = self.store.by_hash(&presented).await?;
        let key = known.ok_or(ApiKeyProblem::Unknown)?;
        // A store that compares loosely, or confuses its answers, opens no tenant to another's key.
        if *key.hash() != presented {
            return Err(ApiKeyStoreUnavailable::answered_for_another().into());
        }
        match self.problem(&key) {
            None => Ok(key),
            Some(problem) => {
                let (tenant, hash) = (key.tenant(), key.hash());
                tracing::info!(target: "tenancy::api_keys", %tenant, %hash, %problem, "refused an API key");
                Err(problem.into())
            }
        }
    }

    fn problem(&self, key: &ApiKeyRecord) -> Option<ApiKeyProblem> {
        let has_expired = |at| self.clock.now() >= at;
        if key.is_revoked() {
            Some(ApiKeyProblem::Revoked)
        } else if key.expires_at().is_some_and(has_expired) {
            Some(ApiKeyProblem::Expired)
        } else {
            None
        }
    }
}
