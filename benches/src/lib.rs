//! What the benchmarks share: a token of ordinary size and the keys that verify it.

use serde_json::{Value, json};
use tenancy_core::{ClaimMap, Issuer, JwtVerifier, JwtVerifierError, KeySource};
use tenancy_examples::identity_provider::{KeyError, SigningKey, now};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "benchmark-client";

/// A token of about 900 bytes and its issuer's RS256 key of 2048 bits.
#[derive(Debug)]
pub struct Specimen {
    key: SigningKey,
    /// The token.
    pub token: String,
}

impl Specimen {
    /// A new key and a token that it signed.
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn new() -> Result<Self, KeyError> {
        let key = SigningKey::rsa(1)?;
        let claims = json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "b2bfe8e4-6c2f-4b0a-9f3c-0f4f2f6b1f1d", "iat": now(), "exp": now() + 86_400,
            "org_id": "e1d7b6f0-0d5f-4dd8-a8b4-86b1d2b3f2a5", "roles": ["Admin", "Analyst"], "email": "ada@acme.example",
            "name": "Ada Lovelace", "permissions": ["reports.read", "reports.write", "members.read"], "sid": "5d9f8c1e",
        });
        let token = key.sign(&claims);
        Ok(Self { key, token })
    }

    /// Ours, keys warm.
    ///
    /// # Errors
    /// Never, for the configuration is fixed.
    pub fn verifier(&self) -> Result<JwtVerifier, JwtVerifierError> {
        let keys = KeySource::fixed(json!({ "keys": [self.key.public()] }).to_string());
        JwtVerifier::new([Issuer::new(ISSUER, ClaimMap::frontegg())
            .audience(AUDIENCE)
            .keys(keys)])
    }

    /// The public key as a JWK.
    pub fn jwk(&self) -> Value {
        self.key.public()
    }

    /// What jsonwebtoken needs to check what it can.
    pub fn validation(&self) -> jsonwebtoken::Validation {
        let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        validation
    }
}
