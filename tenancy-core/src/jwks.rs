//! The signing keys of an issuer: import, selection, fetching and caching of JWK sets (RFC 7517).

mod attempt;
mod cache;
#[cfg(feature = "http")]
mod discovery;
mod fetch;
#[cfg(feature = "http")]
mod http;
mod key;
mod key_set;
mod secret;
mod source;
mod state;
mod status;
#[cfg(feature = "http")]
mod url;

pub(crate) use self::cache::{Jwks, KeysUnavailable};
pub use self::fetch::{FetchError, FetchKeys, Fetched};
#[cfg(feature = "aws-lc-rs")]
pub(crate) use self::key::import;
pub(crate) use self::key::{Import, Key};
pub(crate) use self::key_set::KeySet;
pub use self::secret::SharedSecret;
pub use self::source::KeySource;
pub use self::status::{KeyState, KeyStatus};
