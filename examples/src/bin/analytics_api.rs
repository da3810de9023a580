//! The analytics API as a server.
//!
//! ```text
//! FRONTEGG_CLIENT_ID=my-client-id cargo run -p tenancy-examples --bin analytics-api
//! ```
//!
//! | variable | meaning | default |
//! |---|---|---|
//! | `BIND` | address to listen on | `127.0.0.1:8000` |
//! | `DATABASE_URL` | Postgres; its role sets up the schema and an application role, or is the application role | embedded Postgres |
//! | `FRONTEGG_BASE_URL` | issuer, byte-equal to `iss`; keys at `{issuer}/.well-known/jwks.json` | `https://api.frontegg.com` |
//! | `FRONTEGG_CLIENT_ID` | audience | required |
//! | `RUST_LOG` | what is logged | `info` |

use std::process::ExitCode;

use axum::Router;
use tenancy_examples::analytics::{Insights, Settings, TABLES, catalog, router};
use tenancy_examples::database::Database;
use tenancy_examples::serve::{exit, listen, log_to_stderr, out_of_patience, stopped};

const CONNECTIONS: u32 = 10;

#[tokio::main]
async fn main() -> ExitCode {
    // Refusals are logged by the service itself, with the path.
    log_to_stderr("info,sqlx=warn,tenancy::admission=off");
    exit("analytics-api", run().await)
}

async fn run() -> Result<ExitCode, String> {
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
        let app = router(Insights::new(pool.clone()), admission, Router::new());
        let address = listener.local_addr().map_err(|error| error.to_string())?;
        println!("listening on http://{address}");
        let server = axum::serve(listener, app).with_graceful_shutdown(stopped());
        let outcome = tokio::select! {
            outcome = server => outcome,
            () = out_of_patience() => Ok(()),
        };
        pool.close().await;
        outcome.map_err(|error| error.to_string())
    }
    .await;
    database.close().await;
    served.map(|()| ExitCode::SUCCESS)
}
