//! The apps on actix-web, each with one worker.

use std::sync::Arc;

use actix_web::dev::ServiceRequest;
use actix_web::error::ErrorUnauthorized;
use actix_web::web;
use actix_web::{App, HttpMessage as _, HttpServer};
use actix_web_httpauth::extractors::bearer::BearerAuth;
use actix_web_httpauth::middleware::HttpAuthentication;
use tenancy_actix::{Tenant, TenantMiddleware};
use tenancy_core::{Admission, JwtVerifierBuilder};

use super::server::{Seat, Server};
use super::{Door, HELLO};
use crate::claims::Claims;
use crate::specimen::Algorithm;
use crate::{Failure, ours, peers};

pub(super) fn bare(_: &Door) -> Result<Server, Failure> {
    Server::start(async |Seat { listener, place }| {
        let app = move || {
            place.take();
            App::new().route("/", web::get().to(async || HELLO))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        Ok(server.listen(listener.into_std()?)?.run().await?)
    })
}

pub(super) fn ours(door: &Door) -> Result<Server, Failure> {
    admitting(ours::builder(Algorithm::Rs256, &door.jwks_url))
}

pub(super) fn ours_uncached(door: &Door) -> Result<Server, Failure> {
    admitting(ours::builder(Algorithm::Rs256, &door.jwks_url).without_cache())
}

fn admitting(verifier: JwtVerifierBuilder) -> Result<Server, Failure> {
    let admission = Admission::new(verifier.build()?);
    Server::start(async move |Seat { listener, place }| {
        let app = move || {
            place.take();
            App::new()
                .route("/", web::get().to(async |_: Tenant| HELLO))
                .wrap(TenantMiddleware::new(admission.clone()))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        Ok(server.listen(listener.into_std()?)?.run().await?)
    })
}

/// actix-web-httpauth with jsonwebtoken 11, as its documentation has it. The claims go along in the extensions.
pub(super) fn httpauth(door: &Door) -> Result<Server, Failure> {
    let verifier = Arc::new(peers::jsonwebtoken::peer(Algorithm::Rs256, &door.jwks)?);
    Server::start(async move |Seat { listener, place }| {
        let app = move || {
            place.take();
            let verifier = Arc::clone(&verifier);
            let check = move |request: ServiceRequest, bearer: BearerAuth| {
                let claims = verifier.verify(bearer.token());
                std::future::ready(match claims {
                    Some(claims) => {
                        request.extensions_mut().insert(claims);
                        Ok(request)
                    }
                    None => Err((ErrorUnauthorized("bad token"), request)),
                })
            };
            let hello = async |_: web::ReqData<Claims>| HELLO;
            App::new()
                .route("/", web::get().to(hello))
                .wrap(HttpAuthentication::bearer(check))
        };
        let server = HttpServer::new(app).workers(1).disable_signals();
        Ok(server.listen(listener.into_std()?)?.run().await?)
    })
}
