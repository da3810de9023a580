//! `GrantedWords`, the roles or the permissions that a credential grants.

use std::collections::BTreeMap;

use super::ClaimPath;
use crate::TenantId;
use crate::json::{Json, Object};

/// How often words that hold everywhere are repeated in the lists of tenants at most: a short token shall not make long lists.
const MAX_WORDS: usize = 4096;

/// The roles, or the permissions, that a credential grants in each of its tenants: a word means something only together with
/// its tenant.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct GrantedWords {
    everywhere: Vec<String>,
    /// Of the tenants that have words of their own, all that hold there: those that hold everywhere stand in each list too.
    by_tenant: BTreeMap<TenantId, Vec<String>>,
}

impl GrantedWords {
    /// Those that hold in `tenant`, which is one of the credential's.
    pub(crate) fn of(&self, tenant: &TenantId) -> &[String] {
        self.by_tenant.get(tenant).unwrap_or(&self.everywhere)
    }

    /// Those that hold in whichever tenant of the credential.
    pub(crate) fn everywhere(&self) -> &[String] {
        &self.everywhere
    }

    pub(crate) fn count(&self) -> usize {
        let by_tenant = self.by_tenant.values().map(Vec::len);
        self.everywhere.len() + by_tenant.sum::<usize>()
    }

    /// Words of every alias that is present: a list of them, which holds everywhere if `lists_hold`, or a list for each tenant.
    /// A single string is taken apart by `split`. `None` when something is neither. The tenants are sorted.
    pub(super) fn read(
        aliases: &[ClaimPath],
        claims: &Object<'_>,
        tenants: &[TenantId],
        lists_hold: bool,
        split: impl Fn(&str) -> Vec<&str>,
    ) -> Option<Self> {
        let mut granted = Self::default();
        for alias in aliases {
            match alias.find(claims).ok()? {
                None => {}
                Some(Json::Object(by_tenant)) => {
                    for (tenant, claim) in by_tenant.iter() {
                        let tenant = TenantId::parse(tenant).ok()?;
                        let mut words = Vec::new();
                        collect(claim, &split, &mut words)?;
                        if tenants.binary_search(&tenant).is_ok() {
                            granted.by_tenant.entry(tenant).or_default().extend(words);
                        }
                    }
                }
                Some(claim) => collect(claim, &split, &mut granted.everywhere)?,
            }
        }
        if !lists_hold {
            granted.everywhere.clear();
        }
        granted.complete()
    }

    /// Puts what holds everywhere into each list. `None` when that is too much.
    fn complete(mut self) -> Option<Self> {
        let repeated = self.everywhere.len() * self.by_tenant.len();
        if repeated > MAX_WORDS {
            return None;
        }
        for words in self.by_tenant.values_mut() {
            words.extend_from_slice(&self.everywhere);
        }
        Some(self)
    }
}

/// All of them hold everywhere.
impl FromIterator<String> for GrantedWords {
    fn from_iter<I: IntoIterator<Item = String>>(words: I) -> Self {
        Self {
            everywhere: words.into_iter().collect(),
            by_tenant: BTreeMap::new(),
        }
    }
}

impl Extend<String> for GrantedWords {
    fn extend<I: IntoIterator<Item = String>>(&mut self, words: I) {
        for word in words {
            for theirs in self.by_tenant.values_mut() {
                theirs.push(word.clone());
            }
            self.everywhere.push(word);
        }
    }
}

