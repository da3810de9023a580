//! A context as a request gets it: from a token, by way of an admission.

use tenancy_core::{
    Admission, Admitted, Algorithm, JwtVerifier, ProjectId, RequestHead, SharedSecret, SigningKey,
    SubjectId, TenantContext, TenantId, TokenIssuer,
};

use crate::notes::Fallible;

/// What `subject` may do for `tenant` in `project`.
///
/// # Errors
/// When one of these is no identifier.
pub async fn context_of(
    tenant: &str,
    subject: &str,
    project: &str,
    roles: &[&str],
) -> Fallible<TenantContext> {
    let secret = SharedSecret::new(Algorithm::HS256, "known to everybody who reads this");
    let issuer = TokenIssuer::new("us", "us", SigningKey::shared_secret(secret))?;
    let token = issuer
        .token(&TenantId::parse(tenant)?, &SubjectId::parse(subject)?)
        .project(&ProjectId::parse(project)?)
        .roles(roles.iter().copied())
        .sign()?;
    let admission = Admission::new(JwtVerifier::new([issuer.issuer()])?);
    match admission.admit(&Bearing(format!("Bearer {token}"))).await? {
        Admitted::For(context, _) => Ok(context),
        other => Err(format!("{other:?}").into()),
    }
}

/// The head of a request that has nothing but a token.
struct Bearing(String);

impl RequestHead for Bearing {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let field = (name == "authorization").then_some(self.0.as_bytes());
        field.into_iter()
    }

    fn method(&self) -> &'static str {
        "GET"
    }

    fn authority(&self) -> Option<&str> {
        None
    }

    fn path(&self) -> &'static str {
        "/"
    }

    fn query(&self) -> Option<&str> {
        None
    }

    fn peer_address(&self) -> Option<std::net::IpAddr> {
        None
    }
}
