//! `jwks_client_rs` 0.6: `decode`. It does not look at `iss`; a service does so itself afterwards.

use jwks_client_rs::JwksClient;
use jwks_client_rs::source::WebSource;

use crate::Failure;
use crate::claims::Claims;
use crate::entrant::VerifyLater;
use crate::specimen::{AUDIENCE, ISSUER};

pub(super) struct Peer(JwksClient<WebSource>);

pub(super) fn peer(jwks_url: &str) -> Result<Peer, Failure> {
    let source = WebSource::builder().build(jwks_url.parse()?)?;
    Ok(Peer(JwksClient::builder().build(source)))
}

impl VerifyLater for Peer {
    type Presented<'t> = &'t str;

    fn present<'t>(&self, token: &'t str) -> Self::Presented<'t> {
        token
    }

    async fn accepts(&self, token: &Self::Presented<'_>) -> bool {
        let claims = self.0.decode::<Claims>(token, &[AUDIENCE]).await;
        claims.is_ok_and(|claims| claims.iss == ISSUER)
    }
}
