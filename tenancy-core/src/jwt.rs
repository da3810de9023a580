//! JSON Web Tokens: the rules of RFC 7515, 7519 and 8725, in the order they are applied.
//!
//! `compact` (three segments) → `header` (algorithm, type, forbidden parameters) → `issuers` (whose it is) → key
//! selection in [`jwks`](crate::jwks) → [`signature`](crate::signature) → `policy` (audience, times, profile) → the
//! issuer's [`ClaimMap`](crate::ClaimMap).

mod algorithm;
mod compact;
mod directory;
mod header;
mod issuer;
mod issuers;
mod policy;
mod problem;
mod verifier;

pub use self::algorithm::{Algorithm, UnknownAlgorithm};
pub use self::directory::{DirectoryUnavailable, IssuerDirectory};
pub(crate) use self::header::Header;
pub use self::issuer::Issuer;
pub(crate) use self::issuer::OpenIssuer;
pub(crate) use self::policy::Times;
pub use self::policy::TokenProfile;
pub use self::problem::TokenProblem;
pub use self::verifier::{JwtVerifier, JwtVerifierBuilder};
