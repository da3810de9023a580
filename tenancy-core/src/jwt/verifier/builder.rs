//! `JwtVerifierBuilder`, the parts of a verifier.

use std::collections::HashMap;
use std::sync::Arc;

use super::JwtVerifier;
use crate::jwt::issuers::Issuers;
use crate::token_cache::VerifiedTokens;
use crate::{
    Clock, ConfigError, ConfigProblem, Issuer, IssuerDirectory, Revocations, SignatureBackend,
    SystemClock, TokenCache,
};

/// The longest token that may be allowed, in bytes. Servers limit header fields to less.
const MOST_TOKEN_BYTES: usize = 1 << 20;
const LEAST_TOKEN_BYTES: usize = 1 << 10;

/// Puts a [`JwtVerifier`] together.
///
/// ```
/// use tenancy_core::{ClaimMap, Issuer, JwtVerifier, KeySource, RevocationList, TokenCache};
///
/// # #[cfg(feature = "http")] {
/// let revoked = RevocationList::new();
/// let verifier = JwtVerifier::builder()
///     .issuer(
///         Issuer::new("https://login.example.com", ClaimMap::new("tenant_id"))
///             .audience("my-service")
///             .keys(KeySource::discovery()),
///     )
///     .cache(TokenCache::default().max_tokens(1_000))
///     .revocations(revoked.clone())
///     .build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), tenancy_core::ConfigError>(())
/// ```
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct JwtVerifierBuilder {
    issuers: Vec<Issuer>,
    directory: Option<Arc<dyn IssuerDirectory>>,
    cache: Option<TokenCache>,
    revocations: Option<Arc<dyn Revocations>>,
    backend: SignatureBackend,
    max_token_bytes: usize,
    clock: Arc<dyn Clock>,
}

impl Default for JwtVerifierBuilder {
    fn default() -> Self {
        Self {
            issuers: Vec::new(),
            directory: None,
            cache: Some(TokenCache::default()),
            revocations: None,
            backend: SignatureBackend::default(),
            max_token_bytes: 16 * 1024,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl JwtVerifierBuilder {
    /// Accepts tokens of `issuer`. May be called for several.
    pub fn issuer(mut self, issuer: Issuer) -> Self {
        self.issuers.push(issuer);
        self
    }

    /// Accepts tokens of the issuers that `directory` knows, besides the fixed ones.
    pub fn directory(mut self, directory: impl IssuerDirectory + 'static) -> Self {
        self.directory = Some(Arc::new(directory));
        self
    }

    /// How verified tokens are remembered.
    pub fn cache(mut self, cache: TokenCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Verifies every token each time.
    pub fn without_cache(mut self) -> Self {
        self.cache = None;
        self
    }

    /// Asks `revocations` about every token that is otherwise good.
    pub fn revocations(mut self, revocations: impl Revocations + 'static) -> Self {
        self.revocations = Some(Arc::new(revocations));
        self
    }

    /// Who checks signatures.
    pub fn signature_backend(mut self, backend: SignatureBackend) -> Self {
        self.backend = backend;
        self
    }

    /// The longest token that is looked at, in bytes: 16 KiB by default, between 1 KiB and 1 MiB.
    pub fn max_token_bytes(mut self, max_token_bytes: usize) -> Self {
        self.max_token_bytes = max_token_bytes;
        self
    }

    /// Where time comes from.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The verifier. Needs no network.
    ///
    /// # Errors
    /// When the configuration is not sound. The error lists every mistake, of every issuer.
    pub fn build(self) -> Result<JwtVerifier, ConfigError> {
        let mut problems = Vec::new();
        if self.issuers.is_empty() && self.directory.is_none() {
            problems.push(ConfigProblem::NoIssuer);
        }
        if self.cache.is_some_and(|cache| !cache.has_room()) {
            problems.push(ConfigProblem::CacheSize);
        }
        if !(LEAST_TOKEN_BYTES..=MOST_TOKEN_BYTES).contains(&self.max_token_bytes) {
            problems.push(ConfigProblem::TokenLength(self.max_token_bytes));
        }
        let mut fixed = HashMap::new();
        for issuer in &self.issuers {
            let name: Arc<str> = issuer.name().into();
            let before = problems.len();
            let open = issuer.open(self.backend, &self.clock, &mut problems);
            if open.is_none() && problems.len() == before {
                // Nothing that was configured is dropped in silence.
                problems.push(ConfigProblem::NoKeys(Arc::clone(&name)));
            }
            if fixed.insert(Arc::clone(&name), open).is_some() {
                problems.push(ConfigProblem::Duplicate(name));
            }
        }
        ConfigError::unless_empty(problems)?;
        let fixed = fixed
            .into_iter()
            .filter_map(|(name, open)| Some((name, Arc::new(open?))))
            .collect();
        Ok(JwtVerifier {
            issuers: Arc::new(Issuers::new(
                fixed,
                self.directory,
                self.backend,
                Arc::clone(&self.clock),
            )),
            cache: self
                .cache
                .map(|settings| VerifiedTokens::new(settings, self.backend)),
            revocations: self.revocations,
            max_token_bytes: self.max_token_bytes,
            clock: self.clock,
        })
    }
}
