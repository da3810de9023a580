//! Frontegg.

use crate::ClaimMap;

impl ClaimMap {
    /// [Frontegg]: the tenant in `tenantId` or, in customised tokens, in `org_id` or `organizationId`; the subject in
    /// `sub` or `userId`; `roles` and `permissions`, which are those in that tenant. The other memberships, in
    /// `tenantIds`, are not read: the roles do not hold there.
    ///
    /// Tokens of vendors, and access tokens that Frontegg wants looked up online, are refused.
    ///
    /// [Frontegg]: https://developers.frontegg.com/ciam/guides/security-center/token-management/claims
    pub fn frontegg() -> Self {
        Self::new("tenantId")
            .or_tenant("org_id")
            .or_tenant("organizationId")
            .or_subject("userId")
            .roles("roles")
            .permissions("permissions")
            .refuse("type", ["vendor", "userAccessToken", "tenantAccessToken"])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{list, read, understood};
    use super::*;
    use crate::claims::MapProblem;

    const TOKEN: &str = r#"{
        "sub": "2f0c7d2e-6f0b-4b7c-9c55-8f4f0a1f6d11", "name": "Jane Doe", "email": "jane.doe@example.com",
        "email_verified": true, "metadata": {}, "roles": ["Admin"],
        "permissions": ["fe.secure.read.users", "projects.read"],
        "tenantId": "6b1e2a04-3c7d-4d5a-8a8e-0b6a5c2f9e01",
        "tenantIds": ["6b1e2a04-3c7d-4d5a-8a8e-0b6a5c2f9e01", "c0a8f2d9-1e4b-4f0a-9d77-5a2b7c8d9e02"],
        "sid": "b2a4e1c8-7d30-4f5b-8e2b-3f1d0c9a7e03", "type": "userToken",
        "applicationId": "a94d1f60-22c7-4b0e-9d1e-6c5b4a3f2e04", "aud": "f1d2c3b4-5a69-4788-9776-655443322105",
        "iss": "https://app-acme.frontegg.com", "iat": 1760000000, "exp": 1760000300
    }"#;

    #[test]
    fn a_frontegg_token_is_understood() {
        assert_eq!(
            understood(&ClaimMap::frontegg(), TOKEN),
            (
                list(&["6b1e2a04-3c7d-4d5a-8a8e-0b6a5c2f9e01"]),
                "2f0c7d2e-6f0b-4b7c-9c55-8f4f0a1f6d11".into(),
                list(&["Admin"]),
                list(&["fe.secure.read.users", "projects.read"]),
            )
        );
        let vendor = TOKEN.replace("userToken", "vendor");
        assert_eq!(read(&ClaimMap::frontegg(), &vendor), Err(MapProblem::Value));
    }
}
