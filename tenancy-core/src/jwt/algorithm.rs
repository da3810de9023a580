//! `Algorithm`, the signature algorithms that a token may use.

use std::fmt;
use std::str::FromStr;

/// A JWS algorithm of [RFC 7518 §3.1] and [RFC 8037 §3.1].
///
/// `none` does not exist here. (jsonwebtoken's type of this name has no `ES512`.)
///
/// [RFC 7518 §3.1]: https://www.rfc-editor.org/rfc/rfc7518#section-3.1
/// [RFC 8037 §3.1]: https://www.rfc-editor.org/rfc/rfc8037#section-3.1
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "the names are those of the RFC")]
pub enum Algorithm {
    RS256,
    RS384,
    RS512,
    PS256,
    PS384,
    PS512,
    ES256,
    ES384,
    /// Not in the portable backend.
    ES512,
    /// `EdDSA` with an Ed25519 key, also spelled `Ed25519` since RFC 9864.
    EdDSA,
    /// Only for an issuer that is configured with a [`SharedSecret`](crate::SharedSecret).
    HS256,
    /// Only for an issuer that is configured with a [`SharedSecret`](crate::SharedSecret).
    HS384,
    /// Only for an issuer that is configured with a [`SharedSecret`](crate::SharedSecret).
    HS512,
}

/// A text that names no algorithm of [`Algorithm`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no algorithm that tokens may use; use one of RS256, RS384, RS512, PS256, PS384, PS512, ES256, ES384, \
     ES512, EdDSA, HS256, HS384, HS512"
)]
pub struct UnknownAlgorithm(String);

impl Algorithm {
    pub(crate) const RSA: [Self; 6] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
    ];

    /// Those whose keys can be published.
    pub(crate) const ASYMMETRIC: [Self; 10] = [
        Self::RS256,
        Self::RS384,
        Self::RS512,
        Self::PS256,
        Self::PS384,
        Self::PS512,
        Self::ES256,
        Self::ES384,
        Self::ES512,
        Self::EdDSA,
    ];

    /// The algorithm that `alg` of a token or a key names. Names are case-sensitive (RFC 7515 §4.1.1).
    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "RS256" => Self::RS256,
            "RS384" => Self::RS384,
            "RS512" => Self::RS512,
            "PS256" => Self::PS256,
            "PS384" => Self::PS384,
            "PS512" => Self::PS512,
            "ES256" => Self::ES256,
            "ES384" => Self::ES384,
            "ES512" => Self::ES512,
            "EdDSA" | "Ed25519" => Self::EdDSA,
            "HS256" => Self::HS256,
            "HS384" => Self::HS384,
            "HS512" => Self::HS512,
            _ => return None,
        })
    }

    /// The least length of a secret in bytes: that of the hash (RFC 7518 §3.2). `None` for the algorithms
    /// that have no secret.
    pub(crate) fn min_secret_bytes(self) -> Option<usize> {
        match self {
            Self::HS256 => Some(32),
            Self::HS384 => Some(48),
            Self::HS512 => Some(64),
            _ => None,
        }
    }
}

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    /// For configuration that is text.
    fn from_str(name: &str) -> Result<Self, UnknownAlgorithm> {
        Self::from_name(name).ok_or_else(|| UnknownAlgorithm(name.to_owned()))
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}
