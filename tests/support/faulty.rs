//! A directory of tenants and a store of API keys that fail, or answer with what nobody asked for.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use tenancy_core::{
    ApiKeyHash, ApiKeyRecord, ApiKeyStore, ApiKeyStoreUnavailable, TenantDirectory,
    TenantDirectoryUnavailable, TenantId, TenantRecord, TenantSlug,
};

/// Has one record, with which it answers whatever it is asked for; or none, and then it fails: for seven seconds, because
/// `secret-host is down`.
#[derive(Debug)]
pub struct Faulty<R> {
    has: Option<R>,
    asked: Mutex<Vec<String>>,
}

impl<R: Clone> Faulty<R> {
    /// With this record, or with none.
    pub const fn new(has: Option<R>) -> Self {
        let asked = Mutex::new(Vec::new());
        Self { has, asked }
    }

    /// What it was asked for, such as `id acme`, `slug acme` or `hash …`.
    pub fn asked(&self) -> Vec<String> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn answer(&self, question: String) -> Result<Option<R>, (Duration, String)> {
        let asked = self.asked.lock();
        asked.unwrap_or_else(PoisonError::into_inner).push(question);
        let down = || (Duration::from_secs(7), "secret-host is down".to_owned());
        self.has.clone().map(Some).ok_or_else(down)
    }
}

impl Faulty<TenantRecord> {
    fn tenant(&self, question: String) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.answer(question)
            .map_err(|(retry_after, cause)| TenantDirectoryUnavailable { retry_after, cause })
    }
}

#[async_trait]
impl TenantDirectory for Faulty<TenantRecord> {
    async fn by_id(
        &self,
        id: &TenantId,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.tenant(format!("id {id}"))
    }

    async fn by_slug(
        &self,
        slug: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.tenant(format!("slug {slug}"))
    }
}

#[async_trait]
impl ApiKeyStore for Faulty<ApiKeyRecord> {
    async fn by_hash(
        &self,
        hash: &ApiKeyHash,
    ) -> Result<Option<ApiKeyRecord>, ApiKeyStoreUnavailable> {
        self.answer(format!("hash {hash}"))
            .map_err(|(retry_after, cause)| ApiKeyStoreUnavailable { retry_after, cause })
    }
}
