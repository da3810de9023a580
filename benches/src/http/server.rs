//! `Server`, an app on loopback with a thread to itself.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::mpsc;
use std::time::Duration;
use std::{fs, thread};

use tokio::net::TcpListener;
use tokio::runtime;

use crate::Failure;

/// A server that goes on until the process ends.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    pub(crate) thread: BusyTime,
}

/// Where an app is to listen, and how it says which thread of it serves.
pub(crate) struct Seat {
    pub(crate) listener: TcpListener,
    pub(crate) place: Place,
}

#[derive(Clone)]
pub(crate) struct Place(mpsc::Sender<Result<BusyTime, String>>);

impl Server {
    /// Starts `serve` on a thread and waits until it has [taken its place](Place::take).
    pub(crate) fn start<F: Future<Output = Result<(), Failure>>>(
        serve: impl FnOnce(Seat) -> F + Send + 'static,
    ) -> Result<Self, Failure> {
        let listener = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let (sender, receiver) = mpsc::channel();
        let runtime = runtime::Builder::new_current_thread()
            .enable_all()
            .build()?;
        thread::spawn(move || {
            let place = Place(sender.clone());
            let served = runtime.block_on(async {
                let listener = TcpListener::from_std(listener)?;
                serve(Seat { listener, place }).await
            });
            if let Err(error) = served {
                // Nobody listens any more if it had started.
                drop(sender.send(Err(error.to_string())));
            }
        });
        let thread = receiver.recv()??;
        Ok(Self { address, thread })
    }
}

impl Place {
    /// Says that this thread serves, and keeps it on the first core.
    pub(crate) fn take(&self) {
        if let Some(first) = cores().first() {
            core_affinity::set_for_current(*first);
        }
        // Nobody listens if this is not the only thread, of which there is one.
        drop(self.0.send(Ok(BusyTime::of_this_thread())));
    }
}

/// Those on which this process may run.
pub(crate) fn cores() -> Vec<core_affinity::CoreId> {
    core_affinity::get_core_ids().unwrap_or_default()
}

/// How long a thread has worked, where Linux tells: `schedstat` of
/// [proc(5)](https://docs.kernel.org/scheduler/sched-stats.html).
pub(crate) struct BusyTime(Option<PathBuf>);

impl BusyTime {
    fn of_this_thread() -> Self {
        let own = fs::read_link("/proc/thread-self");
        Self(
            own.ok()
                .map(|own| PathBuf::from("/proc").join(own).join("schedstat")),
        )
    }

    /// As of when the thread last went to sleep.
    pub(crate) fn busy_time(&self) -> Option<Duration> {
        let text = fs::read_to_string(self.0.as_ref()?).ok()?;
        let nanoseconds = text.split(' ').next()?.parse().ok()?;
        Some(Duration::from_nanos(nanoseconds))
    }
}
