//! `ApiKeyRecord`, what a store knows about an API key.

use std::fmt;
use std::sync::Arc;

use super::ApiKeyHash;
use crate::claims::{GrantedProjects, GrantedWords, Identity};
use crate::{ProjectId, SubjectId, TenantId, UnixTime};

/// What a store knows about an API key: its hash, and for which tenant and as whom its holder acts. Cheap to clone.
///
/// ```
/// use tenancy_core::{ApiKey, ApiKeyRecord, SubjectId, TenantId, UnixTime};
///
/// let key = ApiKey::generate()?;
/// let record = ApiKeyRecord::new(key.hash(), TenantId::parse("acme")?, SubjectId::parse("nightly-import")?)
///     .with_roles(["Member"])
///     .with_expiry(UnixTime::from_seconds(1_800_000_000));
/// assert!(!record.is_revoked());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeyRecord(Arc<Inner>);

#[derive(Clone, PartialEq, Eq)]
struct Inner {
    hash: ApiKeyHash,
    tenant: TenantId,
    identity: Identity,
    expires_at: Option<UnixTime>,
    is_revoked: bool,
}

impl ApiKeyRecord {
    /// The key with this hash, which is for `tenant` and nobody else. Whoever holds it acts as `subject`: the user who made
    /// it, or a name of its own, such as `nightly-import`.
    ///
    /// It has no roles and permissions, and is good until it is revoked.
    pub fn new(hash: ApiKeyHash, tenant: TenantId, subject: SubjectId) -> Self {
        let identity = Identity {
            tenants: vec![tenant.clone()],
            projects: None,
            subject,
            roles: GrantedWords::default(),
            permissions: GrantedWords::default(),
        };
        Self(Arc::new(Inner {
            hash,
            tenant,
            identity,
            expires_at: None,
            is_revoked: false,
        }))
    }

    /// The same for these projects of the tenant only. Of several the request names one; a key of a single one is for that.
    pub fn with_projects(mut self, projects: impl IntoIterator<Item = ProjectId>) -> Self {
        let projects = projects.into_iter().collect();
        let granted = GrantedProjects::in_tenant(self.tenant().clone(), projects);
        self.edit().identity.projects = Some(granted);
        self
    }

    /// The same with these roles in the tenant.
    pub fn with_roles<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.edit().identity.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// The same with these permissions in the tenant.
    pub fn with_permissions<S: Into<String>>(
        mut self,
        permissions: impl IntoIterator<Item = S>,
    ) -> Self {
        self.edit().identity.permissions = permissions.into_iter().map(Into::into).collect();
        self
    }

    /// The same until this time, from when on it is refused.
    pub fn with_expiry(mut self, expires_at: UnixTime) -> Self {
        self.edit().expires_at = Some(expires_at);
        self
    }

    /// The same, revoked.
    pub fn revoked(mut self) -> Self {
        self.edit().is_revoked = true;
        self
    }

    fn edit(&mut self) -> &mut Inner {
        Arc::make_mut(&mut self.0)
    }

    /// Which key it is.
    pub fn hash(&self) -> &ApiKeyHash {
        &self.0.hash
    }

    /// For which tenant it is.
    pub fn tenant(&self) -> &TenantId {
        &self.0.tenant
    }

    /// As whom its holder acts.
    pub fn subject(&self) -> &SubjectId {
        &self.0.identity.subject
    }

    /// From when on it is refused. `None` when it is good until it is revoked.
    pub fn expires_at(&self) -> Option<UnixTime> {
        self.0.expires_at
    }

    /// Whether it was revoked.
    pub fn is_revoked(&self) -> bool {
        self.0.is_revoked
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.0.identity
    }
}

/// Shows, like that of claims, neither the subject nor what it may do.
impl fmt::Debug for ApiKeyRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiKeyRecord")
            .field("hash", self.hash())
            .field("tenant", self.tenant())
            .field("expires_at", &self.expires_at())
            .field("is_revoked", &self.is_revoked())
            .finish_non_exhaustive()
    }
}
