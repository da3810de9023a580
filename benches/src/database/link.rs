//! A link to the server on which every word takes a while, as between two machines.

use std::io::{self, Read as _, Write as _};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

/// How long a word travels, each way.
const DELAY: Duration = Duration::from_millis(1);

/// The port of a way to `port` that delays, until the process ends.
///
/// By threads and not by tasks: the timers of tokio know whole milliseconds only.
pub(super) fn delayed(port: u16) -> io::Result<u16> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let address = listener.local_addr()?;
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            // A client that gets no answer says so itself.
            drop(join(client, port));
        }
    });
    Ok(address.port())
}

fn join(client: TcpStream, port: u16) -> io::Result<()> {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    client.set_nodelay(true)?;
    server.set_nodelay(true)?;
    carry(client.try_clone()?, server.try_clone()?);
    carry(server, client);
    Ok(())
}

/// Two threads, so that what comes while something waits is late by the delay and no more.
fn carry(mut from: TcpStream, mut to: TcpStream) {
    let (sender, receiver) = mpsc::channel::<(Instant, Vec<u8>)>();
    thread::spawn(move || {
        let mut buffer = vec![0; 16 * 1024];
        while let Ok(length @ 1..) = from.read(&mut buffer) {
            let words = buffer.get(..length).unwrap_or_default().to_vec();
            if sender.send((now() + DELAY, words)).is_err() {
                break;
            }
        }
    });
    thread::spawn(move || {
        for (due, words) in receiver {
            thread::sleep(due.saturating_duration_since(now()));
            if to.write_all(&words).is_err() {
                break;
            }
        }
        // The other end may be gone already.
        drop(to.shutdown(Shutdown::Both));
    });
}

#[expect(
    clippy::disallowed_methods,
    reason = "a delay is one of the machine's time"
)]
fn now() -> Instant {
    Instant::now()
}
