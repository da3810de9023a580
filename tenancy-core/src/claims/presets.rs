//! Claim maps of identity providers, one a file, each with a token as the provider makes it.

mod auth0;
mod clerk;
mod cognito;
mod entra;
mod firebase;
mod frontegg;
mod keycloak;
mod supabase;
mod workos;

pub(super) use self::clerk::unpack as unpack_clerk;

#[cfg(test)]
mod fixture {
    use crate::ClaimMap;
    use crate::claims::{Identity, MapProblem};
    use crate::json::object;

    pub(super) fn read(map: &ClaimMap, claims: &str) -> Result<Identity, MapProblem> {
        map.identify(&object(claims).unwrap())
    }

    /// Tenants, subject, roles and permissions of a token that the map understands.
    pub(super) fn understood(
        map: &ClaimMap,
        claims: &str,
    ) -> (Vec<String>, String, Vec<String>, Vec<String>) {
        let identity = read(map, claims).unwrap();
        (
            identity.tenants.into_iter().map(String::from).collect(),
            identity.subject.into(),
            identity.roles.everywhere().to_vec(),
            identity.permissions.everywhere().to_vec(),
        )
    }

    pub(super) fn list(items: &[&str]) -> Vec<String> {
        items.iter().map(|item| (*item).to_owned()).collect()
    }
}
