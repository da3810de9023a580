//! What cannot be decided, or is decided by more than the token.

use std::time::Duration;

use tenancy_core::{
    Claims, DirectoryUnavailable, FetchError, FetchKeys, Fetched, Issuer, IssuerDirectory,
    JwtVerifier, KeySource, RevocationList, Revocations, RevocationsUnavailable, SubjectId,
    TokenCache, TokenProblem, TokenProfile, UnixTime, VerifyError,
};
use tenancy_examples::identity_provider::{IdentityProvider, now};

use super::requests::{admission, ask};
use super::tokens::{changed, good_claims, issuer};
use super::{GARBAGE, ISSUER, Said, TOKEN_ID, USER, bearer};

/// Knows nobody, or nothing at all.
#[derive(Debug)]
pub(super) struct Directory {
    pub(super) is_down: bool,
}

#[async_trait::async_trait]
impl IssuerDirectory for Directory {
    async fn issuer(&self, _name: &str) -> Result<Option<Issuer>, DirectoryUnavailable> {
        let error = DirectoryUnavailable {
            retry_after: Duration::from_secs(1),
            cause: "down".to_owned(),
        };
        if self.is_down { Err(error) } else { Ok(None) }
    }
}

#[derive(Debug)]
struct NoRevocations;

#[async_trait::async_trait]
impl Revocations for NoRevocations {
    async fn is_revoked(&self, _claims: &Claims) -> Result<bool, RevocationsUnavailable> {
        Err(RevocationsUnavailable {
            retry_after: Duration::from_secs(1),
            cause: "down".to_owned(),
        })
    }
}

#[derive(Debug)]
struct NoKeys;

#[async_trait::async_trait]
impl FetchKeys for NoKeys {
    async fn fetch(&self, _etag: Option<&str>) -> Result<Fetched, FetchError> {
        Ok(Fetched::Document {
            body: format!("{{{GARBAGE}").into(),
            etag: None,
            max_age: None,
        })
    }
}

/// Each kind of outage, and what a verifier knows besides the token.
pub(super) async fn what_is_unavailable(said: &mut Said, provider: &IdentityProvider) {
    let claims = good_claims(provider);
    let good = provider.rsa_key().sign(&claims);
    let strange = provider
        .rsa_key()
        .sign(&changed(&claims, "iss", ISSUER.into()));
    said.secrets.add_token("an undecided token", &good);
    said.secrets.add_token("a token of nobody", &strange);
    let revoked = RevocationList::new();
    revoked.revoke_token(
        provider.issuer(),
        TOKEN_ID,
        UnixTime::from_seconds(now() + 600),
    );
    revoked.revoke_subject_before(
        provider.issuer(),
        SubjectId::parse(USER).unwrap(),
        UnixTime::from_seconds(0),
    );
    said.debug("`RevocationList`", &revoked);
    let builder = || JwtVerifier::builder().cache(TokenCache::default().keyed_by_digest());
    let ours = || issuer(provider);
    let is_refused = |problem: TokenProblem| move |error: &VerifyError| *error == problem.into();
    for (builder, token, expected) in [
        (
            builder().issuer(ours()).revocations(revoked),
            &good,
            Some(TokenProblem::Revoked),
        ),
        (
            builder().issuer(ours()).revocations(NoRevocations),
            &good,
            None,
        ),
        (
            builder().issuer(ours().profile(TokenProfile::AccessToken)),
            &good,
            Some(TokenProblem::Type),
        ),
        (
            builder().issuer(ours().keys(KeySource::fetched(NoKeys))),
            &good,
            None,
        ),
        (
            builder().issuer(ours().keys(KeySource::url("http://127.0.0.1:1/"))),
            &good,
            None,
        ),
        (
            builder()
                .issuer(ours())
                .directory(Directory { is_down: true }),
            &strange,
            None,
        ),
        (
            builder()
                .issuer(ours())
                .directory(Directory { is_down: false }),
            &strange,
            Some(TokenProblem::Issuer),
        ),
    ] {
        said.debug("`JwtVerifierBuilder`", &builder);
        let verifier = builder.build().unwrap();
        let error = verifier.verify(bearer(token)).await.unwrap_err();
        let is_undecided = !matches!(error, VerifyError::Token(_));
        assert!(
            expected.map_or(is_undecided, |problem| is_refused(problem)(&error)),
            "{error}"
        );
        said.error("a `VerifyError`", &error);
        let field = format!("Bearer {token}");
        let status = ask(&verifier, said, "/who", &[("authorization", &field)]).await;
        assert_eq!(status, if expected.is_some() { 401 } else { 503 });
        said.debug("`KeyStatus`", &verifier.key_status());
        said.debug("`Admission`", &admission(&verifier));
    }
}
