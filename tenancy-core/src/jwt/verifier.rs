//! `JwtVerifier`, from a bearer token to verified claims.

mod builder;

use std::sync::Arc;

pub use self::builder::JwtVerifierBuilder;
use super::compact::Compact;
use super::issuer::OpenIssuer;
use super::issuers::Issuers;
use super::policy::{self, Times};
use super::{Header, Issuer, TokenProblem};
use crate::claims::{Claims, Identity, MapProblem, OneProblem};
use crate::json::{Json, Object, object};
use crate::jwks::{KeySet, KeyStatus};
use crate::token_cache::{Remembered, VerifiedTokens};
use crate::{
    BearerToken, Clock, ConfigError, FetchError, Revocations, TokenVerifier, Verified, VerifyError,
    watch,
};

/// Verifies JSON Web Tokens of one or several issuers.
///
/// What is checked, in this order ([RFC 8725](https://www.rfc-editor.org/rfc/rfc8725)); the
/// [manual](crate::manual::tokens) says why:
///
/// 1. the form: at most 16 KiB, three segments of canonical base64url, two strict JSON objects;
/// 2. the header: a known algorithm, the type of an access token, no `crit` or other extension;
/// 3. `iss`: one of the configured issuers, byte for byte — any other causes no network traffic;
/// 4. the key: of that issuer, allowed for the algorithm, named by `kid` or, without one, the only one that fits;
/// 5. the signature — and once more with newly fetched keys when the key is unknown or does not fit;
/// 6. `aud`, `exp`, `nbf`, `iat`, `cnf`, and what the [`TokenProfile`](crate::TokenProfile) asks for;
/// 7. tenant, subject, roles and permissions through the issuer's [`ClaimMap`](crate::ClaimMap), and whether the
///    issuer may speak for the tenant;
/// 8. revocation.
///
/// A token that was verified is remembered in a [`TokenCache`](crate::TokenCache); each time it is presented again
/// its times, the generation of the keys and revocation are looked at anew.
///
/// Verifies within a tokio runtime that has time enabled, as those of axum and actix-web have. Cheap to clone; clones
/// share keys and cache.
#[derive(Debug, Clone)]
pub struct JwtVerifier {
    issuers: Arc<Issuers>,
    cache: Option<VerifiedTokens>,
    revocations: Option<Arc<dyn Revocations>>,
    max_token_bytes: usize,
    clock: Arc<dyn Clock>,
}

impl JwtVerifier {
    /// A verifier for tokens of these issuers, with everything else as it is by default. Needs no network: keys
    /// are fetched when the first token arrives, so that a service starts although its provider is down.
    ///
    /// # Errors
    /// When an issuer is not configured soundly, when two have the same name, or when there is none. The
    /// error lists every mistake.
    pub fn new(issuers: impl IntoIterator<Item = Issuer>) -> Result<Self, ConfigError> {
        issuers
            .into_iter()
            .fold(Self::builder(), JwtVerifierBuilder::issuer)
            .build()
    }

    /// A verifier whose cache, clock, revocations and other parts are chosen.
    pub fn builder() -> JwtVerifierBuilder {
        JwtVerifierBuilder::default()
    }

    /// Verifies `token` at the present time.
    ///
    /// # Errors
    /// [`VerifyError::Token`] when the token breaks a rule, [`VerifyError::KeysUnavailable`] when the rules
    /// cannot be applied because the issuer's keys are not to be had, [`VerifyError::Unavailable`] when a
    /// directory of issuers or the revocations do not answer.
    pub async fn verify(&self, token: BearerToken<'_>) -> Result<Verified<Claims>, VerifyError> {
        let outcome = self.judge(token.expose()).await;
        watch::verification(match &outcome {
            Ok(_) => "accepted",
            Err(VerifyError::Token(problem)) => problem.code(),
            Err(_) => "undecided",
        });
        outcome.map(Verified::assertion)
    }

    async fn judge(&self, token: &str) -> Result<Claims, VerifyError> {
        if let Some(claims) = self.remembered(token).await? {
            self.ask_revocations(&claims).await?;
            return Ok(claims);
        }
        // Rare where there is a cache, and its future is large.
        let verified = Box::pin(self.prove(token)).await?;
        self.ask_revocations(&verified.claims).await?;
        let claims = verified.claims.clone();
        if let Some(cache) = &self.cache {
            cache.insert(token, verified);
        }
        Ok(claims)
    }

    /// The claims of a token that was verified before and would be verified again now.
    async fn remembered(&self, token: &str) -> Result<Option<Claims>, VerifyError> {
        let Some(cache) = &self.cache else {
            return Ok(None);
        };
        let Some(Remembered {
            claims,
            issuer,
            generation,
        }) = cache.get(token)
        else {
            watch::token_cache("miss");
            return Ok(None);
        };
        let still_good = self.issuers.still_know(&issuer)
            && issuer
                .policy
                .check_times(claims.times(), self.clock.now())
                .is_ok();
        // Only of an issuer that is still trusted the keys are asked for.
        if still_good && issuer.keys.current().await?.number == generation {
            watch::token_cache("hit");
            return Ok(Some(claims));
        }
        watch::token_cache("outdated");
        cache.remove(token);
        Ok(None)
    }

