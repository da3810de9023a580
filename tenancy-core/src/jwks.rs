//! The signing keys of an issuer: import, selection, fetching and caching of JWK sets (RFC 7517).

mod cache;
mod fetch;
#[cfg(feature = "http")]
mod http;
mod key;
mod key_set;
mod source;

pub(crate) use self::cache::{Jwks, KeysUnavailable};
pub use self::fetch::{FetchError, FetchKeys, Fetched};
pub(crate) use self::key_set::KeySet;
pub use self::source::{KeySource, KeySourceError};
