//! `KeySet`, the usable keys of one JWK set, and the choice of the key for a token.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::SharedSecret;
use super::key::{self, Import, Key, Unusable};
use crate::jwt::Header;
use crate::{TokenProblem, watch};

/// The largest document that is read, in bytes.
pub(super) const MAX_BYTES: usize = 256 * 1024;
/// The most entries that a document may have.
const MAX_KEYS: usize = 100;

/// The keys of an issuer that can verify tokens. Entries that cannot are left out, one by one.
#[derive(Debug, Clone)]
pub(crate) struct KeySet {
    keys: Vec<Key>,
    skipped: usize,
    contested: Vec<String>,
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
    /// Reads a JWK set (RFC 7517 §5).
    pub(crate) fn read(document: &[u8], rules: &Import) -> Result<Self, KeySetError> {
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
        let entries = document.keys.len();
        let mut keys = Vec::with_capacity(entries);
        for (position, entry) in document.keys.into_iter().enumerate() {
            match key::import(entry.get(), rules) {
                Ok(key) => keys.push(key),
                Err(reason) => {
                    watch::key_skipped(reason.code());
                    tracing::debug!(target: "tenancy::keys", position, %reason, "left a key out of the JWKS");
                }
            }
        }
        let skipped = entries - keys.len();
        let (keys, contested) = without_contested_ids(keys);
        if keys.is_empty() {
            return Err(KeySetError::NoUsableKey);
        }
        Ok(Self {
            keys,
            skipped,
            contested,
        })
    }

    /// The configuration has seen to it that each has an id of its own.
    pub(super) fn secrets(secrets: &[SharedSecret], rules: &Import) -> Result<Self, Unusable> {
        let keys = secrets.iter().map(|secret| secret.key(rules));
        Ok(Self {
            keys: keys.collect::<Result<_, _>>()?,
            skipped: 0,
            contested: Vec::new(),
        })
    }

    pub(super) fn len(&self) -> usize {
        self.keys.len()
    }

    /// How many entries of the document cannot verify tokens, those of contested ids not counted.
    pub(super) fn skipped(&self) -> usize {
        self.skipped
    }

    /// The ids that different keys claim, which is why none of them is used.
    pub(super) fn contested(&self) -> &[String] {
        &self.contested
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.keys.iter().any(|key| key.id.as_deref() == Some(id))
    }

    /// The one key that may verify a token with this header.
    ///
    /// A key that the token names is binding. A token that names none is accepted only while exactly one
    /// key fits, so that nobody relies on trying keys in turn.
    pub(crate) fn select(&self, header: &Header<'_>) -> Result<&Key, TokenProblem> {
        if let Some(id) = &header.key_id {
            let named = self
                .keys
                .iter()
                .find(|key| key.id.as_deref() == Some(&**id));
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

/// Joins repeated entries, and drops every key whose id is claimed by different material: we cannot know
/// which of them the issuer means.
fn without_contested_ids(keys: Vec<Key>) -> (Vec<Key>, Vec<String>) {
    let mut kept: Vec<Key> = Vec::with_capacity(keys.len());
    let mut contested = Vec::new();
    for key in keys {
        let twin = kept.iter_mut().find(|earlier| {
            earlier.id == key.id && (key.id.is_some() || earlier.same_material(&key))
        });
        match (twin, &key.id) {
            (Some(earlier), _) if earlier.same_material(&key) => earlier.merge(key),
            (Some(_), Some(id)) => contested.push(id.clone()),
            _ => kept.push(key),
        }
    }
    contested.sort_unstable();
    contested.dedup();
    if !contested.is_empty() {
        tracing::warn!(target: "tenancy::keys", ids = ?contested, "left out keys that share an id and differ");
        kept.retain(|key| key.id.as_ref().is_none_or(|id| !contested.contains(id)));
        for _ in &contested {
            watch::key_skipped("contested");
        }
    }
    (kept, contested)
}