    async fn prove(&self, token: &str) -> Result<Remembered, VerifyError> {
        let compact = Compact::split(token, self.max_token_bytes)?;
        let header = compact.header()?;
        let unverified = Unverified {
            header: Header::read(&header)?,
            signature: compact.signature()?,
            signed: compact.signed(),
        };
        let payload = compact.payload()?;
        let (issuer, proof, generation) = {
            let claims = object(&payload).map_err(|_| TokenProblem::Payload)?;
            let issuer = self.issuers.find(policy::issuer(&claims)?).await?;
            let generation = unverified.find_key_and_check_signature(&issuer).await?;
            let proof = Proof::of(&unverified.header, &claims, &issuer, &*self.clock)?;
            (issuer, proof, generation)
        };
        let Proof {
            identity,
            times,
            token_id,
        } = proof;
        let name = Arc::clone(&issuer.name);
        Ok(Remembered {
            claims: Claims::new(identity, name, times, token_id, payload),
            issuer,
            generation,
        })
    }

    async fn ask_revocations(&self, claims: &Claims) -> Result<(), VerifyError> {
        match &self.revocations {
            Some(revocations) if revocations.is_revoked(claims).await? => {
                Err(TokenProblem::Revoked.into())
            }
            _ => Ok(()),
        }
    }

    /// Forgets that `token` was verified. Revocation needs no call: it is asked about each time.
    pub fn forget(&self, token: BearerToken<'_>) {
        if let Some(cache) = &self.cache {
            cache.remove(token.expose());
        }
    }

    /// Forgets every token that was verified.
    pub fn forget_all(&self) {
        if let Some(cache) = &self.cache {
            cache.clear();
        }
    }

    /// The keys of every issuer as they are now.
    pub fn key_status(&self) -> Vec<KeyStatus> {
        let mut status: Vec<_> = self
            .issuers
            .all()
            .iter()
            .map(|issuer| issuer.keys.status(&issuer.name))
            .collect();
        status.sort_unstable_by(|one, other| one.issuer.cmp(&other.issuer));
        status
    }

    /// Fetches the keys of every issuer now, whatever the cooldown says: after a leaked key was withdrawn, say.
    ///
    /// # Errors
    /// The first failure. The keys at hand stay in use, and the other issuers are asked all the same.
    pub async fn reload_keys(&self) -> Result<(), FetchError> {
        let issuers = self.issuers.all();
        // All at once: one that hangs does not hold up the others.
        let running: Vec<_> = issuers.iter().map(|issuer| issuer.keys.reload()).collect();
        let mut outcome = Ok(());
        for (issuer, running) in issuers.iter().zip(running) {
            outcome = outcome.and(issuer.keys.reloaded(running).await);
        }
        outcome
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
    header: Header<'a>,
    signed: &'a [u8],
    signature: Vec<u8>,
}

impl Unverified<'_> {
    /// Returns the generation of the keys that the signature was checked with.
    async fn find_key_and_check_signature(&self, issuer: &OpenIssuer) -> Result<u64, VerifyError> {
        let current = issuer.keys.current().await?;
        match self.signature_fits(&current.keys) {
            Ok(()) => Ok(current.number),
            // The key is unknown, or another one, perhaps of another type, took its place.
            Err(
                problem @ (TokenProblem::NoMatchingKey
                | TokenProblem::Algorithm
                | TokenProblem::Signature),
            ) => {
                let key_id = self.header.key_id.as_deref();
                let newer = issuer.keys.newer_than(&current, key_id).await;
                let newer = newer.ok_or(problem)?;
                self.signature_fits(&newer.keys)?;
                Ok(newer.number)
            }
            Err(problem) => Err(problem.into()),
        }
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

/// What claims with a good signature were found to say.
struct Proof {
    identity: Identity,
    times: Times,
    token_id: Option<String>,
}

impl Proof {
    fn of(
        header: &Header<'_>,
        claims: &Object<'_>,
        issuer: &OpenIssuer,
        clock: &dyn Clock,
    ) -> Result<Self, TokenProblem> {
        Ok(Self {
            times: issuer.policy.check(header, claims, clock.now())?,
            identity: issuer.identify(claims)?,
            token_id: token_id(claims)?,
        })
    }
}

/// RFC 7519 §4.1.7.
fn token_id(claims: &Object<'_>) -> Result<Option<String>, TokenProblem> {
    match claims.get("jti") {
        None => Ok(None),
        Some(Json::String(id)) if !id.is_empty() => Ok(Some(id.clone().into_owned())),
        Some(_) => Err(TokenProblem::TokenId),
    }
}

impl From<MapProblem> for TokenProblem {
    fn from(problem: MapProblem) -> Self {
        match problem {
            MapProblem::Tenant(OneProblem::Missing) => Self::TenantMissing,
            MapProblem::Tenant(OneProblem::Invalid) => Self::TenantInvalid,
            MapProblem::Tenant(OneProblem::Conflict) => Self::TenantConflict,
            MapProblem::Project => Self::Project,
            MapProblem::Subject(_) => Self::Subject,
            MapProblem::Roles | MapProblem::Permissions => Self::Roles,
            MapProblem::Value => Self::ClaimValue,
        }
    }
}
