//! `Clients`, who ask a server for as much as it can answer.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;

use http::header::{AUTHORIZATION, HOST, HeaderMap, HeaderValue};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Empty};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{self, SendRequest};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::runtime::{self, Runtime};
use tokio::task::JoinSet;

use super::HELLO;
use super::server::cores;
use crate::Failure;
use crate::candidate::Run;
use crate::measure::time;

/// How many connections there are at a time.
const CONNECTIONS: usize = 32;

/// Clients on a thread of their own, on the last core.
pub(crate) struct Clients {
    orders: mpsc::Sender<Order>,
}

/// What the clients do on their thread.
type Order = Box<dyn FnOnce(&Runtime) + Send>;

/// What is asked for: the path `/` with a token.
#[derive(Clone)]
pub(crate) struct Target {
    address: SocketAddr,
    fields: HeaderMap,
}

/// One that is kept alive.
pub(crate) type Connection = SendRequest<Empty<Bytes>>;
/// Why there is no answer.
pub(crate) type SendFailure = Box<dyn std::error::Error + Send + Sync>;

impl Target {
    pub(crate) fn new(address: SocketAddr, token: &str) -> Result<Self, Failure> {
        let mut fields = HeaderMap::new();
        fields.insert(HOST, HeaderValue::from_str(&address.to_string())?);
        let authorization = HeaderValue::from_str(&format!("Bearer {token}"))?;
        fields.insert(AUTHORIZATION, authorization);
        Ok(Self { address, fields })
    }

    pub(crate) async fn connect(&self) -> Result<Connection, SendFailure> {
        let stream = TcpStream::connect(self.address).await?;
        stream.set_nodelay(true)?;
        let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
        tokio::spawn(connection);
        Ok(sender)
    }

    async fn ask(&self, connection: &mut Connection) -> Result<Response<Incoming>, hyper::Error> {
        let mut request = Request::new(Empty::new());
        request.headers_mut().clone_from(&self.fields);
        connection.ready().await?;
        connection.send_request(request).await
    }

    pub(crate) async fn status(&self, connection: &mut Connection) -> Result<u16, hyper::Error> {
        let response = self.ask(connection).await?;
        let status = response.status().as_u16();
        response.into_body().collect().await?;
        Ok(status)
    }

    async fn is_greeted(&self, connection: &mut Connection) -> Result<bool, hyper::Error> {
        let response = self.ask(connection).await?;
        let is_good = response.status() == 200;
        Ok(is_good && response.into_body().collect().await?.to_bytes() == HELLO)
    }

    /// Connections that were used once.
    async fn warm(&self) -> Result<Vec<Connection>, SendFailure> {
        let mut connections = Vec::new();
        for _ in 0..CONNECTIONS {
            let mut connection = self.connect().await?;
            if !self.is_greeted(&mut connection).await? {
                return Err("a client is not let in".into());
            }
            connections.push(connection);
        }
        Ok(connections)
    }

    /// All clients take the next request from a common stock, so that they end together. How many were answered
    /// as they should be.
    async fn share(
        self: Arc<Self>,
        connections: Vec<Connection>,
        times: u64,
    ) -> Result<u64, SendFailure> {
        let stock = Arc::new(AtomicU64::new(times));
        let take = |left: u64| left.checked_sub(1);
        let mut clients = JoinSet::new();
        for mut connection in connections {
            let (target, stock) = (Arc::clone(&self), Arc::clone(&stock));
            clients.spawn(async move {
                let mut greeted = 0;
                while stock
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
                    .is_ok()
                {
                    greeted += u64::from(target.is_greeted(&mut connection).await?);
                }
                Ok::<_, hyper::Error>(greeted)
            });
        }
        // A client that sleeps is woken up by the server, at the expense of the slower one, whose clients have time to sleep.
        let nobody_sleeps = tokio::spawn(async {
            loop {
                tokio::task::yield_now().await;
            }
        });
        let answered = clients.join_all().await;
        nobody_sleeps.abort();
        let mut greeted = 0;
        for client in answered {
            greeted += client?;
        }
        Ok(greeted)
    }
}

impl Clients {
    pub(crate) fn start() -> Result<Self, Failure> {
        let (sender, orders) = mpsc::channel::<Order>();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::spawn(move || {
            if let Some(last) = cores().last() {
                core_affinity::set_for_current(*last);
            }
            for order in orders {
                order(&runtime);
            }
        });
        Ok(Self { orders: sender })
    }

    /// Asks `times` times on connections that are open and warm before the clock runs.
    pub(crate) fn send(&self, target: &Target, times: u64) -> Result<Run, Failure> {
        let target = Arc::new(target.clone());
        self.run(move |runtime| {
            let connections = runtime.block_on(target.warm())?;
            let (right, took) = time(|| runtime.block_on(target.share(connections, times)));
            Ok(Run {
                right: right?,
                took,
            })
        })
    }

    /// What the target answers.
    pub(crate) fn status(&self, target: &Target) -> Result<u16, Failure> {
        let target = target.clone();
        self.run(move |runtime| {
            runtime.block_on(async {
                let mut connection = target.connect().await?;
                Ok(target.status(&mut connection).await?)
            })
        })
    }

    /// What `work` gives on the clients' thread.
    pub(crate) fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Runtime) -> Result<T, SendFailure> + Send + 'static,
    ) -> Result<T, Failure> {
        let (sender, receiver) = mpsc::channel();
        let order = Box::new(move |runtime: &Runtime| {
            // Whoever gave the order waits for it.
            drop(sender.send(work(runtime)));
        });
        self.orders
            .send(order)
            .map_err(|_| "the clients are gone")?;
        receiver.recv()?.map_err(|error| -> Failure { error })
    }
}
