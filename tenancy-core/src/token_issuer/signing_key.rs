//! `SigningKey`, what tokens are signed with.

use std::fmt;
use std::sync::Arc;

use base64_simd::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::IssueError;
#[cfg(feature = "aws-lc-rs")]
use super::key_pair::KeyPair;
#[cfg(feature = "aws-lc-rs")]
use crate::jwks::import;
use crate::jwks::{Import, Key};
use crate::{Algorithm, ConfigProblem, SharedSecret, SignatureBackend};

/// The private key, or the shared secret, of a [`TokenIssuer`](super::TokenIssuer). `Debug` shows its algorithm only.
#[derive(Clone)]
pub struct SigningKey(Kind);

#[derive(Clone)]
enum Kind {
    Secret(SharedSecret),
    #[cfg(feature = "aws-lc-rs")]
    Pair(Arc<KeyPair>),
}

impl SigningKey {
    /// Signs with HMAC. Whoever can verify the tokens can then issue some.
    pub fn shared_secret(secret: SharedSecret) -> Self {
        Self(Kind::Secret(secret))
    }

    /// A new key pair that lives as long as the process: for tests, and for services of one instance.
    ///
    /// # Errors
    /// When the algorithm has no key pairs, or the machine has no randomness to give.
    #[cfg(feature = "aws-lc-rs")]
    pub fn generate(algorithm: Algorithm) -> Result<Self, IssueError> {
        KeyPair::generate(algorithm).map(Self::pair)
    }

    /// Reads a private key in PKCS #8, the DER form of [RFC 5958](https://www.rfc-editor.org/rfc/rfc5958).
    ///
    /// # Errors
    /// When it is no private key for `algorithm`.
    #[cfg(feature = "aws-lc-rs")]
    pub fn from_pkcs8_der(algorithm: Algorithm, der: &[u8]) -> Result<Self, IssueError> {
        KeyPair::from_pkcs8(algorithm, der).map(Self::pair)
    }

    /// Reads a private key in PKCS #8, the text form of [RFC 7468 §10] that begins with
    /// `-----BEGIN PRIVATE KEY-----`, as `openssl genpkey` writes it.
    ///
    /// # Errors
    /// When it is no private key for `algorithm`.
    ///
    /// [RFC 7468 §10]: https://www.rfc-editor.org/rfc/rfc7468#section-10
    #[cfg(feature = "aws-lc-rs")]
    pub fn from_pkcs8_pem(algorithm: Algorithm, pem: &str) -> Result<Self, IssueError> {
        let der = super::key_pair::der_of_pem(pem).ok_or(IssueError::Key(algorithm))?;
        Self::from_pkcs8_der(algorithm, &der)
    }

    #[cfg(feature = "aws-lc-rs")]
    fn pair(pair: KeyPair) -> Self {
        Self(Kind::Pair(Arc::new(pair)))
    }

    pub(crate) fn check(&self, issuer: &Arc<str>) -> Result<(), ConfigProblem> {
        match self.secret().and_then(|secret| secret.problem(issuer)) {
            Some(problem) => Err(problem),
            None => Ok(()),
        }
    }

    #[cfg_attr(
        not(feature = "aws-lc-rs"),
        expect(
            clippy::unnecessary_wraps,
            reason = "there are key pairs with `aws-lc-rs` only"
        )
    )]
    pub(super) fn secret(&self) -> Option<&SharedSecret> {
        match &self.0 {
            Kind::Secret(secret) => Some(secret),
            #[cfg(feature = "aws-lc-rs")]
            Kind::Pair(_) => None,
        }
    }

    pub(super) fn jwk(&self) -> Option<Value> {
        match &self.0 {
            Kind::Secret(_) => None,
            #[cfg(feature = "aws-lc-rs")]
            Kind::Pair(pair) => Some(pair.jwk()),
        }
    }

    pub(super) fn header(&self) -> Value {
        let mut header = json!({ "alg": self.algorithm().to_string(), "typ": "JWT" });
        if let (Some(key_id), Some(header)) = (self.key_id(), header.as_object_mut()) {
            header.insert("kid".to_owned(), key_id.into());
        }
        header
    }

    pub(crate) fn key_id(&self) -> Option<&str> {
        match &self.0 {
            Kind::Secret(secret) => secret.key_id.as_deref(),
            #[cfg(feature = "aws-lc-rs")]
            Kind::Pair(pair) => Some(pair.key_id()),
        }
    }

    /// What its signatures are checked with.
    pub(crate) fn verifying(&self) -> Result<Key, IssueError> {
        let algorithm = self.algorithm();
        let rules = Import {
            allowed: vec![algorithm],
            backend: SignatureBackend::default(),
        };
        let key = match &self.0 {
            Kind::Secret(secret) => secret.key(&rules),
            #[cfg(feature = "aws-lc-rs")]
            Kind::Pair(pair) => import(&pair.jwk().to_string(), &rules),
        };
        key.map_err(|_| IssueError::Key(algorithm))
    }

    /// A JWS in the compact serialisation (RFC 7515 §7.1).
    pub(crate) fn sign_compact(&self, header: &str, payload: &str) -> Result<String, IssueError> {
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode_to_string(bytes);
        let message = format!(
            "{}.{}",
            encode(header.as_bytes()),
            encode(payload.as_bytes())
        );
        let signature = self.sign(message.as_bytes())?;
        Ok(format!("{message}.{}", encode(&signature)))
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, IssueError> {
        match &self.0 {
            Kind::Secret(secret) => SignatureBackend::default()
                .mac(secret.algorithm, &secret.octets, message)
                .ok_or(IssueError::Signature),
            #[cfg(feature = "aws-lc-rs")]
            Kind::Pair(pair) => pair.sign(message),
        }
    }

    pub(crate) fn algorithm(&self) -> Algorithm {
        match &self.0 {
            Kind::Secret(secret) => secret.algorithm,
            #[cfg(feature = "aws-lc-rs")]
            Kind::Pair(pair) => pair.algorithm(),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey")
            .field("algorithm", &self.algorithm())
            .finish_non_exhaustive()
    }
}
