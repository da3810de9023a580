//! A proxy before a Postgres server that counts round trips and says what was asked on them.
//!
//! It forwards bytes as they come and only reads along, so whatever a client does, cancelling included, happens
//! as without it. TLS it cannot read: it hangs up on a client that asks for it.

mod frames;
mod journal;

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::{JoinHandle, JoinSet};

use self::frames::{Frames, Unreadable};
use self::journal::{Conversation, Journal};

pub use self::journal::{Mark, Trip, Trips};

/// How long words travel, either way. Each piece that a socket yields waits for itself.
#[derive(Clone, Copy, Debug, Default)]
pub struct Delay {
    /// From the client to the server.
    pub asking: Duration,
    /// From the server to the client.
    pub answering: Duration,
}

/// A way to a server on which round trips are counted.
///
/// A round trip is a turn of the client, one message or several, together with the server's answer to all of
/// it. It counts from the moment the answer goes to the client.
#[derive(Debug)]
pub struct Wire {
    address: SocketAddr,
    journal: Arc<Journal>,
    forwarder: JoinHandle<()>,
}

impl Wire {
    /// A way to the server at `host` and `port`.
    ///
    /// # Errors
    /// When there is no port to listen on.
    pub async fn to(host: &str, port: u16) -> io::Result<Self> {
        Self::slow(host, port, Delay::default()).await
    }

    /// The same, on which words take a while.
    ///
    /// # Errors
    /// As for [`to`](Self::to).
    pub async fn slow(host: &str, port: u16, delay: Delay) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let server = (host.to_owned(), port);
        let journal = Arc::new(Journal::default());
        let conversations = journal.clone();
        let forwarder = tokio::spawn(async move {
            // Dropped with this task, it hangs up on everybody.
            let mut connections = JoinSet::new();
            while let Ok((client, _)) = listener.accept().await {
                let (server, conversation) = (server.clone(), conversations.conversation());
                connections.spawn(async move {
                    if let Ok(server) = TcpStream::connect(server).await {
                        forward(client, server, delay, &conversation).await;
                    }
                });
                while connections.try_join_next().is_some() {}
            }
        });
        Ok(Self {
            address,
            journal,
            forwarder,
        })
    }

    /// Where to connect instead.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `options` with this way to the server.
    pub fn options(&self, options: PgConnectOptions) -> PgConnectOptions {
        options
            .host(&self.address.ip().to_string())
            .port(self.address.port())
    }

    /// Runs `future` and tells the round trips that were begun and answered before it finished.
    ///
    /// What it leaves to the background, such as the rollback of a dropped transaction, has not been answered by
    /// then; [`since`](Self::since) tells that later. On a runtime of one thread this is exact.
    pub async fn during<F: Future>(&self, future: F) -> (F::Output, Trips) {
        let mark = self.mark();
        let output = future.await;
        (output, self.since(mark))
    }

    /// This moment, for [`since`](Self::since).
    pub fn mark(&self) -> Mark {
        self.journal.mark()
    }

    /// The round trips that were begun after `mark` and are answered by now, on all connections.
    pub fn since(&self, mark: Mark) -> Trips {
        self.journal.since(mark)
    }

    /// All round trips so far, those of logging in included.
    pub fn trips(&self) -> Trips {
        self.since(Mark::default())
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.forwarder.abort();
    }
}

async fn forward(client: TcpStream, server: TcpStream, delay: Delay, conversation: &Conversation) {
    // A message that comes in two writes must not wait for an acknowledgement in between. Without it, it is
    // only slower.
    let _ = (client.set_nodelay(true), server.set_nodelay(true));
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let (mut asked, mut answered) = (Frames::of_client(), Frames::of_server());
    tokio::join!(
        copy(from_client, to_server, delay.asking, |bytes| asked
            .read(bytes, |message| conversation.asked(message))),
        copy(from_server, to_client, delay.answering, |bytes| answered
            .read(bytes, |message| conversation.answered(message))),
    );
}

/// Copies until either end is gone, and then tells the other. `observe` sees a piece before it goes on.
async fn copy(
    mut from: OwnedReadHalf,
    mut to: OwnedWriteHalf,
    delay: Duration,
    mut observe: impl FnMut(&[u8]) -> Result<(), Unreadable>,
) {
    let mut buffer = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut buffer).await {
        let piece = buffer.get(..length).unwrap_or_default();
        if !delay.is_zero() {
            tokio::time::sleep(delay).await;
        }
        if observe(piece).is_err() || to.write_all(piece).await.is_err() {
            break;
        }
    }
    // The other end may be gone already.
    let _ = to.shutdown().await;
}
