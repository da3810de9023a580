//! Keycloak.

use crate::ClaimMap;

impl ClaimMap {
    /// [Keycloak] with organisations: the aliases in `organization` are the tenants, in every form that the mapper
    /// writes them; roles from `realm_access.roles`, which hold in the whole realm; permissions from `scope`.
    /// A token for several organisations needs a request that names one. ID and logout tokens are refused.
    ///
    /// An alias can be given to a new organisation after the old one was deleted. To use ids, which cannot, turn on
    /// "add organization id" in the mapper and take [`keycloak_ids`](Self::keycloak_ids).
    ///
    /// [Keycloak]: https://www.keycloak.org/docs/latest/server_admin/#_mapping_organization_claims
    pub fn keycloak() -> Self {
        keycloak(Self::of_memberships("organization"))
    }

    /// The same with the ids of the organisations as the tenants. An organisation without one is refused.
    pub fn keycloak_ids() -> Self {
        keycloak(Self::of_membership_ids("organization", "id"))
    }
}

fn keycloak(map: ClaimMap) -> ClaimMap {
    map.roles(["realm_access", "roles"])
        .permissions("scope")
        .roles_in_every_tenant()
        .require("typ", ["Bearer"])
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{list, read, understood};
    use super::*;
    use crate::claims::{MapProblem, OneProblem};

    const ID: &str = "42c3e46f-2477-44d7-a85b-d3b43f6b31fa";

    fn token(organization: &str) -> String {
        format!(
            r#"{{
            "exp": 1760000300, "iat": 1760000000, "jti": "onrtac:8f0a3b51-4c2e-4b0e-9a6f-2d7c1e5b9a40",
            "iss": "https://id.example.com/realms/saas", "aud": ["orders-api", "account"],
            "sub": "b5d3c1f0-7e2a-4d4b-8c8f-91a0e6f7d2c3", "typ": "Bearer", "azp": "web-app",
            "sid": "0f6a2c9e-3b1d-47a8-b5e4-c7d8e9f01234", "acr": "1",
            "allowed-origins": ["https://app.example.com"],
            "realm_access": {{"roles": ["default-roles-saas", "offline_access"]}},
            "resource_access": {{"orders-api": {{"roles": ["orders-reader"]}}}},
            "scope": "openid organization", "email_verified": true, "organization": {organization},
            "preferred_username": "jane", "email": "jane.doe@example.com"
        }}"#
        )
    }

    #[test]
    fn a_keycloak_token_is_understood_in_every_form() {
        for organization in [
            r#"["acme"]"#.to_owned(),
            r#""acme""#.to_owned(),
            r#"{"acme": {}}"#.to_owned(),
            format!(r#"{{"acme": {{"id": "{ID}"}}}}"#),
            format!(
                r#"{{"acme": {{"id": "{ID}", "plan": ["gold"], "groups": ["/engineering"]}}}}"#
            ),
        ] {
            assert_eq!(
                understood(&ClaimMap::keycloak(), &token(&organization)),
                (
                    list(&["acme"]),
                    "b5d3c1f0-7e2a-4d4b-8c8f-91a0e6f7d2c3".into(),
                    list(&["default-roles-saas", "offline_access"]),
                    list(&["openid", "organization"]),
                ),
                "{organization}"
            );
        }
        let several = understood(&ClaimMap::keycloak(), &token(r#"["globex","acme"]"#));
        assert_eq!(several.0, ["acme", "globex"]);
    }

    #[test]
    fn ids_and_aliases_are_never_mixed() {
        let map = ClaimMap::keycloak_ids();
        let with_id = token(&format!(r#"{{"acme": {{"id": "{ID}"}}}}"#));
        assert_eq!(understood(&map, &with_id).0, [ID]);
        // An attribute named `id` shadowed the real one before Keycloak 26.5; attributes are arrays.
        for organization in [
            r#"["acme"]"#,
            r#"{"acme": {}}"#,
            r#"{"acme": {"id": ["x"]}}"#,
        ] {
            assert_eq!(
                read(&map, &token(organization)),
                Err(MapProblem::Tenant(OneProblem::Invalid)),
                "{organization}"
            );
        }
    }

    #[test]
    fn keycloak_tokens_of_another_kind_are_refused() {
        let id_token = token(r#"["acme"]"#).replace(r#""Bearer""#, r#""ID""#);
        assert_eq!(
            read(&ClaimMap::keycloak(), &id_token),
            Err(MapProblem::Value)
        );
        assert_eq!(
            read(&ClaimMap::keycloak(), &token("{}")),
            Err(MapProblem::Tenant(OneProblem::Missing))
        );
    }
}
