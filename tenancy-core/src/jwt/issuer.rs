//! `Issuer`, what a service trusts one identity provider with.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use super::policy::{Audience, Policy, TokenProfile};
use super::{Algorithm, TokenProblem};
use crate::claims::{ClaimMap, Identity};
use crate::json::Object;
use crate::jwks::{Jwks, KeySource};
use crate::{ClaimPath, Clock, ConfigProblem, SignatureBackend, TenantId};

const MAX_LEEWAY: Duration = Duration::from_mins(5);

/// An identity provider whose tokens a service accepts: its name, whom its tokens are meant for, where
/// its keys are, and which of its claims hold the tenant.
///
/// ```
/// use tenancy_core::{ClaimMap, Issuer, JwtVerifier, KeySource};
///
/// # #[cfg(feature = "http")] {
/// let issuer = Issuer::new("https://api.frontegg.com", ClaimMap::frontegg())
///     .audience("my-client-id")
///     .keys(KeySource::url("https://api.frontegg.com/.well-known/jwks.json"));
/// let verifier = JwtVerifier::new([issuer])?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), tenancy_core::ConfigError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use = "an issuer does nothing until it is given to a verifier"]
pub struct Issuer {
    name: Arc<str>,
    claims: ClaimMap,
    audiences: Vec<String>,
    any_audience: bool,
    audience_claim: ClaimPath,
    keys: Option<KeySource>,
    algorithms: Option<Vec<Algorithm>>,
    leeway: Duration,
    max_lifetime: Duration,
    profile: TokenProfile,
    tenants: Option<BTreeSet<TenantId>>,
}

impl Issuer {
    /// An issuer whose tokens carry `name` as `iss`, byte for byte: a trailing slash or another case is
    /// another issuer.
    pub fn new(name: impl Into<String>, claims: ClaimMap) -> Self {
        Self {
            name: name.into().into(),
            claims,
            audiences: Vec::new(),
            any_audience: false,
            audience_claim: "aud".into(),
            keys: None,
            algorithms: None,
            leeway: Duration::from_mins(1),
            max_lifetime: Duration::from_hours(366 * 24),
            profile: TokenProfile::Jwt,
            tenants: None,
        }
    }

    /// The name that tokens carry as `iss`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Accepts tokens whose `aud` contains `audience`. May be called for several.
    pub fn audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Looks for the audience at `path` instead of `aud`, for providers whose tokens have none: `client_id` in
    /// access tokens of Amazon Cognito, `azp` in session tokens of Clerk.
    pub fn audience_claim(mut self, path: impl Into<ClaimPath>) -> Self {
        self.audience_claim = path.into();
        self
    }

    /// Accepts tokens whoever they are meant for. A token that a user gave to any other service of this
    /// issuer then opens this one too.
    pub fn accept_any_audience(mut self) -> Self {
        self.any_audience = true;
        self
    }

    /// Where the issuer's keys come from.
    pub fn keys(mut self, keys: KeySource) -> Self {
        self.keys = Some(keys);
        self
    }

    /// Accepts these algorithms only. By default all that go with the keys: for keys that are published every
    /// asymmetric [`Algorithm`], for a shared secret its own. A key further narrows them to those of its type.
    pub fn algorithms(mut self, algorithms: impl IntoIterator<Item = Algorithm>) -> Self {
        self.algorithms = Some(algorithms.into_iter().collect());
        self
    }

    /// How far the clocks of issuer and service may differ. 60 seconds by default, 5 minutes at most.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    /// How far in the future `exp` may be. 366 days by default, which catches milliseconds given for
    /// seconds.
    pub fn max_lifetime(mut self, max_lifetime: Duration) -> Self {
        self.max_lifetime = max_lifetime;
        self
    }

    /// Which kind of token the issuer's tokens have to be.
    pub fn profile(mut self, profile: TokenProfile) -> Self {
        self.profile = profile;
        self
    }

    /// Binds the issuer to these tenants: its word about any other is refused. Do this where each tenant brings
    /// an identity provider of its own, or one customer's provider could sign tokens for another customer.
    /// May be called several times.
    pub fn tenants(mut self, tenants: impl IntoIterator<Item = TenantId>) -> Self {
        self.tenants.get_or_insert_default().extend(tenants);
        self
    }

