//! A link to a server on which every answer takes a while, so that a future that asks really waits.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// How long the server's words travel.
const DELAY: Duration = Duration::from_millis(3);

/// A TCP forwarder that delays what the server says.
#[derive(Debug)]
pub struct SlowLink {
    address: SocketAddr,
    forwarder: JoinHandle<()>,
}

impl SlowLink {
    /// A slow way to the server at `host` and `port`.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn to(host: &str, port: u16) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = (host.to_owned(), port);
        let forwarder = tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move {
                    if let Ok(server) = TcpStream::connect(server).await {
                        forward(client, server).await;
                    }
                });
            }
        });
        Ok(Self { address, forwarder })
    }

    /// Where to connect instead.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for SlowLink {
    fn drop(&mut self) {
        self.forwarder.abort();
    }
}

async fn forward(client: TcpStream, server: TcpStream) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    tokio::join!(
        copy(from_client, to_server, Duration::ZERO),
        copy(from_server, to_client, DELAY)
    );
}

/// Copies until either end is gone, and then tells the other.
async fn copy(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, delay: Duration) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        tokio::time::sleep(delay).await;
        let written = to.write_all(buffer.get(..length).unwrap_or_default()).await;
        if written.is_err() {
            break;
        }
    }
    // The other end may be gone already.
    let _ = to.shutdown().await;
}
