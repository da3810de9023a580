//! A context as a request gets it: from a token, by way of an admission.

use tenancy_core::{
    Admission, Admitted, Algorithm, JwtVerifier, ProjectId, SharedSecret, SigningKey, SubjectId,
    TenantContext, TenantId, TokenIssuer,
};

use crate::head::Head;
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
    let head = Head::get("/").authorization(format!("Bearer {token}"));
    match admission.admit(&head).await? {
        Admitted::For(context, _) => Ok(context),
        other => Err(format!("{other:?}").into()),
    }
}
