//! `ProjectId`, the second level of a hierarchy.

use crate::identifier::identifier;

identifier! {
    /// The identifier of a project, into which a tenant divides itself, under the same rules as a
    /// [`TenantId`](crate::TenantId).
    ///
    /// It means something only together with its tenant: two tenants may each have a project `1`.
    ProjectId, "project id"
}
