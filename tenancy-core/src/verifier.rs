//! `TokenVerifier`, the seam between admission and the kinds of bearer tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::jwks::KeysUnavailable;
use crate::{
    BearerToken, Claims, DirectoryUnavailable, RevocationsUnavailable, TokenProblem, Verified,
};

/// Turns a bearer token into verified claims. [`JwtVerifier`](crate::JwtVerifier) is the one for JSON Web
/// Tokens; an implementation of yours wraps it, to refuse more or to choose between several, because only this
/// crate makes [`Verified`] claims.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not verify tokens",
    label = "not a verifier",
    note = "make a `JwtVerifier` of issuers: `JwtVerifier::new([issuer])?`"
)]
#[async_trait::async_trait]
pub trait TokenVerifier: fmt::Debug + Send + Sync {
    /// Verifies `token` at the present time.
    ///
    /// # Errors
    /// [`VerifyError::Token`] when the token must not be accepted, any other when that cannot be decided now.
    async fn verify(&self, token: BearerToken<'_>) -> Result<Verified<Claims>, VerifyError>;
}

/// Accepts no token: what stands in the verifier's place in a service that takes API keys only.
#[derive(Debug)]
pub(crate) struct NoTokens;

#[async_trait::async_trait]
impl TokenVerifier for NoTokens {
    async fn verify(&self, _: BearerToken<'_>) -> Result<Verified<Claims>, VerifyError> {
        Err(TokenProblem::Issuer.into())
    }
}

#[async_trait::async_trait]
impl<V: TokenVerifier + ?Sized> TokenVerifier for Arc<V> {
    async fn verify(&self, token: BearerToken<'_>) -> Result<Verified<Claims>, VerifyError> {
        (**self).verify(token).await
    }
}

/// Why a token yields no claims.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum VerifyError {
    /// The token breaks a rule.
    #[error(transparent)]
    Token(#[from] TokenProblem),
    /// The keys that would decide are not to be had now.
    #[error("signing keys are unavailable: {cause}")]
    KeysUnavailable {
        /// When asking again makes sense.
        retry_after: Duration,
        /// What happened to the last fetch.
        cause: String,
    },
    /// A directory of issuers or the revocations do not answer now.
    #[error("{cause}")]
    Unavailable {
        /// When asking again makes sense.
        retry_after: Duration,
        /// What happened.
        cause: String,
    },
}

impl From<KeysUnavailable> for VerifyError {
    fn from(KeysUnavailable { retry_after, cause }: KeysUnavailable) -> Self {
        Self::KeysUnavailable { retry_after, cause }
    }
}

impl From<RevocationsUnavailable> for VerifyError {
    fn from(error: RevocationsUnavailable) -> Self {
        Self::Unavailable {
            retry_after: error.retry_after,
            cause: error.to_string(),
        }
    }
}

impl From<DirectoryUnavailable> for VerifyError {
    fn from(error: DirectoryUnavailable) -> Self {
        Self::Unavailable {
            retry_after: error.retry_after,
            cause: error.to_string(),
        }
    }
}
