//! A gRPC service on tonic, behind the layer that also stands in front of axum and hyper.

use std::pin::Pin;
use std::time::Duration;

use axum::body::Body;
use axum::http;
use futures_util::stream::{self, Stream, StreamExt as _};
use tenancy_axum::TenantLayer;
use tenancy_core::{Admission, TenantContext};
use tokio::net::TcpListener;
use tonic::metadata::errors::InvalidMetadataValue;
use tonic::transport::Server;
use tonic::transport::server::TcpIncoming;
use tonic::{Request, Response, Status, async_trait};
use tower::ServiceBuilder;

use self::generated::tenants_server::{Tenants, TenantsServer};

/// The client, for a `tonic::transport::Channel`.
pub use self::generated::tenants_client::TenantsClient;

#[allow(
    clippy::pedantic,
    clippy::allow_attributes_without_reason,
    missing_debug_implementations,
    unreachable_pub,
    unused_qualifications,
    reason = "tonic-build writes it"
)]
mod generated {
    tonic::include_proto!("tenancy.examples.Tenants");
}

/// What a client sends.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Question {
    /// Whatever it likes.
    #[prost(string, tag = "1")]
    pub text: String,
    /// How long the service takes over each answer.
    #[prost(uint64, tag = "2")]
    pub milliseconds: u64,
}

/// What it gets.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Answer {
    /// The tenant of its token.
    #[prost(string, tag = "1")]
    pub tenant: String,
    /// What it sent.
    #[prost(string, tag = "2")]
    pub text: String,
}

/// Serves whom `admission` lets in.
///
/// # Errors
/// When the listener fails.
pub async fn serve(
    listener: TcpListener,
    admission: Admission,
) -> Result<(), tonic::transport::Error> {
    let tenants = ServiceBuilder::new()
        .layer(TenantLayer::new(admission))
        // tonic's body is none that a refusal could be put into.
        .map_response(|response: http::Response<tonic::body::Body>| response.map(Body::new));
    Server::builder()
        .layer(tenants)
        .add_service(TenantsServer::new(Desk))
        .serve_with_incoming(TcpIncoming::from(listener))
        .await
}

struct Desk;

#[async_trait]
impl Tenants for Desk {
    async fn ask(&self, request: Request<Question>) -> Result<Response<Answer>, Status> {
        let tenant = admitted(&request)?.clone();
        let question = request.into_inner();
        Ok(Response::new(answer(&tenant, question).await))
    }

    type WatchStream = Pin<Box<dyn Stream<Item = Result<Answer, Status>> + Send>>;

    /// Answers again and again, until the client has enough.
    async fn watch(
        &self,
        request: Request<Question>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let tenant = admitted(&request)?.clone();
        let answers = stream::repeat(request.into_inner()).then(move |question| {
            let tenant = tenant.clone();
            async move { Ok(answer(&tenant, question).await) }
        });
        Ok(Response::new(Box::pin(answers)))
    }
}

/// There is none on an exempt path, or behind no layer.
fn admitted<T>(request: &Request<T>) -> Result<&TenantContext, Status> {
    let tenant = request.extensions().get();
    tenant.ok_or_else(|| Status::internal("no tenant was admitted"))
}

async fn answer(tenant: &TenantContext, question: Question) -> Answer {
    tokio::time::sleep(Duration::from_millis(question.milliseconds)).await;
    Answer {
        tenant: tenant.tenant().to_string(),
        text: question.text,
    }
}

/// A request with a bearer token.
///
/// # Errors
/// When the token has characters that no header field can have.
pub fn with_token<T>(token: &str, message: T) -> Result<Request<T>, InvalidMetadataValue> {
    let mut request = Request::new(message);
    let bearer = format!("Bearer {token}").parse()?;
    request.metadata_mut().insert("authorization", bearer);
    Ok(request)
}
