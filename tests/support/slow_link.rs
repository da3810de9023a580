//! A link to a server on which every answer takes a while, so that a future that asks really waits.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use crate::wire::{Delay, Wire};

/// How long the server's words travel.
const DELAY: Delay = Delay {
    asking: Duration::ZERO,
    answering: Duration::from_millis(3),
};

/// A TCP forwarder that delays what the server says.
#[derive(Debug)]
pub struct SlowLink(Wire);

impl SlowLink {
    /// A slow way to the server at `host` and `port`.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn to(host: &str, port: u16) -> io::Result<Self> {
        Wire::slow(host, port, DELAY).await.map(Self)
    }

    /// Where to connect instead.
    pub fn address(&self) -> SocketAddr {
        self.0.address()
    }
}
