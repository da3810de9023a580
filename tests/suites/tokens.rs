//! Which tokens are accepted: everything below is signed by the issuer's real key and verified over its real
//! JWKS endpoint, unless the forgery is the signature itself.

mod algorithms;
mod allocations;
mod cache;
mod claims;
mod form;
mod header;
mod hostile;
mod issuer_directory;
mod issuers;
mod issuing;
mod profiles;
mod revocation;
mod trusted_keys;

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::Value;
use tenancy_core::{
    BearerToken, ClaimMap, Claims, Issuer, JwtVerifier, KeySource, SignatureBackend, SubjectId,
    TenantId, TokenProblem, VerifyError,
};
use tenancy_examples::identity_provider::{IdentityProvider, SigningKey};

const AUDIENCE: &str = "us";

async fn provider() -> IdentityProvider {
    IdentityProvider::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), AUDIENCE)
        .await
        .unwrap()
}

fn issuer(provider: &IdentityProvider) -> Issuer {
    Issuer::new(provider.issuer(), ClaimMap::frontegg())
        .audience(AUDIENCE)
        .keys(KeySource::url(provider.jwks_url()))
}

async fn verify(verifier: &JwtVerifier, token: &str) -> Result<Claims, TokenProblem> {
    let token = BearerToken::parse(token).expect("the syntax of a bearer token");
    match verifier.verify(token).await {
        Ok(claims) => Ok(claims.into_inner()),
        Err(VerifyError::Token(problem)) => Err(problem),
        Err(other) => panic!("{other}"),
    }
}

const BACKENDS: [SignatureBackend; 2] = [SignatureBackend::AwsLc, SignatureBackend::Portable];

/// A provider, a verifier that trusts it, and a good token to vary.
struct Door {
    provider: IdentityProvider,
    verifier: JwtVerifier,
    key: SigningKey,
}

impl Door {
    async fn new() -> Self {
        Self::with(SignatureBackend::default()).await
    }

    async fn on_each_backend() -> [Self; 2] {
        let [one, other] = BACKENDS;
        [Self::with(one).await, Self::with(other).await]
    }

    async fn with(backend: SignatureBackend) -> Self {
        let provider = provider().await;
        let verifier = JwtVerifier::builder()
            .issuer(issuer(&provider))
            .signature_backend(backend)
            .build()
            .unwrap();
        let key = provider.rsa_key();
        Self {
            provider,
            verifier,
            key,
        }
    }

    fn claims(&self) -> Value {
        self.provider.claims("acme", "ada", 600)
    }

    /// A token with one claim set to `value`, or removed.
    async fn with_claim(&self, name: &str, value: Option<Value>) -> Result<Claims, TokenProblem> {
        let claims = changed(self.claims(), name, value);
        verify(&self.verifier, &self.key.sign(&claims)).await
    }

    /// A token with one header parameter set to `value`, or removed.
    async fn with_parameter(
        &self,
        name: &str,
        value: Option<Value>,
    ) -> Result<Claims, TokenProblem> {
        let header = changed(self.key.header(), name, value);
        verify(&self.verifier, &self.key.sign_with(&header, &self.claims())).await
    }
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn globex() -> TenantId {
    TenantId::parse("globex").unwrap()
}

fn ada() -> SubjectId {
    SubjectId::parse("ada").unwrap()
}

fn eve() -> SubjectId {
    SubjectId::parse("eve").unwrap()
}

fn changed(mut object: Value, name: &str, value: Option<Value>) -> Value {
    let members = object.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    object
}
