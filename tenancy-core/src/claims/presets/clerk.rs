//! Clerk.

use crate::ClaimMap;
use crate::claims::map::Dialect;
use crate::claims::{Identity, MapProblem, OneProblem};
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

/// Roles and permissions, which the two versions of the token write differently.
pub(in crate::claims) fn unpack(
    claims: &Object<'_>,
    identity: &mut Identity,
) -> Result<(), MapProblem> {
    match claims.get("v") {
        None => {
            identity
                .roles
                .extend(text(claims, "org_role")?.map(str::to_owned));
            identity.permissions.extend(permissions_in_full(claims)?);
        }
        Some(Json::Integer(2)) => {
            let organization = claims.get("o").and_then(Json::as_object);
            let organization = organization.ok_or(MapProblem::Tenant(OneProblem::Missing))?;
            // A custom claim could be called `org_id`; in this version only `o` counts.
            if claims.contains("org_id") {
                return Err(MapProblem::Tenant(OneProblem::Conflict));
            }
            let role = text(organization, "rol")?;
            identity
                .roles
                .extend(role.map(|role| format!("org:{role}")));
            let permissions = packed_permissions(claims, organization)?;
            identity.permissions.extend(permissions);
        }
        Some(_) => return Err(MapProblem::Value),
    }
    Ok(())
}

fn permissions_in_full(claims: &Object<'_>) -> Result<Vec<String>, MapProblem> {
    match claims.get("org_permissions") {
        None => Ok(Vec::new()),
        Some(Json::Array(permissions)) => permissions
            .iter()
            .map(|permission| permission.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or(MapProblem::Permissions),
        Some(_) => Err(MapProblem::Permissions),
    }
}

/// `fea` lists features with their scopes, `o.per` the names of permissions, and the i-th number of `o.fpm` tells by
/// its bits, lowest first, which of them hold for the i-th feature of the organisation.
fn packed_permissions(
    claims: &Object<'_>,
    organization: &Object<'_>,
) -> Result<Vec<String>, MapProblem> {
    let names: Vec<_> = split(text(organization, "per")?).collect();
    let masks = split(text(organization, "fpm")?);
    let of_organization = split(text(claims, "fea")?).filter_map(|feature| {
        let (scopes, name) = feature.split_once(':')?;
        scopes.contains('o').then_some(name)
    });
    let mut permissions = Vec::new();
    for (feature, mask) in of_organization.zip(masks) {
        let mask: u64 = mask.parse().map_err(|_| MapProblem::Permissions)?;
        for (bit, name) in names.iter().enumerate().take(64) {
            if mask & (1 << bit) != 0 {
                permissions.push(format!("org:{feature}:{name}"));
            }
        }
    }
    Ok(permissions)
}

fn split(list: Option<&str>) -> impl Iterator<Item = &str> {
    let items = list.unwrap_or_default().split(',').map(str::trim);
    items.filter(|item| !item.is_empty())
}

/// A member that is text if it is there.
fn text<'c>(object: &'c Object<'_>, name: &str) -> Result<Option<&'c str>, MapProblem> {
    match object.get(name) {
        None => Ok(None),
        Some(value) => value.as_str().map(Some).ok_or(MapProblem::Permissions),
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
