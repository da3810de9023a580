//! Claim maps of identity providers.

use super::ClaimMap;

impl ClaimMap {
    /// [Frontegg]: the tenant in `tenantId` or, in tokens of older and customised environments, in
    /// `org_id` or `organizationId`; the subject in `sub` or `userId`; `roles` and `permissions`.
    ///
    /// [Frontegg]: https://developers.frontegg.com/guides/authentication/sso/jwt
    pub fn frontegg() -> Self {
        Self::new("tenantId")
            .or_tenant("org_id")
            .or_tenant("organizationId")
            .or_subject("userId")
            .roles("roles")
            .permissions("permissions")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::claims::json::object;

    #[test]
    fn a_frontegg_token_is_understood() {
        let claims = br#"{
            "sub": "b2bfe8e4-6c2f-4b0a-9f3c-0f4f2f6b1f1d", "name": "Ada", "email": "ada@acme.example",
            "email_verified": true, "metadata": {}, "roles": ["Admin"], "permissions": ["fe.secure.read.*"],
            "tenantId": "e1d7b6f0-0d5f-4dd8-a8b4-86b1d2b3f2a5", "tenantIds": ["e1d7b6f0-0d5f-4dd8-a8b4-86b1d2b3f2a5"],
            "type": "userToken", "sid": "5d9f8c1e", "iat": 1700000000, "exp": 1700086400,
            "aud": "f7a2d0f8-0000-4000-8000-2f1d2c3b4a59", "iss": "https://app-xyz.frontegg.com"
        }"#;
        let identity = ClaimMap::frontegg()
            .identify(&object(claims).unwrap())
            .unwrap();
        assert_eq!(
            identity.tenant.as_str(),
            "e1d7b6f0-0d5f-4dd8-a8b4-86b1d2b3f2a5"
        );
        assert_eq!(
            identity.subject.as_str(),
            "b2bfe8e4-6c2f-4b0a-9f3c-0f4f2f6b1f1d"
        );
        assert_eq!(identity.roles, ["Admin"]);
        assert_eq!(identity.permissions, ["fe.secure.read.*"]);
    }
}
