//! `Asking`, what the two tenants send.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Mutex, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{MissedTickBehavior, interval, sleep};

use crate::Failure;
use crate::http::{Connection, SendFailure, Target};
use crate::measure::time_of;

/// How often the quiet tenant asks.
const PACE: Duration = Duration::from_millis(25);
/// How often the noisy one does, in bundles: the timers of tokio know whole milliseconds only.
const NOISE: Duration = Duration::from_millis(10);
const BUNDLE: u32 = 5;
/// Until what a noisy tenant does has an effect, and until it has none any more.
const SETTLING: Duration = Duration::from_millis(500);
/// How many of its requests are under way at most.
const UNDER_WAY: usize = 64;

/// Whether the noisy tenant is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Noise {
    None,
    Loud,
}

pub(super) struct Asking {
    quiet: Tenant,
    noisy: Tenant,
}

/// A tenant, with connections that are kept for the next request.
struct Tenant {
    target: Target,
    idle: Mutex<Vec<Connection>>,
}

impl Asking {
    pub(super) fn new(address: SocketAddr, quiet: &str, noisy: &str) -> Result<Self, Failure> {
        let tenant = |token| {
            Ok::<_, Failure>(Tenant {
                target: Target::new(address, token)?,
                idle: Mutex::default(),
            })
        };
        Ok(Self {
            quiet: tenant(quiet)?,
            noisy: tenant(noisy)?,
        })
    }

    /// How long each of so many requests of the quiet tenant took that was served.
    pub(super) async fn phase(
        self: Arc<Self>,
        times: u64,
        noise: Noise,
    ) -> Result<Vec<Duration>, SendFailure> {
        let neighbour =
            (noise == Noise::Loud).then(|| tokio::spawn(Arc::clone(&self).make_noise()));
        if neighbour.is_some() {
            // What the noisy tenant may do at once after a quiet time is over, and its queue has grown.
            sleep(SETTLING).await;
        }
        let mut asked = JoinSet::new();
        let mut pace = interval(PACE);
        // A client that comes late does not make up for it: it would exceed a limit of its own.
        pace.set_missed_tick_behavior(MissedTickBehavior::Delay);
        for _ in 0..times {
            pace.tick().await;
            let asking = Arc::clone(&self);
            asked.spawn(async move {
                let (status, took) = time_of(asking.quiet.ask()).await;
                Ok::<_, SendFailure>((status? == 200).then_some(took))
            });
        }
        let mut waits = Vec::new();
        for wait in asked.join_all().await {
            waits.extend(wait?);
        }
        if let Some(neighbour) = neighbour {
            // Its requests end with it, and the service lets go of them.
            neighbour.abort();
            drop(neighbour.await);
        }
        sleep(SETTLING).await;
        Ok(waits)
    }

    async fn make_noise(self: Arc<Self>) {
        let under_way = Arc::new(Semaphore::new(UNDER_WAY));
        let mut asked = JoinSet::new();
        let mut pace = interval(NOISE);
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        loop {
            pace.tick().await;
            while asked.try_join_next().is_some() {}
            for _ in 0..BUNDLE {
                let Ok(permit) = Arc::clone(&under_way).try_acquire_owned() else {
                    continue;
                };
                let asking = Arc::clone(&self);
                asked.spawn(async move {
                    // Whatever the answer is.
                    drop(asking.noisy.ask().await);
                    drop(permit);
                });
            }
        }
    }
}

impl Tenant {
    async fn ask(&self) -> Result<u16, SendFailure> {
        let idle = self.idle.lock().await.pop();
        let mut connection = match idle {
            Some(connection) => connection,
            None => self.target.connect().await?,
        };
        let status = self.target.status(&mut connection).await?;
        self.idle.lock().await.push(connection);
        Ok(status)
    }
}
