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

use tenancy_examples::analytics::{on_axum, program};

#[tokio::main]
async fn main() -> ExitCode {
    program::run("analytics-api", on_axum::serve).await
}
