//! Clerk.

use crate::ClaimMap;
use crate::claims::Identity;
use crate::claims::map::Dialect;
use crate::json::{Json, Object};

impl ClaimMap {
    /// [Clerk] session tokens: the active organisation in `o.id` (version 2) or `org_id` (version 1), the role as
    /// `org:admin`, permissions as `org:feature:permission`. Sessions that are not complete are refused.
    ///
    /// Clerk sends no `aud`. Check the origin that the token was made for instead:
    /// `Issuer::audience_claim("azp").audience("https://app.example.com")`.
    ///
    /// [Clerk]: https://clerk.com/docs/guides/sessions/session-tokens
    pub fn clerk() -> Self {
        let mut map = Self::new(["o", "id"])
            .or_tenant("org_id")
            .refuse("sts", ["pending"]);
        map.dialect = Dialect::Clerk;
        map
    }
}

/// Roles and permissions, which the two versions of the token write differently. `None` when they are malformed.
pub(in crate::claims) fn unpack(claims: &Object<'_>, identity: &mut Identity) -> Option<()> {
    match claims.get("v") {
        None => {
            identity.roles.extend(text(claims, "org_role")?);
            if let Some(permissions) = claims.get("org_permissions") {
                let Json::Array(permissions) = permissions else {
                    return None;
                };
                for permission in permissions {
                    identity.permissions.push(permission.as_str()?.to_owned());
                }
            }
        }
        Some(Json::Integer(2)) => {
            let organization = claims.get("o")?.as_object()?;
            // A custom claim could be called `org_id`; in this version only `o` counts.
            (!claims.contains("org_id")).then_some(())?;
            let role = text(organization, "rol")?;
            identity
                .roles
                .extend(role.map(|role| format!("org:{role}")));
            identity.permissions = permissions(claims, organization)?;
        }
        Some(_) => return None,
    }
    Some(())
}

/// Version 2 packs permissions: `fea` lists features with their scopes, `o.per` the names of permissions, and the
/// i-th number of `o.fpm` tells by its bits, lowest first, which of them hold for the i-th feature of the organisation.
fn permissions(claims: &Object<'_>, organization: &Object<'_>) -> Option<Vec<String>> {
    let names = text(organization, "per")?.unwrap_or_default();
    let names: Vec<_> = split(&names).collect();
    let masks = text(organization, "fpm")?.unwrap_or_default();
    let features = text(claims, "fea")?.unwrap_or_default();
    let of_organization = split(&features).filter_map(|feature| {
        let (scopes, name) = feature.split_once(':')?;
        scopes.contains('o').then_some(name)
    });
    let mut permissions = Vec::new();
    for (feature, mask) in of_organization.zip(split(&masks)) {
        let mask: u64 = mask.parse().ok()?;
        for (bit, name) in names.iter().enumerate().take(64) {
            if mask & (1 << bit) != 0 {
                permissions.push(format!("org:{feature}:{name}"));
            }
        }
    }
    Some(permissions)
}

fn split(list: &str) -> impl Iterator<Item = &str> {
    list.split(',')
        .map(str::trim)
        .filter(|item| !item.is_empty())
}

/// A member that is text if it is there: `None` when it is something else.
fn text(object: &Object<'_>, name: &str) -> Option<Option<String>> {
    match object.get(name) {
        None => Some(None),
        Some(value) => value.as_str().map(|text| Some(text.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{list, read, understood};
    use super::*;

    const VERSION_2: &str = r#"{
        "azp": "https://app.example.com", "exp": 1760000060, "fea": "o:dashboard,u:beta,o:teams", "fva": [7, -1],
        "iat": 1760000000, "iss": "https://clerk.example.com", "jti": "3f1c9b0e7a6d5c4b2a10", "nbf": 1759999990,
        "o": {"id": "org_2mK8vQfY3cT1bWnXa7LrZpEs4Hd", "slg": "acme", "rol": "admin", "per": "manage,read", "fpm": "3,2"},
        "pla": "o:pro", "sid": "sess_2mKA0nXo4yJvH8sQ1tRwUeBf6Gc", "sts": "active",
        "sub": "user_2mK7pLdJ5rN9aVbCx3ZyTgWq1Eh", "v": 2
    }"#;

    const VERSION_1: &str = r#"{
        "azp": "https://app.example.com", "exp": 1760000060, "fva": [7, -1], "iat": 1760000000,
        "iss": "https://clerk.example.com", "nbf": 1759999990, "org_id": "org_2mK8vQfY3cT1bWnXa7LrZpEs4Hd",
        "org_permissions": ["org:dashboard:manage", "org:dashboard:read", "org:teams:read"],
        "org_role": "org:admin", "org_slug": "acme", "sid": "sess_2mKA0nXo4yJvH8sQ1tRwUeBf6Gc",
        "sub": "user_2mK7pLdJ5rN9aVbCx3ZyTgWq1Eh"
    }"#;

    #[test]
    fn clerk_tokens_of_both_versions_say_the_same() {
        for token in [VERSION_1, VERSION_2] {
            assert_eq!(
                understood(&ClaimMap::clerk(), token),
                (
                    list(&["org_2mK8vQfY3cT1bWnXa7LrZpEs4Hd"]),
                    "user_2mK7pLdJ5rN9aVbCx3ZyTgWq1Eh".into(),
                    list(&["org:admin"]),
                    list(&[
                        "org:dashboard:manage",
                        "org:dashboard:read",
                        "org:teams:read"
                    ]),
                )
            );
        }
    }

    #[test]
    fn clerk_tokens_of_another_kind_are_refused() {
        for token in [
            VERSION_2.replace("active", "pending"),
            VERSION_2.replace(r#""v": 2"#, r#""v": 3"#),
            VERSION_2.replace(
                r#""v": 2"#,
                r#""v": 2, "org_id": "org_2mK8vQfY3cT1bWnXa7LrZpEs4Hd""#,
            ),
            VERSION_2.replace(r#""fpm": "3,2""#, r#""fpm": "x""#),
            VERSION_2.replace(r#""o": {"#, r#""p": {"#),
            VERSION_1.replace(r#""org:admin""#, r#"["org:admin"]"#),
        ] {
            assert!(read(&ClaimMap::clerk(), &token).is_err(), "{token}");
        }
    }
}
