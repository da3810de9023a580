//! A gRPC service on tonic, and what two tenants and a stranger see of it.
//!
//! ```text
//! cargo run -p tenancy-examples --bin on-tonic
//! ```

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use futures_util::StreamExt as _;
use tenancy_core::{Admission, ClaimMap, Issuer, JwtVerifier, KeySource};
use tenancy_examples::identity_provider::IdentityProvider;
use tenancy_examples::on_tonic::{self, Question, TenantsClient, with_token};
use tokio::net::TcpListener;
use tonic::transport::Endpoint;

const AUDIENCE: &str = "on-tonic";
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = IdentityProvider::start(LOOPBACK, AUDIENCE).await?;
    let issuer = Issuer::new(provider.issuer(), ClaimMap::frontegg())
        .audience(AUDIENCE)
        .keys(KeySource::url(provider.jwks_url()));
    let admission = Admission::new(JwtVerifier::new([issuer])?);

    let listener = TcpListener::bind(LOOPBACK).await?;
    let service = format!("http://{}", listener.local_addr()?);
    tokio::spawn(on_tonic::serve(listener, admission));

    // One connection for all of them.
    let mut client = TenantsClient::new(Endpoint::new(service)?.connect().await?);
    let hello = Question {
        text: "hello".to_owned(),
        milliseconds: 0,
    };
    for tenant in ["acme", "globex"] {
        let token = provider.token(tenant, "ada");
        let answer = client.ask(with_token(&token, hello.clone())?).await?;
        println!("{tenant:<8} asks      {:?}", answer.into_inner());
        let answers = client.watch(with_token(&token, hello.clone())?).await?;
        let mut answers = answers.into_inner().take(2);
        while let Some(answer) = answers.next().await {
            println!("{tenant:<8} watches   {:?}", answer?);
        }
    }
    match client.ask(hello).await {
        Ok(answer) => Err(format!("a stranger was served: {answer:?}").into()),
        Err(status) => {
            println!(
                "stranger asks      {:?}: {}",
                status.code(),
                status.message()
            );
            Ok(())
        }
    }
}
