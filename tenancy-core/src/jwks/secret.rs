//! `SharedSecret`, the key of an issuer that signs with HMAC.

use std::fmt;
use std::sync::Arc;

use super::key::{Import, Key, Unusable};
use crate::ConfigProblem;
use crate::jwt::Algorithm;
use crate::signature::Material;

/// A secret that the issuer signs with and the service verifies with: HMAC of [RFC 7518 §3.2].
///
/// Whoever can verify such a token can forge it. Use it where issuer and service are one, as in a service with
/// logins of its own; among several services, prefer keys that can be published.
///
/// ```
/// use tenancy_core::{Algorithm, ClaimMap, Issuer, JwtVerifier, KeySource, SharedSecret};
///
/// let secret = SharedSecret::new(Algorithm::HS256, "at least as long as the hash, so 32 bytes");
/// let verifier = JwtVerifier::new([Issuer::new("chat-service", ClaimMap::new("tenant_id"))
///     .audience("chat-service")
///     .keys(KeySource::shared_secret(secret))])?;
/// # let _ = verifier;
/// # Ok::<(), tenancy_core::ConfigError>(())
/// ```
///
/// `Debug` shows the algorithm only.
///
/// [RFC 7518 §3.2]: https://www.rfc-editor.org/rfc/rfc7518#section-3.2
#[derive(Clone)]
pub struct SharedSecret {
    pub(crate) algorithm: Algorithm,
    pub(crate) octets: Vec<u8>,
    pub(crate) key_id: Option<String>,
}

impl SharedSecret {
    /// A secret for `algorithm`: HS256, HS384 or HS512. It must have at least as many bytes as the hash, 32, 48
    /// or 64, and be random; that is checked, as far as it can be, when the verifier or token issuer is built.
    pub fn new(algorithm: Algorithm, secret: impl AsRef<[u8]>) -> Self {
        Self {
            algorithm,
            octets: secret.as_ref().to_vec(),
            key_id: None,
        }
    }

    /// The `kid` that tokens name this secret by. Without one, it verifies tokens that name no key.
    pub fn key_id(mut self, key_id: impl Into<String>) -> Self {
        self.key_id = Some(key_id.into());
        self
    }

    /// What makes this no secret for its algorithm, if anything does.
    pub(crate) fn problem(&self, issuer: &Arc<str>) -> Option<ConfigProblem> {
        let issuer = Arc::clone(issuer);
        let (algorithm, bytes) = (self.algorithm, self.octets.len());
        match algorithm.min_secret_bytes() {
            None => Some(ConfigProblem::SecretForKeyPair { issuer, algorithm }),
            Some(min) if bytes < min => Some(ConfigProblem::WeakSecret {
                issuer,
                algorithm,
                bytes,
                min,
            }),
            Some(_) => None,
        }
    }

    /// For telling whether a configuration changed. Not in constant time, and nothing from a request is compared.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.algorithm == other.algorithm
            && self.octets == other.octets
            && self.key_id == other.key_id
    }

    pub(crate) fn key(&self, rules: &Import) -> Result<Key, Unusable> {
        let material = Material::Secret {
            algorithm: self.algorithm,
            octets: self.octets.clone(),
        };
        Key::parse(self.key_id.clone(), material, None, rules)
    }
}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedSecret")
            .field("algorithm", &self.algorithm)
            .finish_non_exhaustive()
    }
}
