//! axum-jwt-auth 0.7: `decode` of the decoder behind its extractor. On jsonwebtoken 10.

use std::sync::Arc;

use axum_jwt_auth::{Decoder, LocalDecoder, RemoteJwksDecoder};
use jsonwebtoken_10::{DecodingKey, Validation};

use crate::Failure;
use crate::claims::Claims;
use crate::entrant::VerifyLater;
use crate::specimen::{AUDIENCE, Algorithm, ISSUER, SECRET};

pub(super) struct Peer(pub(super) Decoder<Claims>);

pub(crate) async fn decoder(
    algorithm: Algorithm,
    jwks_url: &str,
) -> Result<Decoder<Claims>, Failure> {
    let mut validation = Validation::new(algorithm.name().parse()?);
    validation.set_issuer(&[ISSUER]);
    validation.set_audience(&[AUDIENCE]);
    if algorithm == Algorithm::Hs256 {
        let keys = vec![DecodingKey::from_secret(SECRET.as_bytes())];
        return Ok(Arc::new(LocalDecoder::new(keys, validation)?));
    }
    let decoder = RemoteJwksDecoder::builder()
        .jwks_url(jwks_url.to_owned())
        .validation(validation)
        .build()?;
    decoder.initialize().await?;
    Ok(Arc::new(decoder))
}

impl VerifyLater for Peer {
    type Presented<'t> = &'t str;

    fn present<'t>(&self, token: &'t str) -> Self::Presented<'t> {
        token
    }

    async fn accepts(&self, token: &Self::Presented<'_>) -> bool {
        self.0.decode(token).await.is_ok()
    }
}
