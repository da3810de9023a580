//! `MemoryApiKeys`, the API keys of a process that is told about them.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock, RwLockWriteGuard};

use super::{ApiKeyHash, ApiKeyRecord, ApiKeyStore, ApiKeyStoreUnavailable};

/// API keys in the memory of this process: for tests, and for services whose few keys are in their configuration. Cheap to
/// clone; clones share the keys.
///
/// ```
/// use tenancy_core::{ApiKey, ApiKeyRecord, MemoryApiKeys, SubjectId, TenantId};
///
/// let keys = MemoryApiKeys::new();
/// let key = ApiKey::generate()?;
/// keys.insert(ApiKeyRecord::new(key.hash(), TenantId::parse("acme")?, SubjectId::parse("ada")?));
/// // From now on requests with it are refused.
/// assert!(keys.revoke(&key.hash()));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Default)]
pub struct MemoryApiKeys(Arc<RwLock<HashMap<ApiKeyHash, ApiKeyRecord>>>);

impl MemoryApiKeys {
    /// A store without keys.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a key, or replaces what is known about the one with the hash of `record`.
    pub fn insert(&self, record: ApiKeyRecord) {
        self.write().insert(*record.hash(), record);
    }

    /// Revokes a key, and says whether it is there.
    pub fn revoke(&self, hash: &ApiKeyHash) -> bool {
        let mut keys = self.write();
        let record = keys.get_mut(hash);
        record
            .map(|record| *record = record.clone().revoked())
            .is_some()
    }

    /// Forgets a key, which is unknown from now on, and says whether it was there.
    pub fn remove(&self, hash: &ApiKeyHash) -> bool {
        self.write().remove(hash).is_some()
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<ApiKeyHash, ApiKeyRecord>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait::async_trait]
impl ApiKeyStore for MemoryApiKeys {
    async fn by_hash(
        &self,
        hash: &ApiKeyHash,
    ) -> Result<Option<ApiKeyRecord>, ApiKeyStoreUnavailable> {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner);
        Ok(keys.get(hash).cloned())
    }
}

/// Says how many there are, not which.
impl fmt::Debug for MemoryApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let keys = self.0.read().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("MemoryApiKeys")
            .field("keys", &keys)
            .finish_non_exhaustive()
    }
}