/// Adds the words of an array or of a single string to `words`. `None` when it is neither.
fn collect(
    claim: &Json<'_>,
    split: &impl Fn(&str) -> Vec<&str>,
    words: &mut Vec<String>,
) -> Option<()> {
    match claim {
        Json::String(text) => words.extend(split(text).into_iter().map(str::to_owned)),
        Json::Array(items) => {
            words.reserve_exact(items.len());
            for item in items {
                words.push(item.as_str()?.to_owned());
            }
        }
        _ => return None,
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ClaimMap;
    use crate::claims::{Identity, MapProblem};
    use crate::json::object;

    fn map() -> ClaimMap {
        ClaimMap::of_memberships("orgs")
            .roles("roles")
            .roles("more")
            .permissions("scope")
    }

    fn identify(map: &ClaimMap, claims: &str) -> Result<Identity, MapProblem> {
        map.identify(&object(&format!(r#"{{"sub":"u",{claims}}}"#)).unwrap())
    }

    fn of<'i>(words: &'i GrantedWords, tenant: &str) -> &'i [String] {
        words.of(&TenantId::parse(tenant).unwrap())
    }

    #[test]
    fn roles_for_each_tenant_hold_in_theirs_only() {
        for (roles, in_a, in_b) in [
            (r#"{"a":["x"],"b":["y","z"]}"#, &["x"][..], &["y", "z"][..]),
            (r#"{"a":"x y","b":"z"}"#, &["x y"], &["z"]),
            (r#"{"a":["x"]}"#, &["x"], &[]),
            (r#"{"b":["y"],"a":[]}"#, &[], &["y"]),
            ("{}", &[], &[]),
            // By the exact id, and only for tenants that the token is for.
            (r#"{"A":["x"],"c":["y"],"*":["z"]}"#, &[], &[]),
            (r#"{"\u0061":["x"]}"#, &["x"], &[]),
        ] {
            for map in [map(), map().roles_in_every_tenant()] {
                let claims = format!(r#""orgs":["a","b"],"roles":{roles}"#);
                let identity = identify(&map, &claims).unwrap();
                assert_eq!(of(&identity.roles, "a"), in_a, "{roles}");
                assert_eq!(of(&identity.roles, "b"), in_b, "{roles}");
                assert_eq!(identity.roles.count(), in_a.len() + in_b.len(), "{roles}");
            }
        }
    }

    #[test]
    fn a_token_for_one_tenant_may_have_them_too() {
        for (roles, expected) in [
            (r#"{"a":["x"],"b":["y"]}"#, &["x"][..]),
            (r#"{"b":["y"]}"#, &[]),
        ] {
            let identity = identify(&map(), &format!(r#""orgs":["a"],"roles":{roles}"#)).unwrap();
            assert_eq!(of(&identity.roles, "a"), expected, "{roles}");
        }
    }

    #[test]
    fn permissions_for_each_tenant_are_an_array_or_words() {
        let claims = r#""orgs":["a","b"],"scope":{"a":["p q"],"b":" r  s"}"#;
        let permissions = identify(&map(), claims).unwrap().permissions;
        assert_eq!(of(&permissions, "a"), ["p q"]);
        assert_eq!(of(&permissions, "b"), ["r", "s"]);
    }

    #[test]
    fn a_list_beside_them_holds_where_a_list_holds() {
        for claims in [
            r#""orgs":["a","b"],"roles":{"a":["x"]},"more":["m"]"#,
            r#""orgs":["a","b"],"more":{"a":["x"]},"roles":"m""#,
        ] {
            let roles = identify(&map(), claims).unwrap().roles;
            assert_eq!(of(&roles, "a"), ["x"], "{claims}");
            assert_eq!(of(&roles, "b"), [""; 0], "{claims}");
            let everywhere = map().roles_in_every_tenant();
            let roles = identify(&everywhere, claims).unwrap().roles;
            assert_eq!(of(&roles, "a"), ["x", "m"], "{claims}");
            assert_eq!(of(&roles, "b"), ["m"], "{claims}");
        }
        let twice = r#""orgs":["a","b"],"roles":{"a":["x"]},"more":{"a":"y","b":"z"}"#;
        let roles = identify(&map(), twice).unwrap().roles;
        assert_eq!(of(&roles, "a"), ["x", "y"]);
        assert_eq!(of(&roles, "b"), ["z"]);
    }

    #[test]
    fn a_wrong_type_anywhere_in_them_is_refused() {
        for bad in [
            "1",
            "null",
            r#"[{"a":["x"]}]"#,
            r#"{"a":null}"#,
            r#"{"a":true}"#,
            r#"{"a":["x",1]}"#,
            r#"{"a":[["x"]]}"#,
            r#"{"a":{"x":true}}"#,
            r#"{"a":{}}"#,
            // What stands under another tenant is looked at too, and so are names that no tenant can have.
            r#"{"a":["x"],"c":7}"#,
            r#"{"a":["x"],"":["y"]}"#,
            r#"{"a":["x"]," b":["y"]}"#,
        ] {
            for orgs in [r#"["a"]"#, r#"["a","b"]"#] {
                let refused = |claim: &str| {
                    let claims = format!(r#""orgs":{orgs},"{claim}":{bad}"#);
                    identify(&map(), &claims).unwrap_err()
                };
                assert_eq!(refused("roles"), MapProblem::Roles, "{orgs} {bad}");
                assert_eq!(refused("more"), MapProblem::Roles, "{orgs} {bad}");
                assert_eq!(refused("scope"), MapProblem::Permissions, "{orgs} {bad}");
            }
        }
    }

    #[test]
    fn a_short_token_does_not_make_long_lists() {
        let claims = |tenants: usize, roles: usize| {
            let tenants: Vec<_> = (0..tenants).map(|n| format!("{n}")).collect();
            let own: serde_json::Map<_, _> =
                tenants.iter().map(|id| (id.clone(), "x".into())).collect();
            let everywhere = vec!["m"; roles];
            let claims = serde_json::json!({ "sub": "u", "orgs": tenants, "roles": own, "more": everywhere });
            claims.to_string()
        };
        let everywhere = map().roles_in_every_tenant();
        let fits = claims(64, 64);
        assert!(everywhere.identify(&object(&fits).unwrap()).is_ok());
        let too_much = claims(64, 65);
        let too_much = object(&too_much).unwrap();
        assert_eq!(everywhere.identify(&too_much), Err(MapProblem::Roles));
        // Where lists do not hold, nothing is repeated.
        assert!(map().identify(&too_much).is_ok());
    }
}
