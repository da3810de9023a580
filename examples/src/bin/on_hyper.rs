//! A service on hyper, and tokens to try it with.
//!
//! ```text
//! cargo run -p tenancy-examples --bin on-hyper
//! ```

use std::error::Error;
use std::net::{Ipv4Addr, SocketAddr};

use tenancy_core::{Admission, ClaimMap, Issuer, JwtVerifier, KeySource};
use tenancy_examples::identity_provider::IdentityProvider;
use tenancy_examples::on_hyper;
use tokio::net::TcpListener;

const AUDIENCE: &str = "on-hyper";
const LOOPBACK: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = IdentityProvider::start(LOOPBACK, AUDIENCE).await?;
    let issuer = Issuer::new(provider.issuer(), ClaimMap::frontegg())
        .audience(AUDIENCE)
        .keys(KeySource::url(provider.jwks_url()));
    let admission = Admission::new(JwtVerifier::new([issuer])?);

    let listener = TcpListener::bind(LOOPBACK).await?;
    let address = listener.local_addr()?;
    println!("curl -i http://{address}/");
    for tenant in ["acme", "globex"] {
        let token = provider.token(tenant, "ada");
        println!("curl -i -H 'Authorization: Bearer {token}' http://{address}/");
    }
    Ok(on_hyper::serve(listener, admission).await?)
}
