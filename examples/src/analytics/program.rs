//! The program around the API, on whichever framework.

use std::io;
use std::process::ExitCode;

use tenancy_core::Admission;
use tokio::net::TcpListener;

use super::{Insights, Settings, TABLES, catalog};
use crate::database::Database;
use crate::serve::{exit, listen, log_to_stderr, out_of_patience};

const CONNECTIONS: u32 = 10;

/// Runs `serve` with what the environment asks for, until it is told to stop.
pub async fn run<F>(
    program: &str,
    serve: impl FnOnce(TcpListener, Insights, Admission) -> F,
) -> ExitCode
where
    F: Future<Output = io::Result<()>>,
{
    // Refusals are logged by the service itself, with the path.
    log_to_stderr("info,sqlx=warn,tenancy::admission=off");
    exit(program, run_with(serve).await)
}

async fn run_with<F>(
    serve: impl FnOnce(TcpListener, Insights, Admission) -> F,
) -> Result<ExitCode, String>
where
    F: Future<Output = io::Result<()>>,
{
    let settings =
        Settings::read(|name| std::env::var(name).ok()).map_err(|error| error.to_string())?;
    let admission = settings.admission().map_err(|error| error.to_string())?;
    let listener = listen(settings.bind).await?;
    let database = Database::open(settings.database_url.as_deref())
        .await
        .map_err(|error| error.to_string())?;
    tracing::info!(database = database.description(), "connected");
    let served = async {
        let pool = database
            .tenant_pool(TABLES, &catalog(), CONNECTIONS)
            .await
            .map_err(|error| error.to_string())?;
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        println!("listening on http://{address}");
        let outcome = tokio::select! {
            outcome = serve(listener, Insights::new(pool.clone()), admission) => outcome,
            () = out_of_patience() => Ok(()),
        };
        pool.close().await;
        outcome.map_err(|error| error.to_string())
    }
    .await;
    database.close().await;
    served.map(|()| ExitCode::SUCCESS)
}
