//! `ApiKeyHash`, what is kept of an API key.

use std::fmt;

use super::key::is_api_key;
use crate::SignatureBackend;

/// The SHA-256 (FIPS 180-4) of an API key, by which it is kept and found. It is no secret: a key cannot be found from it.
///
/// A fast hash is the right one here. Slow ones, such as Argon2, are for passwords, of which so few are likely that
/// somebody with the hashes could try them all; nobody can try 2¹⁹⁰ keys however fast the hash is. For the same reason no
/// salt is needed, and keys can be found by their hash, in one look at an index. A slow hash would only let anybody keep
/// the service busy with made-up keys.
///
/// Nor does the time tell anything that a look takes: it depends on the hash of what was presented, and
/// whoever presents it would have to find a key for a hash to make use of a part of one that they learnt.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ApiKeyHash([u8; 32]);

impl ApiKeyHash {
    /// The hash of a key as it was presented, or found where it should not be. `None` when `key` is not the text of an API
    /// key, byte for byte: misspelt, cut off, with white space around it.
    ///
    /// ```
    /// use tenancy_core::{ApiKey, ApiKeyHash};
    ///
    /// let key = ApiKey::generate()?;
    /// let (hash, shown) = (key.hash(), key.expose());
    /// assert_eq!(ApiKeyHash::of(&shown), Some(hash));
    /// assert_eq!(ApiKeyHash::of(&shown.to_lowercase()), None);
    /// # Ok::<(), tenancy_core::ApiKeyError>(())
    /// ```
    pub fn of(key: &(impl AsRef<[u8]> + ?Sized)) -> Option<Self> {
        let key = key.as_ref();
        if !is_api_key(key) {
            return None;
        }
        SignatureBackend::default().sha256(key).map(Self)
    }

    /// A hash that was kept.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// What to keep, for example in a column of type `bytea` that is a primary key.
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// In hexadecimal, lower case.
impl fmt::Display for ApiKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for ApiKeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeyHash({self})")
    }
}
