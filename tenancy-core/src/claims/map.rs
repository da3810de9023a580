//! `ClaimMap`, which claims hold the tenant, the subject, the roles and the permissions.

use std::fmt;

use serde_json::Value;

use super::{Identity, Object};
use crate::{SubjectId, TenantId};

/// Where in the claims a value stands.
///
/// A text is one top-level name, taken as it is: `"https://example.com/org"` and `"org.id"` are names. An
/// array of texts goes from member to member.
///
/// ```
/// use tenancy_core::ClaimPath;
///
/// let top_level = ClaimPath::from("org_id");
/// let nested = ClaimPath::from(["organization", "id"]);
/// assert_ne!(top_level, nested);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

impl ClaimPath {
    pub(crate) fn find<'a>(&self, claims: &'a Object) -> Option<&'a Value> {
        let (first, rest) = self.0.split_first()?;
        rest.iter().try_fold(claims.get(first)?, |value, name| {
            value.as_object()?.get(name)
        })
    }
}

impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }
}

impl<const N: usize> From<[&str; N]> for ClaimPath {
    fn from(names: [&str; N]) -> Self {
        Self(names.map(str::to_owned).into())
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}

/// Which claims of an issuer hold the tenant, the subject, the roles and the permissions.
///
/// Each may have several aliases. Aliases that are present must agree: a token that names two tenants is
/// refused rather than resolved by the order of a list. Nothing is guessed: a claim that is not
/// configured is never read.
///
/// ```
/// use tenancy_core::ClaimMap;
///
/// let map = ClaimMap::new("tenant_id")
///     .roles(["realm_access", "roles"])
///     .permissions("scope");
/// # let _ = map;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimMap {
    tenant: Vec<ClaimPath>,
    subject: Vec<ClaimPath>,
    roles: Vec<ClaimPath>,
    permissions: Vec<ClaimPath>,
}

impl ClaimMap {
    /// Reads the tenant from `tenant`, the subject from `sub`, and neither roles nor permissions.
    pub fn new(tenant: impl Into<ClaimPath>) -> Self {
        Self {
            tenant: vec![tenant.into()],
            subject: vec!["sub".into()],
            roles: Vec::new(),
            permissions: Vec::new(),
        }
    }

    /// Adds another place for the tenant.
    pub fn or_tenant(mut self, path: impl Into<ClaimPath>) -> Self {
        self.tenant.push(path.into());
        self
    }

    /// Adds another place for the subject.
    pub fn or_subject(mut self, path: impl Into<ClaimPath>) -> Self {
        self.subject.push(path.into());
        self
    }

    /// Reads roles from `path`: an array of strings, or one string with spaces between the roles.
    pub fn roles(mut self, path: impl Into<ClaimPath>) -> Self {
        self.roles.push(path.into());
        self
    }

    /// Reads permissions from `path`: an array of strings, or one string with spaces between them, as in
    /// the `scope` claim of [RFC 8693 §4.2](https://www.rfc-editor.org/rfc/rfc8693#section-4.2).
    pub fn permissions(mut self, path: impl Into<ClaimPath>) -> Self {
        self.permissions.push(path.into());
        self
    }

    pub(crate) fn identify(&self, claims: &Object) -> Result<Identity, MapProblem> {
        Ok(Identity {
            tenant: one(&self.tenant, claims, TenantId::parse).map_err(MapProblem::Tenant)?,
            subject: one(&self.subject, claims, SubjectId::parse).map_err(MapProblem::Subject)?,
            roles: many(&self.roles, claims).ok_or(MapProblem::Roles)?,
            permissions: many(&self.permissions, claims).ok_or(MapProblem::Permissions)?,
        })
    }
}

/// What the claims lack to say who acts for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MapProblem {
    Tenant(OneProblem),
    Subject(OneProblem),
    Roles,
    Permissions,
}

/// Why aliases do not yield exactly one identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OneProblem {
    Missing,
    Invalid,
    Conflict,
}

