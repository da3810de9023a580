//! `Specimen`, the keys of an issuer and what it signs with them.

use std::cell::Cell;

use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeySize, PublicKeyComponents};
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256,
    RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use tenancy_core::{Clock as _, SystemClock};

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const AUDIENCE: &str = "benchmark-client";
/// Text, because jwt-authorizer takes no other secret.
pub(crate) const SECRET: &str = "a secret of the benchmark, 64 bytes long: 0123456789abcdefghijkl";

/// How a token is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Algorithm {
    Rs256,
    Es256,
    EdDsa,
    Hs256,
}

impl Algorithm {
    pub(crate) const ALL: [Self; 4] = [Self::Rs256, Self::Es256, Self::EdDsa, Self::Hs256];

    /// The name that `alg` of a token gives it. Keys have it as their id, too.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }
}

/// An issuer with one key per algorithm.
pub(crate) struct Specimen {
    pub(crate) rsa: RsaKeyPair,
    pub(crate) p256: EcdsaKeyPair,
    pub(crate) ed25519: Ed25519KeyPair,
    pub(crate) hmac: hmac::Key,
    random: SystemRandom,
    issued: Cell<u64>,
}

impl Specimen {
    pub(crate) fn new() -> Result<Self, Unspecified> {
        Ok(Self {
            rsa: RsaKeyPair::generate(KeySize::Rsa2048)?,
            p256: EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING)?,
            ed25519: Ed25519KeyPair::generate()?,
            hmac: hmac::Key::new(hmac::HMAC_SHA256, SECRET.as_bytes()),
            random: SystemRandom::new(),
            issued: Cell::new(0),
        })
    }

    /// A valid token, different from all before. About 900 bytes with RS256.
    pub(crate) fn token(&self, algorithm: Algorithm) -> Result<String, Unspecified> {
        self.token_with(algorithm, &json!({}))
    }

    /// The same with some claims replaced.
    pub(crate) fn token_with(
        &self,
        algorithm: Algorithm,
        replaced: &Value,
    ) -> Result<String, Unspecified> {
        let name = algorithm.name();
        let header = json!({ "alg": name, "typ": "JWT", "kid": name }).to_string();
        let mut claims = self.claims();
        if let (Value::Object(claims), Value::Object(replaced)) = (&mut claims, replaced) {
            claims.extend(replaced.clone());
        }
        let message = format!("{}.{}", encode(header), encode(claims.to_string()));
        let signature = self.sign(algorithm, message.as_bytes())?;
        Ok(format!("{message}.{}", encode(signature)))
    }

    /// The public keys. Without the secret: `jwks_client_rs` cannot read a set that has one.
    pub(crate) fn jwks(&self) -> String {
        let rsa = PublicKeyComponents::<Vec<u8>>::from(self.rsa.public_key());
        let (_, point) = self.p256.public_key().as_ref().split_at(1);
        let (x, y) = point.split_at(32);
        json!({ "keys": [
            {
                "kty": "RSA", "kid": "RS256", "use": "sig", "alg": "RS256",
                "n": encode(rsa.n), "e": encode(rsa.e),
            },
            {
                "kty": "EC", "kid": "ES256", "use": "sig", "alg": "ES256", "crv": "P-256",
                "x": encode(x), "y": encode(y),
            },
            {
                "kty": "OKP", "kid": "EdDSA", "use": "sig", "alg": "EdDSA", "crv": "Ed25519",
                "x": encode(self.ed25519.public_key()),
            },
        ]})
        .to_string()
    }

    /// The secret as a set of keys, for the peer that takes it in no other form.
    pub(crate) fn secret_jwks() -> String {
        json!({ "keys": [{ "kty": "oct", "kid": "HS256", "alg": "HS256", "k": encode(SECRET) }] })
            .to_string()
    }

    fn claims(&self) -> Value {
        let now = SystemClock::default().now().as_seconds();
        self.issued.set(self.issued.get() + 1);
        json!({
            "iss": ISSUER, "aud": AUDIENCE, "sub": "b2bfe8e4-6c2f-4b0a-9f3c-0f4f2f6b1f1d",
            "iat": now, "exp": now + 86_400, "jti": format!("{:08x}", self.issued.get()),
            "org_id": "e1d7b6f0-0d5f-4dd8-a8b4-86b1d2b3f2a5", "roles": ["Admin", "Analyst"],
            "email": "ada@acme.example", "name": "Ada Lovelace",
            "permissions": ["reports.read", "reports.write", "members.read"],
        })
    }

    fn sign(&self, algorithm: Algorithm, message: &[u8]) -> Result<Vec<u8>, Unspecified> {
        Ok(match algorithm {
            Algorithm::Rs256 => {
                let mut signature = vec![0; self.rsa.public_modulus_len()];
                self.rsa
                    .sign(&RSA_PKCS1_SHA256, &self.random, message, &mut signature)?;
                signature
            }
            Algorithm::Es256 => self.p256.sign(&self.random, message)?.as_ref().into(),
            Algorithm::EdDsa => self.ed25519.sign(message).as_ref().into(),
            Algorithm::Hs256 => hmac::sign(&self.hmac, message).as_ref().into(),
        })
    }
}

/// `token` with one bit of its signature flipped.
pub(crate) fn forged(token: &str) -> Option<String> {
    let (message, mut signature) = split(token)?;
    let middle = signature.len() / 2;
    *signature.get_mut(middle)? ^= 1;
    Some(format!("{message}.{}", encode(signature)))
}

/// 8 KiB in the form of a token: three segments of base64url that mean nothing.
pub(crate) fn garbage() -> String {
    // A multiplicative generator, so that all runs see the same text.
    let mut state = 1_u32;
    let noise = std::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()
    });
    let noise: Vec<u8> = noise.take(1536).flatten().collect();
    let mut text = encode(noise);
    text.replace_range(2728..2729, ".");
    text.replace_range(5460..5461, ".");
    text
}

/// The signed part of `token` and its signature.
pub(crate) fn split(token: &str) -> Option<(&str, Vec<u8>)> {
    let (message, signature) = token.rsplit_once('.')?;
    Some((message, URL_SAFE_NO_PAD.decode(signature).ok()?))
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
