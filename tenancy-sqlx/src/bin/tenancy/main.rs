//! The command `tenancy`: examines a database, and writes the policies of one that is there already.

mod arguments;
mod database;
mod doctor;
mod policies;
mod trouble;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use self::arguments::{Arguments, Command};
use self::trouble::Trouble;

/// As clap ends on arguments that it does not understand.
const TROUBLE: u8 = 2;

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let done = run(&arguments).and_then(|(output, code)| print(&output).map(|()| code));
    done.unwrap_or_else(|trouble| {
        let line = trouble.to_string().replace(char::is_control, " ");
        // Without a standard error there is nobody left to tell.
        let _ = writeln!(io::stderr(), "tenancy: {line}");
        ExitCode::from(TROUBLE)
    })
}

fn run(arguments: &Arguments) -> Result<(String, ExitCode), Trouble> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Trouble::Runtime)?;
    runtime.block_on(async {
        match &arguments.command {
            Command::Doctor(arguments) => doctor::run(arguments).await,
            Command::Policies(arguments) => policies::run(arguments).await,
        }
    })
}

fn print(output: &str) -> Result<(), Trouble> {
    let mut stdout = io::stdout().lock();
    match stdout
        .write_all(output.as_bytes())
        .and_then(|()| stdout.flush())
    {
        // The reader, such as `head`, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        result => result.map_err(Trouble::Output),
    }
}