/// The one identifier on which all aliases that are present agree.
fn one<T: PartialEq, E>(
    aliases: &[ClaimPath],
    claims: &Object,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, OneProblem> {
    let mut found = None;
    for value in aliases.iter().filter_map(|alias| alias.find(claims)) {
        let text = value.as_str().ok_or(OneProblem::Invalid)?;
        let identifier = parse(text).map_err(|_| OneProblem::Invalid)?;
        if found.as_ref().is_some_and(|earlier| *earlier != identifier) {
            return Err(OneProblem::Conflict);
        }
        found = Some(identifier);
    }
    found.ok_or(OneProblem::Missing)
}

/// Every word of every alias that is present; `None` when one of them is no list of words.
fn many(aliases: &[ClaimPath], claims: &Object) -> Option<Vec<String>> {
    let mut words = Vec::new();
    for value in aliases.iter().filter_map(|alias| alias.find(claims)) {
        match value {
            Value::String(text) => words.extend(text.split_ascii_whitespace().map(str::to_owned)),
            Value::Array(items) => {
                for item in items {
                    words.push(item.as_str()?.to_owned());
                }
            }
            _ => return None,
        }
    }
    Some(words)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::json::object;

    fn identify(map: &ClaimMap, claims: &str) -> Result<Identity, MapProblem> {
        map.identify(&object(claims.as_bytes()).unwrap())
    }

    #[test]
    fn aliases_that_agree_are_one_tenant() {
        let map = ClaimMap::new("org_id").or_tenant("organizationId");
        for claims in [
            r#"{"sub":"u","org_id":"a"}"#,
            r#"{"sub":"u","organizationId":"a"}"#,
            r#"{"sub":"u","org_id":"a","organizationId":"a"}"#,
        ] {
            assert_eq!(
                identify(&map, claims).unwrap().tenant.as_str(),
                "a",
                "{claims}"
            );
        }
    }

    #[test]
    fn aliases_that_differ_are_refused_in_either_order() {
        let map = ClaimMap::new("org_id").or_tenant("organizationId");
        for claims in [
            r#"{"sub":"u","org_id":"a","organizationId":"b"}"#,
            r#"{"sub":"u","organizationId":"a","org_id":"b"}"#,
        ] {
            assert_eq!(
                identify(&map, claims),
                Err(MapProblem::Tenant(OneProblem::Conflict))
            );
        }
    }

    #[test]
    fn a_tenant_of_another_type_is_refused_even_beside_a_good_alias() {
        let map = ClaimMap::new("org_id").or_tenant("organizationId");
        for bad in [
            "null",
            "1",
            "\"\"",
            "\" a\"",
            "[\"a\"]",
            "{\"id\":\"a\"}",
            "true",
            "\"a\\u0000\"",
        ] {
            let claims = format!(r#"{{"sub":"u","organizationId":"a","org_id":{bad}}}"#);
            assert_eq!(
                identify(&map, &claims),
                Err(MapProblem::Tenant(OneProblem::Invalid)),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_claim_that_is_not_configured_is_never_read() {
        let map = ClaimMap::new("org_id");
        let claims = r#"{"sub":"u","tenant_id":"a","tenant":"a"}"#;
        assert_eq!(
            identify(&map, claims),
            Err(MapProblem::Tenant(OneProblem::Missing))
        );
    }

    #[test]
    fn nested_and_namespaced_names_are_exact() {
        let map = ClaimMap::new(["org", "id"]).or_tenant("https://example.com/org.id");
        assert!(identify(&map, r#"{"sub":"u","org":{"id":"a"}}"#).is_ok());
        assert!(identify(&map, r#"{"sub":"u","https://example.com/org.id":"a"}"#).is_ok());
        assert!(identify(&map, r#"{"sub":"u","org.id":"a"}"#).is_err());
        assert!(identify(&map, r#"{"sub":"u","org":"a"}"#).is_err());
    }

    #[test]
    fn roles_are_an_array_or_words() {
        let map = ClaimMap::new("org_id").roles("roles");
        let roles = |claims| identify(&map, claims).map(|identity| identity.roles);
        assert_eq!(
            roles(r#"{"sub":"u","org_id":"a"}"#).unwrap(),
            Vec::<String>::new()
        );
        assert_eq!(
            roles(r#"{"sub":"u","org_id":"a","roles":["x","y z"]}"#).unwrap(),
            ["x", "y z"]
        );
        assert_eq!(
            roles(r#"{"sub":"u","org_id":"a","roles":" x  y"}"#).unwrap(),
            ["x", "y"]
        );
        for bad in ["1", "{}", "null", "[1]", "[\"x\",null]"] {
            let claims = format!(r#"{{"sub":"u","org_id":"a","roles":{bad}}}"#);
            assert_eq!(identify(&map, &claims), Err(MapProblem::Roles), "{bad}");
        }
    }
}
