//! WorkOS AuthKit.

use crate::ClaimMap;

impl ClaimMap {
    /// [WorkOS AuthKit] access tokens: the organisation in `org_id`, `roles` (or the one `role` of older
    /// environments), `permissions`.
    ///
    /// They have no `aud` by default; issuer and keys are those of one client, so
    /// [`accept_any_audience`](crate::Issuer::accept_any_audience) accepts that client's tokens only. Keys:
    /// `https://api.workos.com/sso/jwks/<client id>`.
    ///
    /// [WorkOS AuthKit]: https://workos.com/docs/reference/authkit/session-tokens
    pub fn workos() -> Self {
        Self::new("org_id")
            .roles("roles")
            .roles("role")
            .permissions("permissions")
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{list, understood};
    use super::*;

    const TOKEN: &str = r#"{
        "iss": "https://api.workos.com/user_management/client_01HQSX0YB7E3J9V4N6T2W8KZQM",
        "sub": "user_01HBEQKA6K4QJAS93VPE39W1JT", "sid": "session_01HQSXZGF8FHF7A9ZZFCW4387R",
        "jti": "01HQSXZXPPFPKMDD32RKTFY6PV", "org_id": "org_01HRDMC6CM357W30QMHMQ96Q0S", "role": "member",
        "roles": ["member", "auditor"], "permissions": ["posts:read", "posts:write"], "entitlements": ["audit-logs"],
        "feature_flags": ["advanced-analytics"], "exp": 1760000300, "iat": 1760000000
    }"#;

    #[test]
    fn a_workos_token_is_understood() {
        assert_eq!(
            understood(&ClaimMap::workos(), TOKEN),
            (
                list(&["org_01HRDMC6CM357W30QMHMQ96Q0S"]),
                "user_01HBEQKA6K4QJAS93VPE39W1JT".into(),
                // The first one twice: `role` repeats it.
                list(&["member", "auditor", "member"]),
                list(&["posts:read", "posts:write"]),
            )
        );
    }
}
