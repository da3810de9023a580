//! `Claims`, what every peer reads out of a token: what ours hands to a service too.

use serde::Deserialize;

/// A struct, as an ordinary service has one: peers fill it faster than a `serde_json::Value`.
#[derive(Debug, Clone, Deserialize)]
#[expect(dead_code, reason = "that they are filled is what is timed")]
pub(crate) struct Claims {
    pub(crate) iss: String,
    sub: String,
    org_id: String,
    roles: Vec<String>,
    permissions: Vec<String>,
    exp: u64,
}
