//! `Memberships`, a claim that lists tenants.

use super::ClaimPath;
use crate::TenantId;
use crate::json::Json;

/// A claim that lists tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Memberships {
    pub(super) path: ClaimPath,
    /// The member of each entry that holds the identifier; without it the entry, or its name, is one.
    pub(super) id: Option<String>,
}

impl Memberships {
    pub(super) fn read(&self, value: &Json<'_>) -> Option<Vec<TenantId>> {
        let tenant = |name: Option<&str>, entry: &Json<'_>| {
            let text = match (&self.id, name) {
                (Some(id), _) => entry.as_object()?.get(id)?.as_str()?,
                (None, Some(name)) => name,
                (None, None) => entry.as_str()?,
            };
            TenantId::parse(text).ok()
        };
        match value {
            Json::Array(entries) => entries.iter().map(|entry| tenant(None, entry)).collect(),
            Json::Object(entries) => entries
                .iter()
                .map(|(name, entry)| tenant(Some(name), entry))
                .collect(),
            Json::String(_) => tenant(None, value).map(|tenant| vec![tenant]),
            _ => None,
        }
    }
}
