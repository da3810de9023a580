//! Key pairs: made, read, signed with, and their public half as a JWK.

use std::collections::BTreeMap;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING,
    ECDSA_P521_SHA512_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm, Ed25519KeyPair,
    KeyPair as _, RSA_PKCS1_SHA256, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RSA_PSS_SHA256,
    RSA_PSS_SHA384, RSA_PSS_SHA512, RsaEncoding, RsaKeyPair,
};
use base64_simd::{STANDARD, URL_SAFE_NO_PAD};
use serde_json::{Value, json};

use super::IssueError;
use crate::Algorithm;

/// A private key for one algorithm.
pub(super) struct KeyPair {
    algorithm: Algorithm,
    pair: Pair,
    key_id: String,
}

enum Pair {
    Rsa(Box<RsaKeyPair>, &'static dyn RsaEncoding),
    Ecdsa(EcdsaKeyPair),
    Ed25519(Ed25519KeyPair),
}

impl KeyPair {
    pub(super) fn generate(algorithm: Algorithm) -> Result<Self, IssueError> {
        let failed = |_| IssueError::Key(algorithm);
        let pair = if let Some(encoding) = encoding(algorithm) {
            Pair::Rsa(
                Box::new(RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?),
                encoding,
            )
        } else if let Some(curve) = curve(algorithm) {
            Pair::Ecdsa(EcdsaKeyPair::generate(curve).map_err(failed)?)
        } else if algorithm == Algorithm::EdDSA {
            Pair::Ed25519(Ed25519KeyPair::generate().map_err(failed)?)
        } else {
            return Err(IssueError::Key(algorithm));
        };
        Ok(Self::named(algorithm, pair))
    }

    pub(super) fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, IssueError> {
        let failed = |_| IssueError::Key(algorithm);
        let pair = if let Some(encoding) = encoding(algorithm) {
            let pair = RsaKeyPair::from_pkcs8(der).map_err(failed)?;
            if pair.public_modulus_len() < 2048 / 8 {
                return Err(IssueError::Key(algorithm));
            }
            Pair::Rsa(Box::new(pair), encoding)
        } else if let Some(curve) = curve(algorithm) {
            Pair::Ecdsa(EcdsaKeyPair::from_pkcs8(curve, der).map_err(failed)?)
        } else if algorithm == Algorithm::EdDSA {
            Pair::Ed25519(Ed25519KeyPair::from_pkcs8_maybe_unchecked(der).map_err(failed)?)
        } else {
            return Err(IssueError::Key(algorithm));
        };
        Ok(Self::named(algorithm, pair))
    }

    fn named(algorithm: Algorithm, pair: Pair) -> Self {
        let key_id = thumbprint(&public_half(&pair));
        Self {
            algorithm,
            pair,
            key_id,
        }
    }

    pub(super) fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    pub(super) fn key_id(&self) -> &str {
        &self.key_id
    }

    pub(super) fn jwk(&self) -> Value {
        let mut jwk = public_half(&self.pair);
        jwk.extend([
            ("kid", self.key_id.clone()),
            ("use", "sig".to_owned()),
            ("alg", self.algorithm.to_string()),
        ]);
        json!(jwk)
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, IssueError> {
        let failed = |_| IssueError::Signature;
        let random = SystemRandom::new();
        match &self.pair {
            Pair::Rsa(pair, encoding) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(*encoding, &random, message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Pair::Ecdsa(pair) => pair
                .sign(&random, message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(failed),
            Pair::Ed25519(pair) => Ok(pair.sign(message).as_ref().to_vec()),
        }
    }
}

/// The members of a JWK that make the key, and no others, in the order of RFC 7638 §3.3.
fn public_half(pair: &Pair) -> BTreeMap<&'static str, String> {
    match pair {
        Pair::Rsa(pair, _) => {
            let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
            BTreeMap::from([
                ("kty", "RSA".to_owned()),
                ("n", encode(n.big_endian_without_leading_zero())),
                ("e", encode(e.big_endian_without_leading_zero())),
            ])
        }
        Pair::Ecdsa(pair) => {
            // SEC 1 §2.3.3: 0x04, x, y.
            let point = pair.public_key().as_ref();
            let coordinates = point.get(1..).unwrap_or_default();
            let (x, y) = coordinates.split_at(coordinates.len() / 2);
            let curve = match x.len() {
                32 => "P-256",
                48 => "P-384",
                _ => "P-521",
            };
            BTreeMap::from([
                ("kty", "EC".to_owned()),
                ("crv", curve.to_owned()),
                ("x", encode(x)),
                ("y", encode(y)),
            ])
        }
        Pair::Ed25519(pair) => BTreeMap::from([
            ("kty", "OKP".to_owned()),
            ("crv", "Ed25519".to_owned()),
            ("x", encode(pair.public_key())),
        ]),
    }
}

/// RFC 7638: the hash of the key itself, so that the same key has the same id wherever it is loaded.
fn thumbprint(public_half: &BTreeMap<&str, String>) -> String {
    // Nothing in it needs an escape.
    let members: Vec<_> = public_half
        .iter()
        .map(|(name, value)| format!(r#""{name}":"{value}""#))
        .collect();
    encode(digest(
        &SHA256,
        format!("{{{}}}", members.join(",")).as_bytes(),
    ))
}

fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode_to_string(bytes)
}

/// The one section of a PEM text, if it is a private key in PKCS #8.
pub(super) fn der_of_pem(pem: &str) -> Option<Vec<u8>> {
    let body = pem
        .trim()
        .strip_prefix("-----BEGIN PRIVATE KEY-----")?
        .strip_suffix("-----END PRIVATE KEY-----")?;
    let body: String = body.split_ascii_whitespace().collect();
    STANDARD.decode_to_vec(body).ok()
}

fn encoding(algorithm: Algorithm) -> Option<&'static dyn RsaEncoding> {
    Some(match algorithm {
        Algorithm::RS256 => &RSA_PKCS1_SHA256,
        Algorithm::RS384 => &RSA_PKCS1_SHA384,
        Algorithm::RS512 => &RSA_PKCS1_SHA512,
        Algorithm::PS256 => &RSA_PSS_SHA256,
        Algorithm::PS384 => &RSA_PSS_SHA384,
        Algorithm::PS512 => &RSA_PSS_SHA512,
        _ => return None,
    })
}

fn curve(algorithm: Algorithm) -> Option<&'static EcdsaSigningAlgorithm> {
    Some(match algorithm {
        Algorithm::ES256 => &ECDSA_P256_SHA256_FIXED_SIGNING,
        Algorithm::ES384 => &ECDSA_P384_SHA384_FIXED_SIGNING,
        Algorithm::ES512 => &ECDSA_P521_SHA512_FIXED_SIGNING,
        _ => return None,
    })
}
