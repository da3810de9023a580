//! What both programs do around a server: listen, stop on a signal, say what went wrong in one sentence.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

use tokio::net::TcpListener;

/// How long requests may go on after the signal to stop.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// Listens on `address`.
///
/// # Errors
/// When the address is taken or not ours, in a sentence.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, String> {
    TcpListener::bind(address)
        .await
        .map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => format!("{address} is taken; set BIND to another address"),
            io::ErrorKind::AddrNotAvailable => {
                format!("{address} is not an address of this machine; set BIND to another")
            }
            _ => format!("cannot listen on {address}: {error}"),
        })
}

/// Waits for Ctrl-C or, on Unix, SIGTERM.
pub async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminated) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupted => {}
                _ = terminated.recv() => {}
            }
            return;
        }
    }
    let _ = interrupted.await;
}

/// Ends [`PATIENCE`] after the signal: a client that never finishes its request does not keep a server alive.
pub async fn out_of_patience() {
    stopped().await;
    tokio::time::sleep(PATIENCE).await;
}

/// The exit code of a program, after the sentence for a failure.
pub fn exit(program: &str, outcome: Result<ExitCode, String>) -> ExitCode {
    outcome.unwrap_or_else(|sentence| {
        eprintln!("{program}: {sentence}");
        ExitCode::FAILURE
    })
}

/// Sends events to standard error: warnings and worse, or what `RUST_LOG` asks for.
pub fn log_to_stderr(default: &str) {
    let filter = tracing_subscriber::EnvFilter::try_from_default_env()
        .unwrap_or_else(|_| tracing_subscriber::EnvFilter::new(default));
    tracing_subscriber::fmt()
        .with_ansi(io::stderr().is_terminal())
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .init();
}
