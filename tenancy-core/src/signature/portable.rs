//! Signatures in pure Rust, by the `rust_crypto` backend of jsonwebtoken.

use jsonwebtoken::crypto::rust_crypto::DEFAULT_PROVIDER;
use jsonwebtoken::jwk::ThumbprintHash;
use jsonwebtoken::{Algorithm as Name, DecodingKey, EncodingKey};

use super::Material;
use crate::jwt::Algorithm;

/// The backend refuses larger moduli, but only when a signature is checked.
const MAX_RSA_OCTETS: usize = 4096 / 8;

#[derive(Clone)]
pub(super) struct Key {
    algorithm: Name,
    key: DecodingKey,
}

impl Key {
    pub(super) fn parse(material: &Material, algorithm: Algorithm) -> Option<Self> {
        let key = match material {
            Material::Rsa { n, .. } if n.len() > MAX_RSA_OCTETS => return None,
            Material::Rsa { n, e } => DecodingKey::from_rsa_raw_components(n, e),
            Material::Point {
                algorithm: Algorithm::EdDSA,
                octets,
            } => DecodingKey::from_ed_der(octets),
            Material::Point { octets, .. } => DecodingKey::from_ec_der(octets),
            Material::Secret { octets, .. } => DecodingKey::from_secret(octets),
        };
        let algorithm = self::algorithm(algorithm)?;
        // Says whether a point is on its curve.
        (DEFAULT_PROVIDER.verifier_factory)(&algorithm, &key).ok()?;
        Some(Self { algorithm, key })
    }

    pub(super) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        // The verifier is neither `Send` nor `Sync`, so it cannot be kept.
        (DEFAULT_PROVIDER.verifier_factory)(&self.algorithm, &self.key)
            .is_ok_and(|verifier| verifier.verify(message, &signature.to_vec()).is_ok())
    }
}

pub(super) fn sign(algorithm: Algorithm, secret: &[u8], message: &[u8]) -> Option<Vec<u8>> {
    algorithm.min_secret_bytes()?;
    let key = EncodingKey::from_secret(secret);
    let signer = (DEFAULT_PROVIDER.signer_factory)(&self::algorithm(algorithm)?, &key);
    signer.ok()?.try_sign(message).ok()
}

pub(super) fn sha256(message: &[u8]) -> Option<[u8; 32]> {
    (DEFAULT_PROVIDER.key_utils.compute_digest)(message, ThumbprintHash::SHA256)
        .ok()?
        .try_into()
        .ok()
}

pub(super) fn supports(algorithm: Algorithm) -> bool {
    self::algorithm(algorithm).is_some()
}

fn algorithm(algorithm: Algorithm) -> Option<Name> {
    Some(match algorithm {
        Algorithm::RS256 => Name::RS256,
        Algorithm::RS384 => Name::RS384,
        Algorithm::RS512 => Name::RS512,
        Algorithm::PS256 => Name::PS256,
        Algorithm::PS384 => Name::PS384,
        Algorithm::PS512 => Name::PS512,
        Algorithm::ES256 => Name::ES256,
        Algorithm::ES384 => Name::ES384,
        Algorithm::EdDSA => Name::EdDSA,
        Algorithm::HS256 => Name::HS256,
        Algorithm::HS384 => Name::HS384,
        Algorithm::HS512 => Name::HS512,
        Algorithm::ES512 => return None,
    })
}
