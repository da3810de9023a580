//! Ours, configured as an ordinary service configures it.

use std::rc::Rc;

use tenancy_core::{
    BearerToken, ClaimMap, Issuer, JwtVerifier, JwtVerifierBuilder, KeySource, SharedSecret,
    TokenCache,
};
use tokio::runtime::Runtime;

use crate::Failure;
use crate::entrant::{Entrant, VerifyLater};
use crate::specimen::{AUDIENCE, Algorithm, ISSUER, SECRET};

/// Without a cache of verified tokens.
pub(crate) fn uncached(
    algorithm: Algorithm,
    jwks_url: &str,
    runtime: &Rc<Runtime>,
) -> Result<Entrant, Failure> {
    let verifier = builder(algorithm, jwks_url).without_cache().build()?;
    Ok(Entrant::later("tenancy", runtime, Ours(verifier)))
}

/// With a cache of verified tokens.
pub(crate) fn cached(
    algorithm: Algorithm,
    jwks_url: &str,
    cache: TokenCache,
    runtime: &Rc<Runtime>,
) -> Result<Entrant, Failure> {
    let verifier = builder(algorithm, jwks_url).cache(cache).build()?;
    Ok(Entrant::later("tenancy, cached", runtime, Ours(verifier)))
}

pub(crate) fn builder(algorithm: Algorithm, jwks_url: &str) -> JwtVerifierBuilder {
    let keys = match algorithm {
        Algorithm::Rs256 | Algorithm::Es256 | Algorithm::EdDsa => KeySource::url(jwks_url),
        Algorithm::Hs256 => {
            let secret = SharedSecret::new(tenancy_core::Algorithm::HS256, SECRET);
            KeySource::shared_secret(secret.key_id(algorithm.name()))
        }
    };
    let issuer = Issuer::new(ISSUER, ClaimMap::frontegg())
        .audience(AUDIENCE)
        .keys(keys);
    JwtVerifier::builder().issuer(issuer)
}

struct Ours(JwtVerifier);

impl VerifyLater for Ours {
    /// Taken from the header field before the clock runs, as the peers' text is by their extractors.
    type Presented<'t> = Option<BearerToken<'t>>;

    fn present<'t>(&self, token: &'t str) -> Self::Presented<'t> {
        BearerToken::parse(token)
    }

    async fn accepts(&self, token: &Self::Presented<'_>) -> bool {
        match token {
            Some(token) => self.0.verify(*token).await.is_ok(),
            None => false,
        }
    }
}
