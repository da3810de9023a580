//! `Trouble`, why the command could not do its work.

use std::io;

use tenancy_sqlx::DiscoveryError;

/// Why the command could not do its work, in a line that says what to do. No variant holds the URL of the database
/// or its password.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Trouble {
    #[error(
        "--database-url has to begin with postgres://, as in postgres://user:password@host/name"
    )]
    Scheme,
    #[error(
        "the user name or password in --database-url has a `/`, `?`, `#` or `@` in it; write them as %2F, %3F, %23 \
         and %40, in the parameters as well"
    )]
    Unencoded,
    #[error("--database-url cannot be read: {0}")]
    Url(sqlx::Error),
    #[error(
        "cannot connect to {place}: {error}; look at --database-url, and whether the server is up"
    )]
    Connect { place: String, error: sqlx::Error },
    #[error(
        "{place} does not answer within {seconds} s; look at --database-url and at what is between"
    )]
    Silence { place: String, seconds: u64 },
    #[error("{error}{}", advice(error))]
    Tables { error: DiscoveryError },
    #[error(
        "this database was set up by a program with choices that `tenancy policies` cannot make ({0}), and would lose them; \
         run `Rls::set_up_sql` of that program again"
    )]
    OtherChoices(String),
    #[error("the database refused a question: {0}")]
    Query(sqlx::Error),
    #[error("cannot examine the database: {0}")]
    Examine(tenancy_sqlx::Error),
    #[error("cannot start: {0}")]
    Runtime(io::Error),
    #[error("cannot write the output: {0}")]
    Output(io::Error),
}

/// How to say it better.
fn advice(error: &DiscoveryError) -> &'static str {
    match error {
        DiscoveryError::NoSchema(_) => "; name one with --schema",
        DiscoveryError::NoTable { .. } => {
            "; name the column with --tenant-column, or other schemas with --schema"
        }
        DiscoveryError::ColumnType(_) => "; change the type, or leave tables out with --shared",
        _ => "",
    }
}

/// What is found out is a mistake of whoever asked, or a fault of the database.
impl From<tenancy_sqlx::Error> for Trouble {
    fn from(error: tenancy_sqlx::Error) -> Self {
        match error {
            tenancy_sqlx::Error::Discovery(error) => Self::Tables { error },
            tenancy_sqlx::Error::Database(error) => Self::Query(error),
            other => Self::Examine(other),
        }
    }
}
