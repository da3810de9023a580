//! Auth0 Organizations.

use crate::ClaimMap;

impl ClaimMap {
    /// [Auth0] with Organizations: the tenant in `org_id`, permissions in `permissions` and `scope`. A token of a
    /// login without an organisation is refused: its permissions are global.
    ///
    /// Auth0 puts no roles into tokens. Add those that an action of yours writes:
    /// `ClaimMap::auth0().roles("https://example.com/roles")`. The issuer's name ends with a slash.
    ///
    /// [Auth0]: https://auth0.com/docs/manage-users/organizations/using-tokens
    pub fn auth0() -> Self {
        Self::new("org_id")
            .permissions("permissions")
            .permissions("scope")
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{list, read, understood};
    use super::*;
    use crate::claims::{MapProblem, OneProblem};

    const TOKEN: &str = r#"{
        "https://example.com/roles": ["billing-admin"], "iss": "https://example.eu.auth0.com/",
        "sub": "auth0|602c0dcab993d10073daf680",
        "aud": ["https://api.example.com/", "https://example.eu.auth0.com/userinfo"], "iat": 1760000000,
        "exp": 1760086400, "scope": "openid profile", "org_id": "org_9ybsU1dN2dKfDkBi", "org_name": "acme",
        "azp": "ENDmmAJsbwI1hOG1KPJddQ8LHjV6kLkV", "permissions": ["read:reports"]
    }"#;

    #[test]
    fn an_auth0_token_is_understood() {
        let map = ClaimMap::auth0().roles("https://example.com/roles");
        assert_eq!(
            understood(&map, TOKEN),
            (
                list(&["org_9ybsU1dN2dKfDkBi"]),
                "auth0|602c0dcab993d10073daf680".into(),
                list(&["billing-admin"]),
                list(&["read:reports", "openid", "profile"]),
            )
        );
        let outside = TOKEN.replace("org_id", "org");
        assert_eq!(
            read(&map, &outside),
            Err(MapProblem::Tenant(OneProblem::Missing))
        );
    }
}
