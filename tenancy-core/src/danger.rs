//! Ways around the checks. Each takes a reason in words and leaves a record before it takes effect.
//!
//! The records are `tracing` events of level `WARN` and target `tenancy::danger`. Search a code base for
//! `danger::` to find every place that steps outside.

use crate::{TenantContext, TenantId};

/// A way around a check was asked for without a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stepping around a check needs a reason in words; the one given is blank")]
pub struct NoReason;

/// A context for work that no request asked for: a job, a test, a tool.
///
/// # Errors
/// When `reason` is blank.
///
/// ```
/// use tenancy_core::{TenantId, danger};
///
/// let acme = TenantId::parse("acme")?;
/// let context = danger::assume(acme.clone(), "nightly report")?;
/// assert!(danger::assume(acme, " ").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn assume(tenant: TenantId, reason: &str) -> Result<TenantContext, NoReason> {
    let reason = justified(reason)?;
    tracing::warn!(target: "tenancy::danger", %tenant, reason, "assumed a tenant");
    Ok(TenantContext::assumed(tenant, reason.to_owned()))
}

/// The reason without the white space around it, or none. For the crates beside this one.
///
/// # Errors
/// When `reason` is blank.
#[doc(hidden)]
pub fn justified(reason: &str) -> Result<&str, NoReason> {
    let reason = reason.trim();
    if reason.is_empty() {
        Err(NoReason)
    } else {
        Ok(reason)
    }
}
