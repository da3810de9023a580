//! JSON Web Tokens: the rules of RFC 7515, 7519 and 8725, in the order they are applied.
//!
//! `compact` (three segments) → `header` (algorithm, type, forbidden parameters) → key selection in
//! [`jwks`](crate::jwks) → signature → `policy` (issuer, audience, times) → the issuer's
//! [`ClaimMap`](crate::ClaimMap).

mod algorithm;
mod compact;
mod header;
mod issuer;
mod policy;
mod problem;
mod verifier;

pub use self::algorithm::Algorithm;
pub(crate) use self::header::Header;
pub use self::issuer::{Issuer, IssuerError};
pub use self::problem::TokenProblem;
pub use self::verifier::{JwtVerifier, JwtVerifierError};
