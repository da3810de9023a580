//! The seam between the rules for tokens and the cryptography beneath them.
//!
//! Each backend knows how to parse a key once and how to check a signature with it, and nothing of tokens.
//! None of them goes through the process-wide provider of jsonwebtoken, which panics when a build turns on
//! both of its backends or none.

#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
#[cfg(feature = "portable")]
mod portable;

use std::fmt;

use crate::jwt::Algorithm;

#[cfg(not(any(feature = "aws-lc-rs", feature = "portable")))]
compile_error!(
    "tenancy-core has no signature backend: enable its feature `aws-lc-rs` (the default, needs a C compiler) or \
     `portable` (pure Rust); tenancy-axum, tenancy-actix and tenancy-sqlx pass on features of these names"
);

/// Who checks signatures. All backends obey the same rules; they differ in speed and in where they build.
///
/// The first one that is compiled in is the default, in the order below.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum SignatureBackend {
    /// [aws-lc-rs](https://docs.rs/aws-lc-rs), with keys that are parsed once. Needs a C compiler.
    #[cfg(feature = "aws-lc-rs")]
    AwsLc,
    /// The pure Rust backend of [jsonwebtoken](https://docs.rs/jsonwebtoken), for targets where AWS-LC does
    /// not build. Has neither `ES512` nor RSA keys of more than 4096 bits, and takes several times as long.
    #[cfg(feature = "portable")]
    Portable,
}

impl Default for SignatureBackend {
    fn default() -> Self {
        #[cfg(feature = "aws-lc-rs")]
        return Self::AwsLc;
        #[cfg(all(feature = "portable", not(feature = "aws-lc-rs")))]
        return Self::Portable;
        // The error above is the only one.
        #[cfg(not(any(feature = "aws-lc-rs", feature = "portable")))]
        unreachable!();
    }
}

impl SignatureBackend {
    pub(crate) fn supports(self, algorithm: Algorithm) -> bool {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLc => aws_lc::supports(algorithm),
            #[cfg(feature = "portable")]
            Self::Portable => portable::supports(algorithm),
        }
    }

    /// HMAC over `message`, for tokens of our own. `None` when `algorithm` is none of HMAC's.
    pub(crate) fn mac(
        self,
        algorithm: Algorithm,
        secret: &[u8],
        message: &[u8],
    ) -> Option<Vec<u8>> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLc => aws_lc::sign(algorithm, secret, message),
            #[cfg(feature = "portable")]
            Self::Portable => portable::sign(algorithm, secret, message),
        }
    }

    /// SHA-256 (FIPS 180-4).
    pub(crate) fn sha256(self, message: &[u8]) -> Option<[u8; 32]> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLc => aws_lc::sha256(message),
            #[cfg(feature = "portable")]
            Self::Portable => portable::sha256(message),
        }
    }
}

/// What a key is made of.
#[derive(Clone, PartialEq, Eq)]
pub(crate) enum Material {
    /// Big-endian, without leading zeros.
    Rsa { n: Vec<u8>, e: Vec<u8> },
    /// A public point: uncompressed (SEC 1 §2.3.3) on a NIST curve, 32 octets (RFC 8032 §5.1.5) for Ed25519.
    Point {
        algorithm: Algorithm,
        octets: Vec<u8>,
    },
    /// Known to the issuer and to us. A service that verifies with it could forge the tokens it accepts.
    Secret {
        algorithm: Algorithm,
        octets: Vec<u8>,
    },
}

impl Material {
    /// The algorithms that such a key can serve.
    pub(crate) fn algorithms(&self) -> &[Algorithm] {
        match self {
            Self::Rsa { .. } => &Algorithm::RSA,
            Self::Point { algorithm, .. } | Self::Secret { algorithm, .. } => {
                std::slice::from_ref(algorithm)
            }
        }
    }
}

/// A key that is ready to check signatures of one algorithm.
#[derive(Clone)]
pub(crate) struct VerifyingKey(Parsed);

#[derive(Clone)]
enum Parsed {
    #[cfg(feature = "aws-lc-rs")]
    AwsLc(aws_lc::Key),
    #[cfg(feature = "portable")]
    Portable(portable::Key),
}

impl VerifyingKey {
    /// `None` when the material is no key for `algorithm`, or the backend cannot use it.
    pub(crate) fn parse(
        backend: SignatureBackend,
        material: &Material,
        algorithm: Algorithm,
    ) -> Option<Self> {
        let parsed = match backend {
            #[cfg(feature = "aws-lc-rs")]
            SignatureBackend::AwsLc => Parsed::AwsLc(aws_lc::Key::parse(material, algorithm)?),
            #[cfg(feature = "portable")]
            SignatureBackend::Portable => {
                Parsed::Portable(portable::Key::parse(material, algorithm)?)
            }
        };
        Some(Self(parsed))
    }

    /// Whether `signature` is this key's over `message`.
    pub(crate) fn verify(&self, message: &[u8], signature: &[u8]) -> bool {
        match self.0 {
            #[cfg(feature = "aws-lc-rs")]
            Parsed::AwsLc(ref key) => key.verify(message, signature),
            #[cfg(feature = "portable")]
            Parsed::Portable(ref key) => key.verify(message, signature),
        }
    }
}

/// Shows nothing of the key, which may be a secret.
impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifyingKey").finish_non_exhaustive()
    }
}
