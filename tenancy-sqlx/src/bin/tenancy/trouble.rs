//! `Trouble`, why the command could not do its work.

use std::io;

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
    #[error("there is no schema {}; name one with --schema", quoted(.0))]
    NoSchema(Vec<String>),
    #[error(
        "no table in schema {} has a column `{column}`; name the column with --tenant-column, or other schemas \
         with --schema",
        quoted(schemas)
    )]
    NoTables {
        schemas: Vec<String>,
        column: String,
    },
    #[error(
        "tables {} have one name; a statement names its table without a schema, so look at one schema at a time",
        quoted(.0)
    )]
    OneName(Vec<String>),
    #[error(
        "a tenant column has to be of type text, varchar, uuid or bigint, the same in all tables, and not so are {}; \
         change the type, or leave tables out with --shared", .0.join(", ")
    )]
    ColumnType(Vec<String>),
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

fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}
