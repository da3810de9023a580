//! The analytics API as a server on actix-web, with the settings of `analytics-api`.
//!
//! ```text
//! FRONTEGG_CLIENT_ID=my-client-id cargo run -p tenancy-examples --bin analytics-api-actix
//! ```

use std::process::ExitCode;

use tenancy_examples::analytics::{on_actix, program};

#[tokio::main]
async fn main() -> ExitCode {
    program::run("analytics-api-actix", on_actix::serve).await
}
