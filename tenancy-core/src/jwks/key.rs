//! One JWK: whether it can verify tokens, and with which algorithms (RFC 7517 §4, RFC 7518 §6).

use std::fmt;

use base64_simd::URL_SAFE_NO_PAD;
use serde::Deserialize;

use crate::SignatureBackend;
use crate::jwt::Algorithm;
use crate::signature::{Material, VerifyingKey};

/// A key with the algorithms it may be used for, parsed once for each of them.
#[derive(Clone)]
pub(crate) struct Key {
    pub(super) id: Option<String>,
    material: Material,
    verifiers: Vec<(Algorithm, VerifyingKey)>,
}

/// What is demanded of the keys of an issuer, and who parses them.
#[derive(Debug, Clone)]
pub(crate) struct Import {
    pub(crate) allowed: Vec<Algorithm>,
    pub(crate) backend: SignatureBackend,
}

impl Key {
    /// Parses `material` for each algorithm that it serves and the issuer allows, narrowed to `pinned`.
    pub(super) fn parse(
        id: Option<String>,
        material: Material,
        pinned: Option<Algorithm>,
        rules: &Import,
    ) -> Result<Self, Unusable> {
        let verifiers = material
            .algorithms()
            .iter()
            .filter(|algorithm| pinned.is_none_or(|pinned| pinned == **algorithm))
            .filter(|algorithm| rules.allowed.contains(algorithm))
            .filter(|algorithm| rules.backend.supports(**algorithm))
            .map(|algorithm| {
                VerifyingKey::parse(rules.backend, &material, *algorithm)
                    .map(|key| (*algorithm, key))
                    .ok_or(Unusable::Material)
            })
            .collect::<Result<Vec<_>, _>>()?;
        if verifiers.is_empty() {
            return Err(Unusable::Algorithm);
        }
        Ok(Self {
            id,
            material,
            verifiers,
        })
    }

    pub(crate) fn allows(&self, algorithm: Algorithm) -> bool {
        self.verifiers
            .iter()
            .any(|(allowed, _)| *allowed == algorithm)
    }

    /// Whether `signature` is this key's over `message`. False also when the key does not allow
    /// `algorithm`.
    pub(crate) fn verify(&self, algorithm: Algorithm, message: &[u8], signature: &[u8]) -> bool {
        self.verifiers
            .iter()
            .find(|(allowed, _)| *allowed == algorithm)
            .is_some_and(|(_, key)| key.verify(message, signature))
    }

    pub(super) fn same_material(&self, other: &Self) -> bool {
        self.material == other.material
    }

    /// Adds the algorithms under which the same key was published once more.
    pub(super) fn merge(&mut self, other: Self) {
        for (algorithm, verifier) in other.verifiers {
            if !self.allows(algorithm) {
                self.verifiers.push((algorithm, verifier));
            }
        }
    }
}

/// Shows neither material nor id: the one may be a secret, the other is the provider's text.
impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let algorithms: Vec<_> = self
            .verifiers
            .iter()
            .map(|(algorithm, _)| algorithm)
            .collect();
        f.debug_struct("Key")
            .field("algorithms", &algorithms)
            .finish_non_exhaustive()
    }
}

/// Why a JWK is left out of the set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub(crate) enum Unusable {
    #[error("not a JWK")]
    Unreadable,
    #[error("key type or curve not supported")]
    Unsupported,
    #[error("meant for another use than verifying signatures")]
    OtherUse,
    #[error("symmetric")]
    Symmetric,
    #[error("algorithm not allowed for this key")]
    Algorithm,
    #[error(
        "RSA modulus outside 2048 to 8192 bits, or exponent even, below 65537 or above 33 bits"
    )]
    WeakRsa,
    #[error("key material not valid")]
    Material,
}

impl Unusable {
    /// A stable name for metrics.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Self::Unreadable => "unreadable",
            Self::Unsupported => "unsupported",
            Self::OtherUse => "other_use",
            Self::Symmetric => "symmetric",
            Self::Algorithm => "algorithm",
            Self::WeakRsa => "weak_rsa",
            Self::Material => "material",
        }
    }
}

/// The members that are looked at. Private members of a key are ignored; a repeated member or one of
/// another type makes this key, and this key only, unreadable.
#[derive(Deserialize)]
struct Jwk {
    kty: String,
    kid: Option<String>,
    r#use: Option<String>,
    key_ops: Option<Vec<String>>,
    alg: Option<String>,
    crv: Option<String>,
    n: Option<String>,
    e: Option<String>,
    x: Option<String>,
    y: Option<String>,
}

