//! Firebase Authentication with Identity Platform.

use crate::ClaimMap;

impl ClaimMap {
    /// [Firebase Authentication] with the tenants of [Identity Platform]: the tenant in `firebase.tenant`. Users of
    /// the project's own pool, who have none, and anonymous users are refused.
    ///
    /// All projects of the world share their signing keys, so issuer `https://securetoken.google.com/<project>` and
    /// audience `<project>` both matter. Roles are custom claims of yours: `.roles("roles")`.
    ///
    /// [Firebase Authentication]: https://firebase.google.com/docs/auth/admin/verify-id-tokens
    /// [Identity Platform]: https://cloud.google.com/identity-platform/docs/multi-tenancy-managing-tenants
    pub fn firebase() -> Self {
        Self::new(["firebase", "tenant"]).refuse(["firebase", "sign_in_provider"], ["anonymous"])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{list, read, understood};
    use super::*;
    use crate::claims::{MapProblem, OneProblem};

    const TOKEN: &str = r#"{
        "name": "Jane Doe", "picture": "https://www.example.com/jane/photo.png", "roles": ["editor"],
        "iss": "https://securetoken.google.com/example-saas-prod", "aud": "example-saas-prod",
        "auth_time": 1760000000, "user_id": "Xk3pQ9rTzUaB2cD4eF6gH8iJ0kL1",
        "sub": "Xk3pQ9rTzUaB2cD4eF6gH8iJ0kL1", "iat": 1760000000, "exp": 1760003600,
        "email": "jane.doe@example.com", "email_verified": true,
        "firebase": {
            "identities": {"email": ["jane.doe@example.com"]}, "sign_in_provider": "password", "tenant": "acme-en2vw"
        }
    }"#;

    #[test]
    fn a_firebase_token_is_understood() {
        assert_eq!(
            understood(&ClaimMap::firebase().roles("roles"), TOKEN),
            (
                list(&["acme-en2vw"]),
                "Xk3pQ9rTzUaB2cD4eF6gH8iJ0kL1".into(),
                list(&["editor"]),
                list(&[]),
            )
        );
    }

    #[test]
    fn users_without_a_tenant_and_nobody_in_particular_are_refused() {
        let map = ClaimMap::firebase();
        let outside = TOKEN.replace(r#", "tenant": "acme-en2vw""#, "");
        assert_eq!(
            read(&map, &outside),
            Err(MapProblem::Tenant(OneProblem::Missing))
        );
        let anonymous = TOKEN.replace(r#""password""#, r#""anonymous""#);
        assert_eq!(read(&map, &anonymous), Err(MapProblem::Value));
    }
}
