//! Which of its tenants a credential is used for: the one that it is for, or the one that the request names.

use crate::head::RequestHead;
use crate::{Claims, RefusalCause, TenantId};

/// The tenant that a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named {
    Nothing,
    Tenant(TenantId),
    /// It names something, and that is no tenant, or several.
    Nonsense,
}

impl Named {
    pub(crate) fn in_header<H: RequestHead + ?Sized>(head: &H, name: &str) -> Self {
        let mut values = head.header_values(name);
        let Some(value) = values.next() else {
            return Self::Nothing;
        };
        if values.next().is_some() {
            return Self::Nonsense;
        }
        let tenant = std::str::from_utf8(value)
            .ok()
            .and_then(|text| TenantId::parse(text).ok());
        tenant.map_or(Self::Nonsense, Self::Tenant)
    }
}

/// A name counts only within what the credential grants: it chooses, it never adds. That the tenant does not exist
/// and that it is somebody else's are the same refusal.
pub(crate) fn resolve(claims: &Claims, named: Named) -> Result<TenantId, RefusalCause> {
    match named {
        Named::Tenant(tenant) if claims.tenants().contains(&tenant) => Ok(tenant),
        Named::Tenant(_) | Named::Nonsense => Err(RefusalCause::TenantNotGranted),
        Named::Nothing => claims.tenant().cloned().ok_or(RefusalCause::TenantNotNamed),
    }
}