/// Reads one entry of a JWK set.
pub(crate) fn import(entry: &str, rules: &Import) -> Result<Key, Unusable> {
    // serde reads an array as a struct too, member by member.
    if !entry.trim_start().starts_with('{') {
        return Err(Unusable::Unreadable);
    }
    let jwk: Jwk = serde_json::from_str(entry).map_err(|_| Unusable::Unreadable)?;
    is_for_verifying(&jwk)?;
    let material = match jwk.kty.as_str() {
        "RSA" => rsa(&jwk)?,
        "EC" => elliptic_curve(&jwk)?,
        "OKP" => edwards_curve(&jwk)?,
        "oct" => return Err(Unusable::Symmetric),
        _ => return Err(Unusable::Unsupported),
    };
    let pinned = match &jwk.alg {
        None => None,
        Some(name) => Some(Algorithm::from_name(name).ok_or(Unusable::Algorithm)?),
    };
    Key::parse(jwk.kid, material, pinned, rules)
}

/// RFC 7517 §4.2 and §4.3: metadata that forbids the use binds us.
fn is_for_verifying(jwk: &Jwk) -> Result<(), Unusable> {
    let by_use = jwk.r#use.as_deref().is_none_or(|purpose| purpose == "sig");
    let by_operations = jwk
        .key_ops
        .as_ref()
        .is_none_or(|ops| ops.iter().any(|op| op == "verify"));
    if by_use && by_operations {
        Ok(())
    } else {
        Err(Unusable::OtherUse)
    }
}

fn rsa(jwk: &Jwk) -> Result<Material, Unusable> {
    let n = without_leading_zeros(octets(jwk.n.as_deref())?);
    let e = without_leading_zeros(octets(jwk.e.as_deref())?);
    let bits = n
        .first()
        .map_or(0, |first| n.len() * 8 - first.leading_zeros() as usize);
    // NIST SP 800-56B §6.2: odd and above 2^16. Every provider uses 65537, and the backends take 33 bits at
    // most, so that a signature cannot be made costly to check.
    let exponent = e.iter().try_fold(0_u64, |value, octet| {
        value.checked_mul(256)?.checked_add(u64::from(*octet))
    });
    let exponent_is_sound =
        exponent.is_some_and(|value| value % 2 == 1 && (1 << 16..1 << 33).contains(&value));
    let modulus_is_odd = n.last().is_some_and(|last| last % 2 == 1);
    if !(2048..=8192).contains(&bits) || !modulus_is_odd || !exponent_is_sound {
        return Err(Unusable::WeakRsa);
    }
    Ok(Material::Rsa { n, e })
}

fn elliptic_curve(jwk: &Jwk) -> Result<Material, Unusable> {
    let (algorithm, size) = match jwk.crv.as_deref() {
        Some("P-256") => (Algorithm::ES256, 32),
        Some("P-384") => (Algorithm::ES384, 48),
        Some("P-521") => (Algorithm::ES512, 66),
        _ => return Err(Unusable::Unsupported),
    };
    let (x, y) = (octets(jwk.x.as_deref())?, octets(jwk.y.as_deref())?);
    // RFC 7518 §6.2.1.2: the full size of a coordinate, leading zeros included.
    if x.len() != size || y.len() != size {
        return Err(Unusable::Material);
    }
    // SEC 1 §2.3.3: the uncompressed form of a point.
    let octets = [&[0x04], x.as_slice(), y.as_slice()].concat();
    Ok(Material::Point { algorithm, octets })
}

fn edwards_curve(jwk: &Jwk) -> Result<Material, Unusable> {
    if jwk.crv.as_deref() != Some("Ed25519") {
        return Err(Unusable::Unsupported);
    }
    let octets = octets(jwk.x.as_deref())?;
    if octets.len() != 32 {
        return Err(Unusable::Material);
    }
    Ok(Material::Point {
        algorithm: Algorithm::EdDSA,
        octets,
    })
}

fn octets(member: Option<&str>) -> Result<Vec<u8>, Unusable> {
    URL_SAFE_NO_PAD
        .decode_to_vec(member.ok_or(Unusable::Material)?)
        .map_err(|_| Unusable::Material)
}

/// RFC 7518 §6.3.1.1 forbids a leading zero octet in `n`; real providers send it all the same.
fn without_leading_zeros(octets: Vec<u8>) -> Vec<u8> {
    octets.into_iter().skip_while(|octet| *octet == 0).collect()
}
