//! `TenantId`, the name of a tenant.

use crate::identifier::identifier;

identifier! {
    /// The identifier of a tenant: 1 to 255 bytes, no control characters, no white space at the ends.
    ///
    /// Ids are compared byte by byte: `Acme` and `acme` are two tenants. There is no `Default` and no
    /// conversion that cannot fail, so a missing tenant never turns into some tenant.
    ///
    /// ```
    /// use tenancy_core::TenantId;
    ///
    /// let acme = TenantId::parse("acme")?;
    /// assert_eq!(acme.as_str(), "acme");
    /// assert!(TenantId::parse("").is_err());
    /// # Ok::<(), tenancy_core::InvalidIdentifier>(())
    /// ```
    TenantId, "tenant id"
}
