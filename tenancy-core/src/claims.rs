//! `Claims`, what a token says about who acts for which tenant.

mod condition;
mod granted_projects;
mod granted_words;
mod map;
mod memberships;
mod path;
mod presets;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

pub(crate) use self::granted_projects::GrantedProjects;
pub(crate) use self::granted_words::GrantedWords;
pub use self::map::ClaimMap;
pub(crate) use self::map::{MapProblem, OneProblem};
pub use self::path::ClaimPath;
use crate::jwt::Times;
use crate::{ProjectId, SubjectId, TenantId, UnixTime};

/// The claims of a token, resolved to who acts for which tenant.
///
/// Cheap to clone. Meaningful only inside a [`Verified`](crate::Verified). `Debug` shows neither the
/// subject nor any other claim.
#[derive(Clone)]
pub struct Claims(Arc<Inner>);

struct Inner {
    identity: Identity,
    issuer: Arc<str>,
    times: Times,
    token_id: Option<String>,
    /// The text of the payload, found to be strict JSON.
    payload: String,
}

/// Who acts for which tenant: what a [`ClaimMap`] reads from the claims, or a store knows about an API key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    /// One, or those of which the request has to name one; never none.
    pub(crate) tenants: Vec<TenantId>,
    /// `None` where nothing is said of projects.
    pub(crate) projects: Option<GrantedProjects>,
    pub(crate) subject: SubjectId,
    pub(crate) roles: GrantedWords,
    pub(crate) permissions: GrantedWords,
}

impl Claims {
    pub(crate) fn new(
        identity: Identity,
        issuer: Arc<str>,
        times: Times,
        token_id: Option<String>,
        payload: String,
    ) -> Self {
        Self(Arc::new(Inner {
            identity,
            issuer,
            times,
            token_id,
            payload,
        }))
    }

    /// The tenant that the token is for. `None` when the subject is a member of several
    /// [`tenants`](Self::tenants), of which the request has to name one.
    pub fn tenant(&self) -> Option<&TenantId> {
        match self.tenants() {
            [only] => Some(only),
            _ => None,
        }
    }

    /// Every tenant that the token may be used for: at least one.
    pub fn tenants(&self) -> &[TenantId] {
        &self.0.identity.tenants
    }

    /// The project that the token is for, where it is for one tenant and one project of it.
    pub fn project(&self) -> Option<&ProjectId> {
        match self.projects_of(self.tenant()?)? {
            [only] => Some(only),
            _ => None,
        }
    }

    /// The projects of `tenant` that the token may be used for. `None` when the token says nothing of projects, be it that
    /// the [`ClaimMap`] reads none.
    pub fn projects_of(&self, tenant: &TenantId) -> Option<&[ProjectId]> {
        let granted = self.0.identity.projects.as_ref()?;
        Some(granted.of(tenant))
    }

    /// Who acts: `sub`, or the claim that the [`ClaimMap`] names instead.
    pub fn subject(&self) -> &SubjectId {
        &self.0.identity.subject
    }

    /// The roles of the subject in the tenant of the token. Of a token for several, those that the [`ClaimMap`] says hold
    /// [in every tenant](ClaimMap::roles_in_every_tenant); what holds in one of them is for
    /// [`TenantContext::roles`](crate::TenantContext::roles) to say. Empty when there are none.
    pub fn roles(&self) -> &[String] {
        self.of_the_tenant(&self.0.identity.roles)
    }

    /// The permissions of the subject, likewise.
    pub fn permissions(&self) -> &[String] {
        self.of_the_tenant(&self.0.identity.permissions)
    }

    fn of_the_tenant<'a>(&self, words: &'a GrantedWords) -> &'a [String] {
        let tenant = self.tenant();
        tenant.map_or(words.everywhere(), |tenant| words.of(tenant))
    }

    /// `iss`, byte-equal to the configured issuer.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// `exp`, without leeway.
    pub fn expires_at(&self) -> UnixTime {
        self.0.times.expires_at
    }

    /// `iat`.
    pub fn issued_at(&self) -> Option<UnixTime> {
        self.0.times.issued_at
    }

    /// `jti`, which tells the tokens of an issuer apart.
    pub fn token_id(&self) -> Option<&str> {
        self.0.token_id.as_deref()
    }

    /// Any other claim, as a type of yours. `Ok(None)` when the token does not have it.
    ///
    /// Read from the text of the token with each call: keep the result.
    ///
    /// # Errors
    /// When the claim is there and is not a `T`.
    pub fn claim<T: DeserializeOwned>(
        &self,
        path: impl Into<ClaimPath>,
    ) -> Result<Option<T>, ClaimTypeError> {
        let Some(value) = find(&self.0.payload, &path.into()) else {
            return Ok(None);
        };
        serde_json::from_str(value.get())
            .map(Some)
            .map_err(|_| ClaimTypeError)
    }

    pub(crate) fn identity(&self) -> &Identity {
        &self.0.identity
    }

    pub(crate) fn times(&self) -> Times {
        self.0.times
    }

    /// About how much memory these claims hold, in bytes.
    pub(crate) fn size(&self) -> usize {
        let identity = &self.0.identity;
        let projects = identity.projects.as_ref();
        let words = identity.roles.count()
            + identity.permissions.count()
            + identity.tenants.len()
            + projects.map_or(0, GrantedProjects::count);
        // Each word is an allocation of its own, of a text that stands in the payload.
        size_of::<Inner>() + 2 * self.0.payload.len() + 48 * words
    }
}

fn find<'a>(payload: &'a str, path: &ClaimPath) -> Option<&'a RawValue> {
    let mut value: &RawValue = serde_json::from_str(payload).ok()?;
    for name in path.names() {
        let members: HashMap<String, &RawValue> = serde_json::from_str(value.get()).ok()?;
        value = members.get(name)?;
    }
    Some(value)
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("tenants", &self.tenants())
            .field("issuer", &self.issuer())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

/// Equal when issuer and payload are, byte for byte.
impl PartialEq for Claims {
    fn eq(&self, other: &Self) -> bool {
        self.0.issuer == other.0.issuer && self.0.payload == other.0.payload
    }
}

/// A claim that is present and has another type than the one asked for. It does not say what is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claim has another type")]
pub struct ClaimTypeError;
