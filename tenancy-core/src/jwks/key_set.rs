//! `KeySet`, the usable keys of one JWK set, and the choice of the key for a token.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::key::{self, Key};
use crate::TokenProblem;
use crate::jwt::{Algorithm, Header};

/// The largest document that is read, in bytes.
pub(super) const MAX_BYTES: usize = 256 * 1024;
/// The most entries that a document may have.
const MAX_KEYS: usize = 100;

/// The keys of an issuer that can verify tokens. Entries that cannot are left out, one by one.
#[derive(Debug, Clone)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
}

/// A document that yields no key at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(crate) enum KeySetError {
    #[error("not a JWK set")]
    NotAKeySet,
    #[error("larger than {MAX_BYTES} bytes or {MAX_KEYS} keys")]
    TooLarge,
    #[error("none of its keys can verify tokens")]
    NoUsableKey,
}

#[derive(Deserialize)]
struct Document<'a> {
    #[serde(borrow)]
    keys: Vec<&'a RawValue>,
}

impl KeySet {
    /// Reads a JWK set (RFC 7517 §5). `allowed` is the issuer's list of algorithms.
    pub(crate) fn read(document: &[u8], allowed: &[Algorithm]) -> Result<Self, KeySetError> {
        if document.len() > MAX_BYTES {
            return Err(KeySetError::TooLarge);
        }
        // serde reads an array as a struct too, member by member.
        if !document.trim_ascii_start().starts_with(b"{") {
            return Err(KeySetError::NotAKeySet);
        }
        let document: Document<'_> =
            serde_json::from_slice(document).map_err(|_| KeySetError::NotAKeySet)?;
        if document.keys.len() > MAX_KEYS {
            return Err(KeySetError::TooLarge);
        }
        let mut keys = Vec::with_capacity(document.keys.len());
        for (position, entry) in document.keys.into_iter().enumerate() {
            match key::import(entry.get(), allowed) {
                Ok(key) => keys.push(key),
                Err(reason) => tracing::debug!(position, %reason, "left a key out of the JWKS"),
            }
        }
        let keys = without_contested_ids(keys);
        if keys.is_empty() {
            Err(KeySetError::NoUsableKey)
        } else {
            Ok(Self { keys })
        }
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// The one key that may verify a token with this header.
    ///
    /// A key that the token names is binding. A token that names none is accepted only while exactly one
    /// key fits, so that nobody relies on trying keys in turn.
    pub(crate) fn select(&self, header: &Header) -> Result<&Key, TokenProblem> {
        if let Some(id) = &header.key_id {
            let named = self.keys.iter().find(|key| key.id.as_ref() == Some(id));
            let key = named.ok_or(TokenProblem::NoMatchingKey)?;
            return if key.allows(header.algorithm) {
                Ok(key)
            } else {
                Err(TokenProblem::Algorithm)
            };
        }
        let mut fitting = self.keys.iter().filter(|key| key.allows(header.algorithm));
        match (fitting.next(), fitting.next()) {
            (Some(only), None) => Ok(only),
            (None, _) => Err(TokenProblem::NoMatchingKey),
            (Some(_), Some(_)) => Err(TokenProblem::AmbiguousKey),
        }
    }
}

/// Drops repeated entries, and drops every key whose id is claimed by different material: we cannot know
/// which of them the issuer means.
fn without_contested_ids(keys: Vec<Key>) -> Vec<Key> {
    let mut kept: Vec<Key> = Vec::with_capacity(keys.len());
    let mut contested = Vec::new();
    for key in keys {
        let earlier = kept.iter().find(|earlier| earlier.id == key.id);
        match earlier {
            Some(earlier) if earlier.same_material(&key) => {}
            Some(_) if key.id.is_some() => contested.push(key.id),
            _ => kept.push(key),
        }
    }
    if !contested.is_empty() {
        tracing::warn!(
            ids = contested.len(),
            "left out keys that share an id and differ"
        );
        kept.retain(|key| !contested.contains(&key.id));
    }
    kept
}
