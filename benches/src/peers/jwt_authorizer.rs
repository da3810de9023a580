//! jwt-authorizer 0.15: `check_auth`, which its layer for axum calls. On jsonwebtoken 9, thus ring.

use jwt_authorizer::{Authorizer, JwtAuthorizer, Validation};

use crate::Failure;
use crate::claims::Claims;
use crate::entrant::VerifyLater;
use crate::specimen::{AUDIENCE, Algorithm, ISSUER, SECRET};

pub(super) struct Peer(pub(super) Authorizer<Claims>);

pub(crate) async fn authorizer(
    algorithm: Algorithm,
    jwks_url: &str,
) -> Result<Authorizer<Claims>, Failure> {
    let authorizer = if algorithm == Algorithm::Hs256 {
        JwtAuthorizer::from_secret(SECRET)
    } else {
        JwtAuthorizer::from_jwks_url(jwks_url)
    };
    let validation = Validation::new().iss(&[ISSUER]).aud(&[AUDIENCE]);
    Ok(authorizer.validation(validation).build().await?)
}

impl VerifyLater for Peer {
    type Presented<'t> = &'t str;

    fn present<'t>(&self, token: &'t str) -> Self::Presented<'t> {
        token
    }

    async fn accepts(&self, token: &Self::Presented<'_>) -> bool {
        self.0.check_auth(token).await.is_ok()
    }
}
