//! Supabase Auth.

use crate::ClaimMap;

impl ClaimMap {
    /// [Supabase Auth]: the tenant in the member `tenant` of `app_metadata`. Anonymous users and the keys `anon` and
    /// `service_role`, which are tokens too, are refused.
    ///
    /// `app_metadata` is written by the server. `user_metadata` is written by the user and must never hold a tenant.
    /// Roles of yours: `.roles(["app_metadata", "roles"])`; the claim `role` is a Postgres role. The audience is
    /// `authenticated`.
    ///
    /// [Supabase Auth]: https://supabase.com/docs/guides/auth/jwt-fields
    pub fn supabase(tenant: &str) -> Self {
        Self::new(["app_metadata", tenant])
            .require("role", ["authenticated"])
            .refuse("is_anonymous", ["true"])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{list, read, understood};
    use super::*;
    use crate::claims::MapProblem;

    const TOKEN: &str = r#"{
        "iss": "https://abcdefghijklmnopqrst.supabase.co/auth/v1", "sub": "123e4567-e89b-42d3-a456-426614174000",
        "aud": "authenticated", "exp": 1760003600, "iat": 1760000000, "email": "jane.doe@example.com", "phone": "",
        "app_metadata": {
            "provider": "email", "providers": ["email"], "tenant_id": "0d9c8b7a-6f5e-4d3c-8b2a-190817263544",
            "roles": ["editor"]
        },
        "user_metadata": {"name": "Jane Doe", "tenant_id": "victim-tenant-chosen-by-the-user"},
        "role": "authenticated", "aal": "aal1", "amr": [{"method": "password", "timestamp": 1760000000}],
        "session_id": "7c6b5a49-3827-4160-9f8e-7d6c5b4a3928", "is_anonymous": false
    }"#;

    #[test]
    fn a_supabase_token_is_understood() {
        let map = ClaimMap::supabase("tenant_id").roles(["app_metadata", "roles"]);
        assert_eq!(
            understood(&map, TOKEN),
            (
                list(&["0d9c8b7a-6f5e-4d3c-8b2a-190817263544"]),
                "123e4567-e89b-42d3-a456-426614174000".into(),
                list(&["editor"]),
                list(&[]),
            )
        );
    }

    #[test]
    fn what_a_user_may_write_and_who_is_nobody_counts_for_nothing() {
        let map = ClaimMap::supabase("tenant_id");
        let without = TOKEN.replace("0d9c8b7a-6f5e-4d3c-8b2a-190817263544\",", "\",");
        assert!(read(&map, &without).is_err());
        for token in [
            TOKEN.replace(r#""is_anonymous": false"#, r#""is_anonymous": true"#),
            TOKEN.replace(r#""role": "authenticated""#, r#""role": "service_role""#),
            TOKEN.replace(r#""role": "authenticated","#, ""),
        ] {
            assert_eq!(read(&map, &token), Err(MapProblem::Value));
        }
    }
}
