//! Amazon Cognito user pools.

use crate::{ClaimMap, ClaimPath};

impl ClaimMap {
    /// [Amazon Cognito] access tokens: the tenant in the claim that your pre-token-generation Lambda adds, roles from
    /// `cognito:groups`, which hold in the whole pool, permissions from `scope`. ID tokens are refused.
    ///
    /// Access tokens have no `aud`: check the client instead, with `Issuer::audience_claim("client_id")`.
    ///
    /// [Amazon Cognito]: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-access-token.html
    pub fn cognito_access(tenant: impl Into<ClaimPath>) -> Self {
        Self::new(tenant)
            .roles("cognito:groups")
            .permissions("scope")
            .require("token_use", ["access"])
    }

    /// [Amazon Cognito] ID tokens: the tenant in a custom attribute, such as `custom:tenant_id`, roles from
    /// `cognito:groups`. Access tokens are refused.
    ///
    /// The attribute must not be writable by app clients: what a client may write, its user may write.
    ///
    /// [Amazon Cognito]: https://docs.aws.amazon.com/cognito/latest/developerguide/amazon-cognito-user-pools-using-the-id-token.html
    pub fn cognito_id(tenant: impl Into<ClaimPath>) -> Self {
        Self::new(tenant)
            .roles("cognito:groups")
            .require("token_use", ["id"])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{list, read, understood};
    use super::*;
    use crate::claims::MapProblem;

    const ACCESS_TOKEN: &str = r#"{
        "sub": "a1b2c3d4-5678-40ab-9cde-f01234567890", "cognito:groups": ["admins"],
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi", "version": 2,
        "client_id": "57cbishk4j24pabc1234567890", "origin_jti": "0b1c2d3e-4f50-4617-8283-94a5b6c7d8e9",
        "event_id": "5f6e7d8c-9b0a-4c1d-8e2f-3a4b5c6d7e8f", "token_use": "access",
        "scope": "openid orders-api/read", "auth_time": 1760000000, "exp": 1760003600, "iat": 1760000000,
        "jti": "9e8d7c6b-5a49-4382-9716-05f4e3d2c1b0", "username": "jane.doe", "tenant_id": "acme"
    }"#;

    const ID_TOKEN: &str = r#"{
        "at_hash": "wAbCdEfGhIjKlMnOpQrStA", "sub": "a1b2c3d4-5678-40ab-9cde-f01234567890",
        "cognito:groups": ["admins"], "email_verified": true,
        "iss": "https://cognito-idp.eu-central-1.amazonaws.com/eu-central-1_aBcDeFgHi",
        "cognito:username": "jane.doe", "custom:tenant_id": "acme",
        "origin_jti": "0b1c2d3e-4f50-4617-8283-94a5b6c7d8e9", "aud": "57cbishk4j24pabc1234567890",
        "event_id": "5f6e7d8c-9b0a-4c1d-8e2f-3a4b5c6d7e8f", "token_use": "id", "auth_time": 1760000000,
        "exp": 1760003600, "iat": 1760000000, "jti": "2a3b4c5d-6e7f-4801-92a3-b4c5d6e7f809",
        "email": "jane.doe@example.com"
    }"#;

    #[test]
    fn cognito_tokens_are_understood_each_by_its_own_map() {
        let access = ClaimMap::cognito_access("tenant_id");
        let id = ClaimMap::cognito_id("custom:tenant_id");
        let subject = "a1b2c3d4-5678-40ab-9cde-f01234567890";
        assert_eq!(
            understood(&access, ACCESS_TOKEN),
            (
                list(&["acme"]),
                subject.into(),
                list(&["admins"]),
                list(&["openid", "orders-api/read"]),
            )
        );
        assert_eq!(
            understood(&id, ID_TOKEN),
            (
                list(&["acme"]),
                subject.into(),
                list(&["admins"]),
                list(&[])
            )
        );
        assert_eq!(read(&access, ID_TOKEN), Err(MapProblem::Value));
        assert_eq!(read(&id, ACCESS_TOKEN), Err(MapProblem::Value));
    }
}
