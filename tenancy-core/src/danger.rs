//! Ways around the checks. Each takes a reason in words and leaves a record before it takes effect.
//!
//! The records are `tracing` events of level `WARN` and target `tenancy::danger`. Search a code base for
//! `danger::` to find every place that steps outside.

use std::env;

use crate::admission::DefaultTenant;
use crate::{Admission, TenantContext, TenantId};

/// A way around a check was asked for without a reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("stepping around a check needs a reason in words; the one given is blank")]
pub struct NoReason;

/// A context for work that no request asked for: a job, a test, a tool. For a job that a request asked for, there is
/// [`JobEnvelopes`](crate::JobEnvelopes).
///
/// # Errors
/// When `reason` is blank.
///
/// ```
/// use tenancy_core::{TenantId, danger};
///
/// let acme = TenantId::parse("acme")?;
/// let context = danger::assume(acme.clone(), "nightly report")?;
/// assert!(danger::assume(acme, " ").is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn assume(tenant: TenantId, reason: &str) -> Result<TenantContext, NoReason> {
    let reason = justified(reason)?;
    tracing::warn!(target: "tenancy::danger", %tenant, reason, "assumed a tenant");
    Ok(TenantContext::assumed(tenant, reason.to_owned(), None))
}

/// Admits requests without a credential for `tenant`, for development. Credentials that are presented are judged as ever.
///
/// There is one rule about where: `environment`, and each of the variables `APP_ENV`, `RUST_ENV`, `ENVIRONMENT` and
/// `ENV` that is set, has to be one of `development`, `dev`, `local` and `test`, in any case. What is missing or
/// misspelt is production.
///
/// # Errors
/// [`NoDefaultTenant::Environment`] elsewhere, and [`NoDefaultTenant::Reason`] when `reason` is blank.
///
/// ```
/// use tenancy_core::{Admission, TenantId, danger};
///
/// # fn configure(admission: Admission) -> Result<Admission, Box<dyn std::error::Error>> {
/// // Does not start where `DEPLOYED_AS` is missing.
/// let environment = std::env::var("DEPLOYED_AS")?;
/// let tenant = TenantId::parse("acme")?;
/// # Ok(
/// danger::default_tenant(admission, tenant, "no identity provider on laptops", &environment)?
/// # )
/// # }
/// ```
pub fn default_tenant(
    admission: Admission,
    tenant: TenantId,
    reason: &str,
    environment: &str,
) -> Result<Admission, NoDefaultTenant> {
    let variables = ["APP_ENV", "RUST_ENV", "ENVIRONMENT", "ENV"].map(env::var_os);
    let variables: Vec<_> = variables.into_iter().flatten().collect();
    let said = variables.iter().map(|value| value.to_str());
    default_tenant_where(admission, tenant, reason, said.chain([Some(environment)]))
}

/// `said` is what is said about the environment, where `None` is something unreadable.
fn default_tenant_where<'e>(
    admission: Admission,
    tenant: TenantId,
    reason: &str,
    mut said: impl Iterator<Item = Option<&'e str>>,
) -> Result<Admission, NoDefaultTenant> {
    let reason = justified(reason)?.to_owned();
    let is_development = |name: &str| {
        let names = ["development", "dev", "local", "test"];
        names.iter().any(|known| known.eq_ignore_ascii_case(name))
    };
    if !said.all(|name| name.is_some_and(is_development)) {
        return Err(NoDefaultTenant::Environment);
    }
    tracing::warn!(target: "tenancy::danger", %tenant, reason, "requests without a credential are admitted");
    Ok(admission.default_tenant(DefaultTenant { tenant, reason }))
}

/// Requests without a credential are not admitted for a default tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoDefaultTenant {
    /// The environment is not known to be one for development.
    #[error(
        "a default tenant is for development; the environment, and `APP_ENV`, `RUST_ENV`, `ENVIRONMENT` and `ENV` where they \
         are set, have to be `development`, `dev`, `local` or `test`"
    )]
    Environment,
    /// The reason is blank.
    #[error(transparent)]
    Reason(#[from] NoReason),
}

/// The reason without the white space around it, or none. For the crates beside this one.
///
/// # Errors
/// When `reason` is blank.
#[doc(hidden)]
pub fn justified(reason: &str) -> Result<&str, NoReason> {
    let reason = reason.trim();
    if reason.is_empty() {
        Err(NoReason)
    } else {
        Ok(reason)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{BearerToken, Claims, TokenProblem, TokenVerifier, Verified, VerifyError};

    #[derive(Debug)]
    struct Nobody;

    #[async_trait::async_trait]
    impl TokenVerifier for Nobody {
        async fn verify(&self, _: BearerToken<'_>) -> Result<Verified<Claims>, VerifyError> {
            Err(TokenProblem::Signature.into())
        }
    }

    #[test]
    fn a_default_tenant_is_not_built_where_anything_says_production() {
        let build = |reason, said: &[Option<&str>]| {
            let tenant = TenantId::parse("acme").unwrap();
            let admission = Admission::new(Nobody);
            default_tenant_where(admission, tenant, reason, said.iter().copied()).err()
        };
        for said in [
            &[Some("development")][..],
            &[Some("DEV"), Some("test"), Some("Local")],
        ] {
            assert_eq!(build("laptops", said), None, "{said:?}");
            assert_eq!(build(" ", said), Some(NoDefaultTenant::Reason(NoReason)));
        }
        for said in [
            &[Some("production")][..],
            &[Some("prod")],
            &[Some("staging")],
            &[Some("")],
            &[Some("development ")],
            &[None],
            &[Some("development"), Some("production")],
            &[Some("production"), Some("development")],
            &[None, Some("development")],
        ] {
            assert_eq!(
                build("laptops", said),
                Some(NoDefaultTenant::Environment),
                "{said:?}"
            );
        }
    }
}
