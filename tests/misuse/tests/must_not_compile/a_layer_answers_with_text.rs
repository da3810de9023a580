//! In front of a service whose answers cannot be made of text, the layer could not refuse.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::task::{Context, Poll};

use http::{Request, Response};
use tenancy_axum::TenantLayer;
use tower_layer::Layer as _;
use tower_service::Service;

struct Theirs;

#[derive(Clone)]
struct TheirService;

impl Service<Request<()>> for TheirService {
    type Response = Response<Theirs>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Theirs>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: Request<()>) -> Self::Future {
        ready(Ok(Response::new(Theirs)))
    }
}

fn serve<S: Service<Request<()>>>(_: S) {}

fn behind(layer: &TenantLayer) {
    serve(layer.layer(TheirService));
}

fn main() {}
