//! Signing keys, and tokens of every shape, good and bad.

use std::io;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{Algorithm, EncodingKey};
use serde_json::{Value, json};

/// A private key with the id and the algorithm under which its public half is published.
#[derive(Clone)]
pub struct SigningKey {
    id: String,
    algorithm: Algorithm,
    key: EncodingKey,
    public: Value,
    pub(super) generation: u32,
}

/// A key that could not be made.
#[derive(Debug, thiserror::Error)]
#[error("could not make a signing key: {0}")]
pub struct KeyError(String);

impl SigningKey {
    /// A new RSA key of 2048 bits for RS256.
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn rsa(generation: u32) -> Result<Self, KeyError> {
        let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let der = pair.as_der().map_err(failed)?;
        let key = EncodingKey::from_rsa_pem(pem(der.as_ref()).as_bytes()).map_err(failed)?;
        Self::publish("rsa", generation, Algorithm::RS256, key)
    }

    /// A new key on P-256 for ES256.
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn ec(generation: u32) -> Result<Self, KeyError> {
        let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(failed)?;
        let der = pair.to_pkcs8v1().map_err(failed)?;
        Self::publish(
            "ec",
            generation,
            Algorithm::ES256,
            EncodingKey::from_ec_der(der.as_ref()),
        )
    }

    fn publish(
        kind: &str,
        generation: u32,
        algorithm: Algorithm,
        key: EncodingKey,
    ) -> Result<Self, KeyError> {
        let id = format!("{kind}-{generation}");
        let mut jwk = Jwk::from_encoding_key(&key, algorithm).map_err(failed)?;
        jwk.common.key_id = Some(id.clone());
        jwk.common.public_key_use = Some(jsonwebtoken::jwk::PublicKeyUse::Signature);
        let public = serde_json::to_value(jwk).map_err(failed)?;
        Ok(Self {
            id,
            algorithm,
            key,
            public,
            generation,
        })
    }

    /// The id of the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The public half as a JWK.
    pub fn public(&self) -> Value {
        self.public.clone()
    }

    /// The header of an ordinary token.
    pub fn header(&self) -> Value {
        json!({ "alg": self.algorithm, "typ": "JWT", "kid": self.id })
    }

    /// A token with these claims and the ordinary header.
    pub fn sign(&self, claims: &Value) -> String {
        self.sign_with(&self.header(), claims)
    }

    /// A token with any header at all.
    pub fn sign_with(&self, header: &Value, claims: &Value) -> String {
        self.sign_text(&header.to_string(), &claims.to_string())
    }

    /// A token whose parts need not even be JSON.
    ///
    /// # Panics
    /// Never: the key was made for its algorithm.
    #[expect(clippy::expect_used, reason = "the key was made for this algorithm")]
    pub fn sign_text(&self, header: &str, claims: &str) -> String {
        let message = format!("{}.{}", encode_part(header), encode_part(claims));
        let signature = jsonwebtoken::crypto::sign(message.as_bytes(), &self.key, self.algorithm);
        format!(
            "{message}.{}",
            signature.expect("a key signs with its own algorithm")
        )
    }
}

/// A part of a token: base64url without padding.
pub fn encode_part(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

/// PKCS #8 in the text form of RFC 7468.
fn pem(der: &[u8]) -> String {
    let body = STANDARD.encode(der);
    let lines: Vec<_> = body
        .as_bytes()
        .chunks(64)
        .map(String::from_utf8_lossy)
        .collect();
    format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        lines.join("\n")
    )
}

fn failed(error: impl std::fmt::Display) -> KeyError {
    KeyError(error.to_string())
}

impl From<KeyError> for io::Error {
    fn from(error: KeyError) -> Self {
        Self::other(error)
    }
}

impl std::fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningKey")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}
