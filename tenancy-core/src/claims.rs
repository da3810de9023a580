//! `Claims`, what a token says about who acts for which tenant.

mod json;
mod map;
mod presets;

use std::fmt;
use std::sync::Arc;

use serde::de::DeserializeOwned;

pub(crate) use self::json::{Object, object};
pub use self::map::{ClaimMap, ClaimPath};
pub(crate) use self::map::{MapProblem, OneProblem};
use crate::{SubjectId, TenantId, UnixTime};

/// The claims of a token, resolved to who acts for which tenant.
///
/// Cheap to clone. Meaningful only inside a [`Verified`](crate::Verified). `Debug` shows neither the
/// subject nor any other claim.
#[derive(Clone)]
pub struct Claims(Arc<Inner>);

struct Inner {
    identity: Identity,
    issuer: Arc<str>,
    expires_at: UnixTime,
    all: Object,
}

/// What a [`ClaimMap`] reads from the claims.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Identity {
    pub(crate) tenant: TenantId,
    pub(crate) subject: SubjectId,
    pub(crate) roles: Vec<String>,
    pub(crate) permissions: Vec<String>,
}

impl Claims {
    pub(crate) fn new(
        identity: Identity,
        issuer: Arc<str>,
        expires_at: UnixTime,
        all: Object,
    ) -> Self {
        Self(Arc::new(Inner {
            identity,
            issuer,
            expires_at,
            all,
        }))
    }

    /// The tenant that the issuer put the subject in.
    pub fn tenant(&self) -> &TenantId {
        &self.0.identity.tenant
    }

    /// Who acts: `sub`, or the claim that the [`ClaimMap`] names instead.
    pub fn subject(&self) -> &SubjectId {
        &self.0.identity.subject
    }

    /// The roles of the subject in this tenant. Empty when the token has none.
    pub fn roles(&self) -> &[String] {
        &self.0.identity.roles
    }

    /// The permissions of the subject in this tenant. Empty when the token has none.
    pub fn permissions(&self) -> &[String] {
        &self.0.identity.permissions
    }

    /// `iss`, byte-equal to the configured issuer.
    pub fn issuer(&self) -> &str {
        &self.0.issuer
    }

    /// `exp`, without leeway.
    pub fn expires_at(&self) -> UnixTime {
        self.0.expires_at
    }

    /// Any other claim, as a type of yours. `Ok(None)` when the token does not have it.
    ///
    /// # Errors
    /// When the claim is there and is not a `T`.
    pub fn claim<T: DeserializeOwned>(
        &self,
        path: impl Into<ClaimPath>,
    ) -> Result<Option<T>, ClaimTypeError> {
        let Some(value) = path.into().find(&self.0.all) else {
            return Ok(None);
        };
        T::deserialize(value).map(Some).map_err(ClaimTypeError)
    }
}

impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims")
            .field("tenant", &self.tenant().as_str())
            .field("issuer", &self.issuer())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

impl PartialEq for Claims {
    fn eq(&self, other: &Self) -> bool {
        self.0.issuer == other.0.issuer && self.0.all == other.0.all
    }
}

/// A claim that is present and has another type than the one asked for.
#[derive(Debug, thiserror::Error)]
#[error("the claim has another type")]
pub struct ClaimTypeError(#[source] serde_json::Error);
