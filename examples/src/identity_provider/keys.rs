//! Signing keys, and tokens of every shape, good and bad.

use std::io;

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair,
    EcdsaSigningAlgorithm, Ed25519KeyPair, KeyPair as _, RsaKeyPair,
};
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jsonwebtoken::crypto::aws_lc::DEFAULT_PROVIDER;
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
        Self::new("rsa", generation, Algorithm::RS256)
    }

    /// A new key on P-256 for ES256.
    ///
    /// # Errors
    /// When the machine has no randomness to give.
    pub fn ec(generation: u32) -> Result<Self, KeyError> {
        Self::new("ec", generation, Algorithm::ES256)
    }

    /// A new key for `algorithm`, with the id `{kind}-{generation}`.
    ///
    /// # Errors
    /// When the machine has no randomness to give, or the algorithm has no key pairs.
    pub fn new(kind: &str, generation: u32, algorithm: Algorithm) -> Result<Self, KeyError> {
        let (key, mut public) = match algorithm {
            Algorithm::ES256 => elliptic_curve(&ECDSA_P256_SHA256_FIXED_SIGNING, algorithm)?,
            Algorithm::ES384 => elliptic_curve(&ECDSA_P384_SHA384_FIXED_SIGNING, algorithm)?,
            Algorithm::EdDSA => edwards_curve()?,
            Algorithm::HS256 | Algorithm::HS384 | Algorithm::HS512 => {
                return Err(KeyError("HMAC has no key pairs".to_owned()));
            }
            _ => rsa()?,
        };
        let id = format!("{kind}-{generation}");
        if let Some(members) = public.as_object_mut() {
            members.insert("kid".to_owned(), id.as_str().into());
            members.insert("use".to_owned(), "sig".into());
            members.insert("alg".to_owned(), json!(algorithm));
        }
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
        // Not `jsonwebtoken::crypto::sign`, which asks the process for a provider and panics when a build has two.
        let signer = (DEFAULT_PROVIDER.signer_factory)(&self.algorithm, &self.key);
        let signature = signer
            .expect("the key was made for this algorithm")
            .try_sign(message.as_bytes())
            .expect("a key signs with its own algorithm");
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    }
}

fn rsa() -> Result<(EncodingKey, Value), KeyError> {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
    let der = pair.as_der().map_err(failed)?;
    let key = EncodingKey::from_rsa_pem(pem(der.as_ref()).as_bytes()).map_err(failed)?;
    let components = DEFAULT_PROVIDER
        .key_utils
        .rsa_pub_components_from_private_key;
    let (n, e) = components(key.as_bytes()).map_err(failed)?;
    Ok((key, json!({ "kty": "RSA", "n": encode(n), "e": encode(e) })))
}

fn elliptic_curve(
    curve: &'static EcdsaSigningAlgorithm,
    algorithm: Algorithm,
) -> Result<(EncodingKey, Value), KeyError> {
    let pair = EcdsaKeyPair::generate(curve).map_err(failed)?;
    let key = EncodingKey::from_ec_der(pair.to_pkcs8v1().map_err(failed)?.as_ref());
    let components = DEFAULT_PROVIDER
        .key_utils
        .ec_pub_components_from_private_key;
    let (curve, x, y) = components(key.as_bytes(), algorithm).map_err(failed)?;
    Ok((
        key,
        json!({ "kty": "EC", "crv": curve, "x": encode(x), "y": encode(y) }),
    ))
}

fn edwards_curve() -> Result<(EncodingKey, Value), KeyError> {
    let pair = Ed25519KeyPair::generate().map_err(failed)?;
    let key = EncodingKey::from_ed_der(pair.to_pkcs8v1().map_err(failed)?.as_ref());
    let public = json!({ "kty": "OKP", "crv": "Ed25519", "x": encode(pair.public_key()) });
    Ok((key, public))
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
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