    /// The issuer, ready to verify. What is wrong is added to `problems`.
    pub(super) fn open(
        &self,
        backend: SignatureBackend,
        clock: &Arc<dyn Clock>,
        problems: &mut Vec<ConfigProblem>,
    ) -> Option<OpenIssuer> {
        let before = problems.len();
        let name = Arc::clone(&self.name);
        let mut wrong = |is_wrong, problem: fn(Arc<str>) -> ConfigProblem| {
            if is_wrong {
                problems.push(problem(Arc::clone(&name)));
            }
        };
        wrong(name.is_empty(), |_| ConfigProblem::NoName);
        wrong(is_insecure(&name), ConfigProblem::InsecureName);
        let has_audience = !self.audiences.is_empty();
        wrong(
            !has_audience && !self.any_audience,
            ConfigProblem::NoAudience,
        );
        wrong(
            has_audience && self.any_audience,
            ConfigProblem::AnyAudience,
        );
        wrong(
            self.audiences.iter().any(String::is_empty),
            ConfigProblem::EmptyAudience,
        );
        wrong(self.leeway > MAX_LEEWAY, ConfigProblem::Leeway);
        wrong(
            self.max_lifetime < Duration::from_secs(1),
            ConfigProblem::MaxLifetime,
        );
        wrong(
            self.tenants.as_ref().is_some_and(BTreeSet::is_empty),
            ConfigProblem::NoTenants,
        );
        wrong(self.keys.is_none(), ConfigProblem::NoKeys);
        let keys = self.keys.as_ref().and_then(|keys| {
            keys.open(&name, self.algorithms.as_deref(), backend, clock, problems)
        });
        if problems.len() > before {
            return None;
        }
        Some(OpenIssuer {
            keys: keys?,
            policy: Policy {
                audience: if self.any_audience {
                    Audience::Any
                } else {
                    Audience::OneOf(self.audiences.clone())
                },
                audience_claim: self.audience_claim.clone(),
                leeway: self.leeway,
                max_lifetime: self.max_lifetime,
                profile: self.profile,
            },
            claims: self.claims.clone(),
            tenants: self.tenants.clone(),
            name,
        })
    }
}

/// RFC 8414 §2 wants `https`. Names that are no URLs are as good as any.
fn is_insecure(name: &str) -> bool {
    let Some(rest) = name.strip_prefix("http://") else {
        return false;
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let host = match authority.strip_prefix('[') {
        Some(bracketed) => bracketed.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    let address = host.parse::<std::net::IpAddr>();
    !address.map_or(host == "localhost", |address| address.is_loopback())
}

/// An issuer whose configuration was found sound.
#[derive(Debug)]
pub(crate) struct OpenIssuer {
    pub(crate) name: Arc<str>,
    pub(crate) keys: Jwks,
    pub(super) policy: Policy,
    claims: ClaimMap,
    tenants: Option<BTreeSet<TenantId>>,
}

impl OpenIssuer {
    /// Who acts for which tenant, and whether this issuer may say so.
    pub(super) fn identify(&self, claims: &Object<'_>) -> Result<Identity, TokenProblem> {
        let mut identity = self.claims.identify(claims)?;
        if let Some(ours) = &self.tenants {
            identity.tenants.retain(|tenant| ours.contains(tenant));
            if identity.tenants.is_empty() {
                return Err(TokenProblem::TenantNotOfIssuer);
            }
        }
        Ok(identity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_over_plain_http_are_for_loopback() {
        for name in [
            "https://a.example",
            "accounts.google.com",
            "my-service",
            "http://localhost:8080/realms/x",
            "http://127.0.0.1",
            "http://[::1]:1/x",
        ] {
            assert!(!is_insecure(name), "{name}");
        }
        for name in [
            "http://a.example",
            "http://localhost.a.example/",
            "http://10.0.0.1:80",
            "http://",
            "http://127.0.0.1@a.example/",
        ] {
            assert!(is_insecure(name), "{name}");
        }
    }
}
