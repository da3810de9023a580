//! The apps on axum.

use axum::Router;
use axum::routing::get;
use axum_jwt_auth::Decoder;
use jwt_authorizer::IntoLayer as _;
use tenancy_axum::{Tenant, TenantLayer};
use tenancy_core::{Admission, JwtVerifierBuilder};

use super::server::{Seat, Server};
use super::{Door, HELLO};
use crate::claims::Claims;
use crate::specimen::Algorithm;
use crate::{Failure, ours, peers};

pub(super) fn bare(_: &Door) -> Result<Server, Failure> {
    let app = || Router::new().route("/", get(async || HELLO));
    Server::start(async move |seat| serve(seat, app()).await)
}

pub(super) fn ours(door: &Door) -> Result<Server, Failure> {
    admitting(ours::builder(Algorithm::Rs256, &door.jwks_url))
}

pub(super) fn ours_uncached(door: &Door) -> Result<Server, Failure> {
    admitting(ours::builder(Algorithm::Rs256, &door.jwks_url).without_cache())
}

fn admitting(verifier: JwtVerifierBuilder) -> Result<Server, Failure> {
    let admission = Admission::new(verifier.build()?);
    let app = Router::new()
        .route("/", get(async |_: Tenant| HELLO))
        .layer(TenantLayer::new(admission));
    Server::start(async move |seat| serve(seat, app).await)
}

/// With its layer, which is for axum 0.7.
pub(super) fn jwt_authorizer(door: &Door) -> Result<Server, Failure> {
    use axum_07::{Router, routing::get, serve};
    type Extracted = jwt_authorizer::JwtClaims<Claims>;
    let url = door.jwks_url.clone();
    Server::start(async move |Seat { listener, place }| {
        let authorizer = peers::jwt_authorizer::authorizer(Algorithm::Rs256, &url);
        let layer = authorizer.await?.into_layer();
        let app: Router = Router::new()
            .route("/", get(|_: Extracted| async { HELLO }))
            .layer(layer);
        place.take();
        Ok(serve(listener, app).await?)
    })
}

/// With its extractor.
pub(super) fn axum_jwt_auth(door: &Door) -> Result<Server, Failure> {
    type Extracted = axum_jwt_auth::Claims<Claims>;
    let url = door.jwks_url.clone();
    Server::start(async move |seat| {
        let decoder = peers::axum_jwt_auth::decoder(Algorithm::Rs256, &url);
        let decoder: Decoder<Claims> = decoder.await?;
        let app = Router::new().route("/", get(async |_: Extracted| HELLO));
        serve(seat, app.with_state(decoder)).await
    })
}

async fn serve(Seat { listener, place }: Seat, app: Router) -> Result<(), Failure> {
    place.take();
    Ok(axum::serve(listener, app).await?)
}
