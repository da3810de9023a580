//! tower-oauth2-resource-server 0.12, called as the layer that it is: there is no other way in.
//!
//! So it alone reads the token out of a request. That the request is made is counted too; the value of its
//! header is not, for that is there before and only shared.

use std::cell::RefCell;
use std::convert::Infallible;
use std::future::{Ready, ready};
use std::time::Duration;

use http::header::AUTHORIZATION;
use http::{HeaderValue, Request, Response};
use tower::util::ServiceFn;
use tower::{Layer as _, Service as _, service_fn};
use tower_oauth2_resource_server::layer::OAuth2ResourceServerService;
use tower_oauth2_resource_server::server::OAuth2ResourceServer;
use tower_oauth2_resource_server::tenant::TenantConfiguration;
use tower_oauth2_resource_server::validation::ClaimsValidationSpec;

use crate::Failure;
use crate::claims::Claims;
use crate::entrant::VerifyLater;
use crate::specimen::{AUDIENCE, Algorithm, ISSUER, Specimen};

type Handler = ServiceFn<fn(Request<()>) -> Ready<Result<Response<()>, Infallible>>>;

pub(super) struct Peer(RefCell<OAuth2ResourceServerService<Handler, (), Claims>>);

pub(super) async fn peer(
    algorithm: Algorithm,
    specimen: &Specimen,
    jwks_url: &str,
) -> Result<Peer, Failure> {
    let checks = ClaimsValidationSpec::new()
        .iss(ISSUER)
        .aud(&vec![AUDIENCE.to_owned()])
        .exp(true);
    let issuer = if algorithm == Algorithm::Hs256 {
        TenantConfiguration::static_builder(Specimen::secret_jwks())
            .allowed_algorithms(&[jsonwebtoken::Algorithm::HS256])
            .claims_validation(checks)
            .build()?
    } else {
        TenantConfiguration::builder(ISSUER)
            .jwks_url(jwks_url)
            .claims_validation(checks)
            .build()
            .await?
    };
    let server = OAuth2ResourceServer::<Claims>::builder()
        .add_tenant(issuer)
        .build()
        .await?;
    let handler: Handler = service_fn(|_| ready(Ok(Response::new(()))));
    let peer = Peer(RefCell::new(server.into_layer().layer(handler)));

    // A task of its fetches the keys and tells nobody when it has them.
    let token = specimen.token(algorithm)?;
    for _ in 0..100 {
        if peer.accepts(&peer.present(&token)).await {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(peer)
}

impl VerifyLater for Peer {
    type Presented<'t> = Option<HeaderValue>;

    fn present<'t>(&self, token: &'t str) -> Self::Presented<'t> {
        HeaderValue::try_from(format!("Bearer {token}")).ok()
    }

    async fn accepts(&self, presented: &Self::Presented<'_>) -> bool {
        let Some(authorization) = presented.clone() else {
            return false;
        };
        let mut request = Request::new(());
        request.headers_mut().insert(AUTHORIZATION, authorization);
        let answer = self.0.borrow_mut().call(request);
        answer
            .await
            .is_ok_and(|answer| answer.status().is_success())
    }
}
