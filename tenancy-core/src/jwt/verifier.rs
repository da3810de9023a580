//! `JwtVerifier`, from a bearer token to verified claims.

use std::collections::HashMap;
use std::sync::Arc;

use super::compact::Compact;
use super::issuer::OpenIssuer;
use super::{Header, Issuer, IssuerError, TokenProblem, policy};
use crate::claims::{Claims, MapProblem, Object, OneProblem, object};
use crate::jwks::KeySet;
use crate::{BearerToken, Clock, SystemClock, TokenVerifier, Verified, VerifyError};

/// Verifies JSON Web Tokens of one or several issuers.
///
/// What is checked, in this order ([RFC 8725](https://www.rfc-editor.org/rfc/rfc8725)):
///
/// 1. the form: at most 16 KiB, three segments of canonical base64url, two strict JSON objects;
/// 2. the header: an asymmetric algorithm, the type of an access token, no `crit` or other extension;
/// 3. `iss`: one of the configured issuers, byte for byte — any other causes no network traffic;
/// 4. the key: of that issuer, allowed for the algorithm, named by `kid` or, without one, the only one that fits;
/// 5. the signature — and once more with newly fetched keys when the key is unknown or does not fit;
/// 6. `aud`, `exp`, `nbf`, `iat`, `cnf`;
/// 7. tenant, subject, roles and permissions through the issuer's [`ClaimMap`](crate::ClaimMap).
///
/// Cheap to clone; clones share the keys.
#[derive(Debug, Clone)]
pub struct JwtVerifier {
    issuers: Arc<HashMap<Arc<str>, OpenIssuer>>,
    clock: Arc<dyn Clock>,
}

/// A set of issuers that cannot be verified against.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JwtVerifierError {
    /// There is no issuer.
    #[error("a verifier needs at least one issuer")]
    NoIssuer,
    /// Two issuers have the same name.
    #[error("issuer `{0}` is configured twice")]
    Duplicate(Arc<str>),
    /// One of them is not configured soundly.
    #[error(transparent)]
    Issuer(#[from] IssuerError),
}

impl JwtVerifier {
    /// A verifier for tokens of these issuers. Needs no network: keys are fetched when the first token
    /// arrives, so that a service starts although its provider is down.
    ///
    /// # Errors
    /// When an issuer is not configured soundly, when two have the same name, or when there is none.
    pub fn new(issuers: impl IntoIterator<Item = Issuer>) -> Result<Self, JwtVerifierError> {
        Self::with_clock(issuers, Arc::new(SystemClock::default()))
    }

    /// The same with a clock of the caller's.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_clock(
        issuers: impl IntoIterator<Item = Issuer>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, JwtVerifierError> {
        let mut open = HashMap::new();
        for issuer in issuers {
            let issuer = issuer.open(&clock)?;
            if let Some(earlier) = open.insert(Arc::clone(&issuer.name), issuer) {
                return Err(JwtVerifierError::Duplicate(earlier.name));
            }
        }
        if open.is_empty() {
            return Err(JwtVerifierError::NoIssuer);
        }
        Ok(Self {
            issuers: Arc::new(open),
            clock,
        })
    }

    /// Verifies `token` at the present time.
    ///
    /// # Errors
    /// [`VerifyError::Token`] when the token breaks a rule, [`VerifyError::KeysUnavailable`] when the rules
    /// cannot be applied because the issuer's keys are not to be had.
    pub async fn verify(&self, token: BearerToken<'_>) -> Result<Verified<Claims>, VerifyError> {
        let unverified = Unverified::read(token.expose())?;
        let issuer = policy::issuer(&unverified.claims)?;
        let issuer = self.issuers.get(issuer).ok_or(TokenProblem::Issuer)?;

        let current = issuer.keys.current().await?;
        match unverified.signature_fits(&current.keys) {
            Ok(()) => {}
            Err(problem @ (TokenProblem::NoMatchingKey | TokenProblem::Signature)) => {
                let key_id = unverified.header.key_id.as_deref();
                let newer = issuer
                    .keys
                    .newer_than(&current, key_id)
                    .await
                    .ok_or(problem)?;
                unverified.signature_fits(&newer.keys)?;
            }
            Err(problem) => return Err(problem.into()),
        }
        let expires_at = issuer.policy.check(&unverified.claims, self.clock.now())?;
        let identity = issuer
            .claims
            .identify(&unverified.claims)
            .map_err(TokenProblem::from)?;
        let claims = Claims::new(
            identity,
            Arc::clone(&issuer.name),
            expires_at,
            unverified.claims,
        );
        Ok(Verified::assertion(claims))
    }
}

#[async_trait::async_trait]
impl TokenVerifier for JwtVerifier {
    async fn verify(&self, token: BearerToken<'_>) -> Result<Verified<Claims>, VerifyError> {
        Self::verify(self, token).await
    }
}

/// A token that was read and proves nothing yet.
struct Unverified<'a> {
    header: Header,
    claims: Object,
    signed: &'a [u8],
    signature: Vec<u8>,
}

impl<'a> Unverified<'a> {
    fn read(token: &'a str) -> Result<Self, TokenProblem> {
        let compact = Compact::split(token)?;
        let header = Header::read(&compact.header()?)?;
        let claims = object(&compact.payload()?).map_err(|_| TokenProblem::Payload)?;
        Ok(Self {
            header,
            claims,
            signed: compact.signed(),
            signature: compact.signature()?,
        })
    }

    fn signature_fits(&self, keys: &KeySet) -> Result<(), TokenProblem> {
        let key = keys.select(&self.header)?;
        if key.verify(self.header.algorithm, self.signed, &self.signature) {
            Ok(())
        } else {
            Err(TokenProblem::Signature)
        }
    }
}

impl From<MapProblem> for TokenProblem {
    fn from(problem: MapProblem) -> Self {
        match problem {
            MapProblem::Tenant(OneProblem::Missing) => Self::TenantMissing,
            MapProblem::Tenant(OneProblem::Invalid) => Self::TenantInvalid,
            MapProblem::Tenant(OneProblem::Conflict) => Self::TenantConflict,
            MapProblem::Subject(_) => Self::Subject,
            MapProblem::Roles | MapProblem::Permissions => Self::Roles,
        }
    }
}
