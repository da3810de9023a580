//! Microsoft Entra ID.

use crate::ClaimMap;

/// Where all personal accounts of the world live: no organisation of anybody's.
const CONSUMERS: &str = "9188040d-6c67-4c5b-b112-36a304b66dad";

impl ClaimMap {
    /// [Microsoft Entra ID], tokens of version 2.0: the tenant in `tid`, the subject in `oid`, which is the same for
    /// all applications of the directory, app roles in `roles`, delegated permissions in `scp`. Personal accounts
    /// are refused.
    ///
    /// Each directory is an issuer of its own: `https://login.microsoftonline.com/<tid>/v2.0`. Configure those that
    /// you have onboarded, or answer them from an [`IssuerDirectory`](crate::IssuerDirectory), each bound to its
    /// tenant with [`Issuer::tenants`](crate::Issuer::tenants): any directory in the world can obtain a token for a
    /// multi-tenant application.
    ///
    /// [Microsoft Entra ID]: https://learn.microsoft.com/en-us/entra/identity-platform/access-token-claims-reference
    pub fn entra() -> Self {
        Self::new("tid")
            .subject("oid")
            .roles("roles")
            .permissions("scp")
            .require("ver", ["2.0"])
            .refuse("tid", [CONSUMERS])
    }
}

#[cfg(test)]
mod tests {
    use super::super::fixture::{list, read, understood};
    use super::*;
    use crate::claims::MapProblem;

    const TOKEN: &str = r#"{
        "aud": "6e74172b-be56-4843-9ff4-e66a39bb12e3",
        "iss": "https://login.microsoftonline.com/72f988bf-86f1-41af-91ab-2d7cd011db47/v2.0", "iat": 1760000000,
        "nbf": 1760000000, "exp": 1760004500, "aio": "AXQAi/8IAAAAtAaZLo3ChMif6KOnttRB7eBq4/DccQzjcJGxPXYy",
        "azp": "75dbe77f-10a3-4e59-85fd-8c127544f17c", "azpacr": "0",
        "groups": ["0f1e2d3c-4b5a-4697-8877-665544332211"], "name": "Jane Doe",
        "oid": "690222be-ff1a-4d56-abd1-7e4f7d38e474", "preferred_username": "jane.doe@example.com",
        "rh": "0.AX0Av4j5cvGGr0GRqy180BHbRysXdG5WvkNIn_TmajmbEuPHAAA.", "roles": ["Orders.Admin"],
        "scp": "Orders.Read Orders.Write", "sub": "HKZpfaHyWadeOouYlitjrI-KffTm222X5rrV3xDqfKQ",
        "tid": "72f988bf-86f1-41af-91ab-2d7cd011db47", "uti": "fqiBqXLPj0eQa82S-IYFAA", "ver": "2.0"
    }"#;

    #[test]
    fn an_entra_token_is_understood() {
        assert_eq!(
            understood(&ClaimMap::entra(), TOKEN),
            (
                list(&["72f988bf-86f1-41af-91ab-2d7cd011db47"]),
                "690222be-ff1a-4d56-abd1-7e4f7d38e474".into(),
                list(&["Orders.Admin"]),
                list(&["Orders.Read", "Orders.Write"]),
            )
        );
    }

    #[test]
    fn other_versions_and_personal_accounts_are_refused() {
        for token in [
            TOKEN.replace(r#""ver": "2.0""#, r#""ver": "1.0""#),
            TOKEN.replace("72f988bf-86f1-41af-91ab-2d7cd011db47", CONSUMERS),
        ] {
            assert_eq!(read(&ClaimMap::entra(), &token), Err(MapProblem::Value));
        }
    }
}
