//! `Condition`, a claim by whose value kinds of tokens are told apart.

use super::ClaimPath;
use crate::json::Json;

/// A claim, and the values that matter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    pub(super) path: ClaimPath,
    pub(super) values: Vec<String>,
}

impl Condition {
    pub(super) fn new<'a>(path: ClaimPath, values: impl IntoIterator<Item = &'a str>) -> Self {
        Self {
            path,
            values: values.into_iter().map(str::to_owned).collect(),
        }
    }

    /// `None` when `value` cannot be compared.
    pub(super) fn is_met_by(&self, value: &Json<'_>) -> Option<bool> {
        let text = match value {
            Json::String(text) => text.as_ref(),
            Json::Bool(true) => "true",
            Json::Bool(false) => "false",
            _ => return None,
        };
        Some(self.values.iter().any(|one| one == text))
    }
}
