//! Two tenants of one service try to reach each other, on real parts.
//!
//! ```text
//! cargo run -p tenancy-examples --bin quickstart             # play the scenario
//! cargo run -p tenancy-examples --bin quickstart -- --serve  # keep it running, to try by hand
//! ```
//!
//! `DATABASE_URL` names a Postgres to use instead of the embedded one, `BIND` an address for the API instead
//! of a free port.

use std::io::{IsTerminal as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr};
use std::process::ExitCode;
use std::time::Duration;

use tenancy_examples::analytics::{Insights, Settings, TABLES, catalog, on_axum};
use tenancy_examples::database::Database;
use tenancy_examples::identity_provider::IdentityProvider;
use tenancy_examples::scenario::{ACME, GLOBEX, Stage, Step, Tally, play, seed};
use tenancy_examples::serve::{exit, listen, log_to_stderr, stopped};
use tenancy_examples::{forgetful, scenario};
use tokio::net::TcpListener;

const AUDIENCE: &str = "quickstart-client";
/// So short only because the scenario replaces the keys seconds after they were fetched.
const KEY_COOLDOWN: Duration = Duration::from_secs(1);

#[tokio::main]
async fn main() -> ExitCode {
    log_to_stderr("error");
    let outcome = match Mode::from_arguments() {
        Ok(mode) => tokio::select! {
            outcome = run(mode) => outcome,
            () = stopped(), if mode == Mode::Play => Err("interrupted".to_owned()),
        },
        Err(sentence) => Err(sentence),
    };
    exit("quickstart", outcome)
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Play,
    Serve,
}

impl Mode {
    fn from_arguments() -> Result<Self, String> {
        let mut arguments = std::env::args().skip(1);
        match (arguments.next().as_deref(), arguments.next()) {
            (None, _) => Ok(Self::Play),
            (Some("--serve"), None) => Ok(Self::Serve),
            (Some(first), second) => Err(format!(
                "`{}` is not understood; there is only --serve",
                second
                    .as_deref()
                    .filter(|_| first == "--serve")
                    .unwrap_or(first)
            )),
        }
    }
}

async fn run(mode: Mode) -> Result<ExitCode, String> {
    let settings = settings()?;
    // Before anything slow: a taken port should be told at once.
    let listener = listen(settings.bind).await?;
    let url = settings.database_url.as_deref();
    let what = if url.is_some() {
        "connecting to the database"
    } else {
        "starting the embedded Postgres"
    };
    let database = with_progress(what, Database::open(url))
        .await
        .map_err(|error| error.to_string())?;
    println!("  database           {}", database.description());
    let outcome = Box::pin(on_stage(mode, settings, listener, &database)).await;
    database.close().await;
    outcome
}

fn settings() -> Result<Settings, String> {
    let variable = |name: &str| match name {
        "DATABASE_URL" => std::env::var(name).ok(),
        "BIND" => Some(std::env::var(name).unwrap_or_else(|_| "127.0.0.1:0".to_owned())),
        "FRONTEGG_CLIENT_ID" => Some(AUDIENCE.to_owned()),
        _ => None,
    };
    Settings::read(variable).map_err(|error| error.to_string())
}

async fn on_stage(
    mode: Mode,
    mut settings: Settings,
    listener: TcpListener,
    database: &Database,
) -> Result<ExitCode, String> {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let provider = IdentityProvider::start(anywhere, AUDIENCE)
        .await
        .map_err(|error| error.to_string())?;
    settings.issuer = provider.issuer().to_owned();
    settings.key_cooldown = Some(KEY_COOLDOWN);
    let admission = settings.admission().map_err(|error| error.to_string())?;

    let catalog = catalog();
    let set_up = Box::pin(database.tenant_pool(TABLES, &catalog, 1));
    let pool = with_progress("setting up schema and roles", set_up)
        .await
        .map_err(|error| error.to_string())?;
    let insights = Insights::new(pool.clone());
    seed(&insights)
        .await
        .map_err(|error| format!("cannot write the data of the tenants: {error}"))?;

    let service = format!(
        "http://{}",
        listener.local_addr().map_err(|error| error.to_string())?
    );
    let app = on_axum::router(insights, admission, forgetful::on_axum::routes());
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    println!("  identity provider  {}", provider.jwks_url());
    println!("  analytics API      {service}\n");

    let stage = Stage::new(service, &provider);
    let code = match mode {
        Mode::Play => report(play(&stage, show).await),
        Mode::Serve => {
            print_invitation(&stage);
            stopped().await;
            ExitCode::SUCCESS
        }
    };
    server.abort();
    pool.close().await;
    Ok(code)
}

fn show(step: &Step) {
    let (mark, text) = match &step.outcome {
        Ok(came_back) => ("\u{2713}", came_back),
        Err(wrong) => ("\u{2717}", wrong),
    };
    println!("{mark} {:<52} {text}", step.attempt);
}

fn report(tally: Tally) -> ExitCode {
    println!("\n{} passed, {} failed", tally.passed, tally.failed);
    if tally.failed == 0 {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    }
}

fn print_invitation(stage: &Stage<'_>) {
    for tenant in [ACME, GLOBEX] {
        let scenario::Tenant { id, users } = tenant;
        let user = users.first().copied().unwrap_or_default();
        let token = stage.provider.token(id, user);
        println!("# {user} of {id}; the token is valid for an hour");
        println!("TOKEN={token}");
        println!(
            r#"curl -H "Authorization: Bearer $TOKEN" {}/api/data"#,
            stage.service
        );
        println!(
            r#"curl -H "Authorization: Bearer $TOKEN" -H "Content-Type: application/json" -d '{{"body": "hello"}}' {}/api/data"#,
            stage.service
        );
        println!(
            r#"curl -H "Authorization: Bearer $TOKEN" {}/forgetful/everything"#,
            stage.service
        );
        println!();
    }
    println!("Ctrl-C ends it.");
}

/// Says what is going on while it takes longer than a moment.
async fn with_progress<T>(what: &str, work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.tick().await;
    let mut seconds = 0;
    loop {
        tokio::select! {
            done = &mut work => {
                if seconds > 0 && std::io::stderr().is_terminal() {
                    eprintln!();
                }
                return done;
            }
            _ = ticks.tick() => {
                seconds += 1;
                progress(what, seconds);
            }
        }
    }
}

/// One line that is written over on a terminal, a line now and then elsewhere.
fn progress(what: &str, seconds: u32) {
    let mut stderr = std::io::stderr();
    // Nothing is lost when the line cannot be shown.
    if stderr.is_terminal() {
        let _ = write!(stderr, "\r{what} … {seconds} s");
        let _ = stderr.flush();
    } else if seconds == 1 || seconds.is_multiple_of(10) {
        let _ = writeln!(stderr, "{what} … {seconds} s");
    }
}
