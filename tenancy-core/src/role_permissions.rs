//! `RolePermissions`, what the roles of a service may do.

use std::collections::{HashMap, HashSet};

/// Which permissions a role grants. Given to
/// [`Admission::role_permissions`](crate::Admission::role_permissions).
///
/// Roles and permissions are compared byte for byte. A role that is not in the table grants nothing, no role inherits
/// from another, and there are no wildcards: `notes.*` is a permission of that name.
///
/// ```
/// use tenancy_core::RolePermissions;
///
/// let table = RolePermissions::preset()
///     .grant("Viewer", ["notes.read"])
///     .grant("Member", ["notes.read", "notes.write"]);
/// assert!(table.grants("Member", "notes.write"));
/// assert!(!table.grants("Viewer", "notes.write"));
/// assert!(!table.grants("Owner", "notes.write"), "nothing is inherited");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RolePermissions(HashMap<String, HashSet<String>>);

impl RolePermissions {
    /// An empty table.
    pub fn new() -> Self {
        Self::default()
    }

    /// The four roles that most services begin with:
    ///
    /// | | `Owner` | `Admin` | `Member` | `Viewer` |
    /// |---|---|---|---|---|
    /// | `data.read` | yes | yes | yes | yes |
    /// | `data.write` | yes | yes | yes | |
    /// | `members.read` | yes | yes | yes | |
    /// | `members.manage` | yes | yes | | |
    /// | `settings.manage` | yes | yes | | |
    /// | `billing.manage` | yes | | | |
    /// | `tenant.delete` | yes | | | |
    pub fn preset() -> Self {
        const VIEWER: [&str; 1] = ["data.read"];
        const MEMBER: [&str; 2] = ["data.write", "members.read"];
        const ADMIN: [&str; 2] = ["members.manage", "settings.manage"];
        const OWNER: [&str; 2] = ["billing.manage", "tenant.delete"];
        let member = || VIEWER.into_iter().chain(MEMBER);
        let admin = || member().chain(ADMIN);
        Self::new()
            .grant("Viewer", VIEWER)
            .grant("Member", member())
            .grant("Admin", admin())
            .grant("Owner", admin().chain(OWNER))
    }

    /// Lets `role` do these things as well.
    pub fn grant(
        mut self,
        role: impl Into<String>,
        permissions: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let granted = self.0.entry(role.into()).or_default();
        granted.extend(permissions.into_iter().map(Into::into));
        self
    }

    /// Whether `role` grants `permission`.
    pub fn grants(&self, role: &str, permission: &str) -> bool {
        let granted = self.0.get(role);
        granted.is_some_and(|granted| granted.contains(permission))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::context::tests::context;
    use crate::{Admission, ApiKeys, MemoryApiKeys};

    #[test]
    fn the_preset_is_the_table_in_its_documentation() {
        let preset = RolePermissions::preset();
        for (permission, expected) in [
            ("data.read", [true, true, true, true]),
            ("data.write", [true, true, true, false]),
            ("members.read", [true, true, true, false]),
            ("members.manage", [true, true, false, false]),
            ("settings.manage", [true, true, false, false]),
            ("billing.manage", [true, false, false, false]),
            ("tenant.delete", [true, false, false, false]),
            ("data.*", [false; 4]),
            ("Data.read", [false; 4]),
            ("", [false; 4]),
        ] {
            let granted =
                ["Owner", "Admin", "Member", "Viewer"].map(|role| preset.grants(role, permission));
            assert_eq!(granted, expected, "{permission}");
        }
    }

    #[test]
    fn an_unknown_role_grants_nothing() {
        let preset = RolePermissions::preset();
        for role in [
            "owner", "OWNER", "Owner ", "Own", "", "*", "Root", "Owner\0",
        ] {
            assert!(!preset.grants(role, "data.read"), "{role:?}");
        }
        assert!(!RolePermissions::new().grants("Owner", "data.read"));
    }

    #[test]
    fn a_permission_holds_when_the_token_or_one_of_its_roles_grants_it() {
        let table = RolePermissions::preset();
        let ada =
            context(&json!({ "roles": ["Nobody", "Member"], "permissions": ["reports.read"] }));
        assert!(
            ada.require_permission("data.write").is_err(),
            "without a table a role is a name"
        );
        let admission = Admission::api_keys_only(ApiKeys::new(MemoryApiKeys::new()));
        let admission = admission.role_permissions(table);
        let ada = ada.admitted_by(&admission);
        assert!(ada.require_permission("data.write").is_ok());
        assert!(ada.require_permission("reports.read").is_ok());
        assert!(ada.require_permission("members.manage").is_err());
        assert!(ada.require_permission("Member").is_err());
        assert_eq!(
            ada.permissions(),
            ["reports.read"],
            "what the token says stays what it says"
        );

        let eve = context(&json!({ "roles": [] })).admitted_by(&admission);
        assert!(eve.require_permission("data.read").is_err());
    }
}
