//! What the benchmarks share: a token of ordinary size and the key that verifies it.

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKey};
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tenancy_core::{
    ClaimMap, Clock as _, ConfigError, Issuer, JwtVerifier, KeySource, SystemClock,
};

const ISSUER: &str = "https://issuer.example";
const AUDIENCE: &str = "benchmark-client";

/// A token of about 900 bytes and its issuer's RS256 key of 2048 bits.
#[derive(Debug)]
pub struct Specimen {
    /// The token.
    pub token: String,
    /// The public key as a JWK.
    pub jwk: Value,
}

impl Specimen {
    /// A new key and a token that it signed.
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn new() -> Result<Self, Unspecified> {
        let key = RsaKeyPair::generate(KeySize::Rsa2048)?;
        let message = format!(
            "{}.{}",
            encode(r#"{"alg":"RS256","typ":"JWT","kid":"1"}"#),
            encode(claims().to_string())
        );
        let mut signature = vec![0; key.public_modulus_len()];
        key.sign(
            &RSA_PKCS1_SHA256,
            &SystemRandom::new(),
            message.as_bytes(),
            &mut signature,
        )?;
        Ok(Self {
            token: format!("{message}.{}", encode(signature)),
            jwk: jwk(key.public_key()),
        })
    }

    /// Ours, keys warm.
    ///
    /// # Errors
    /// Never, for the configuration is fixed.
    pub fn verifier(&self) -> Result<JwtVerifier, ConfigError> {
        let keys = KeySource::fixed(json!({ "keys": [self.jwk] }).to_string());
        JwtVerifier::new([Issuer::new(ISSUER, ClaimMap::frontegg())
            .audience(AUDIENCE)
            .keys(keys)])
    }

    /// What jsonwebtoken needs to check what it can.
    pub fn validation() -> jsonwebtoken::Validation {
        let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::RS256);
        validation.set_audience(&[AUDIENCE]);
        validation.set_issuer(&[ISSUER]);
        validation
    }
}

fn claims() -> Value {
    let now = SystemClock::default().now().as_seconds();
    json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "b2bfe8e4-6c2f-4b0a-9f3c-0f4f2f6b1f1d", "iat": now, "exp": now + 86_400,
        "org_id": "e1d7b6f0-0d5f-4dd8-a8b4-86b1d2b3f2a5", "roles": ["Admin", "Analyst"], "email": "ada@acme.example",
        "name": "Ada Lovelace", "permissions": ["reports.read", "reports.write", "members.read"], "sid": "5d9f8c1e",
    })
}

fn jwk(key: &PublicKey) -> Value {
    let (n, e) = (key.modulus(), key.exponent());
    let (n, e) = (
        encode(n.big_endian_without_leading_zero()),
        encode(e.big_endian_without_leading_zero()),
    );
    json!({ "kty": "RSA", "kid": "1", "use": "sig", "alg": "RS256", "n": n, "e": e })
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
