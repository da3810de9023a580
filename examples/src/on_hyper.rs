//! A service on hyper, without a framework: `TenantLayer` is a plain tower layer.

use std::convert::Infallible;
use std::io;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use tenancy_axum::{PeerAddress, TenantLayer};
use tenancy_core::{Admission, TenantContext};
use tokio::net::TcpListener;
use tower::ServiceBuilder;

/// Answers whom `admission` lets in with the name of their tenant, over HTTP/1.1 and HTTP/2.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, admission: Admission) -> io::Result<()> {
    let service = ServiceBuilder::new()
        .layer(TenantLayer::new(admission))
        .service_fn(who);
    loop {
        let (stream, peer) = listener.accept().await?;
        let service = ServiceBuilder::new()
            .map_request(move |mut request: Request<Incoming>| {
                // hyper does not tell, and the span and the audit log want to know.
                request.extensions_mut().insert(PeerAddress(peer.ip()));
                request
            })
            .service(service.clone());
        let service = TowerToHyperService::new(service);
        tokio::spawn(async move {
            let server = auto::Builder::new(TokioExecutor::new());
            let connection = server.serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "a connection ended early");
            }
        });
    }
}

async fn who(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    // There is none on an exempt path, or behind no layer.
    let Some(context) = request.extensions().get::<TenantContext>() else {
        let mut fault = Response::new(Full::default());
        *fault.status_mut() = StatusCode::INTERNAL_SERVER_ERROR;
        return Ok(fault);
    };
    Ok(Response::new(Full::from(context.tenant().to_string())))
}
