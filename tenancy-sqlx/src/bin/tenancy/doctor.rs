//! `tenancy doctor`.

use std::env;
use std::io::{self, IsTerminal as _};
use std::process::ExitCode;

use sqlx::postgres::PgConnection;
use tenancy_sqlx::{Doctor, Severity};

use crate::arguments::{DoctorArguments, names};
use crate::database::Database;
use crate::trouble::Trouble;

pub(crate) async fn run(arguments: &DoctorArguments) -> Result<(String, ExitCode), Trouble> {
    let tables = &arguments.tables;
    let mut database = Database::connect(&tables.database_url).await?;
    let discovery = tables.discovery().commonest_type();
    let catalog = discovery.catalog(database.connection()).await?;
    let place = Place::look(database.connection()).await?;
    let pool = database.into_pool().await;

    let mut doctor = Doctor::new(&catalog).setting(tables.setting.clone());
    if let Some(role) = &tables.role {
        doctor = doctor.role(role);
    }
    for allowed in &arguments.allow {
        doctor = doctor.allow(&allowed.code, &allowed.object, &allowed.reason);
    }
    if arguments.strict {
        doctor = doctor.strict();
    }
    if arguments.without_canary {
        doctor = doctor.without_canary();
    }
    let report = doctor.examine(&pool).await.map_err(Trouble::Examine)?;

    let page = report
        .render(arguments.format.into())
        .about("database", &place.database)
        .about("role", tables.role.as_ref().unwrap_or(&place.role))
        .about("server", &place.server)
        .about("tenant column", &tables.tenant_column)
        .about("setting", tables.setting.as_str())
        .about("examined at", &place.time)
        .tables(names(&catalog))
        .colour(wants_colour());
    let threshold = Severity::from(arguments.fail_on);
    let fails = report
        .findings()
        .iter()
        .any(|finding| finding.severity() <= threshold);
    Ok((page.to_string(), ExitCode::from(u8::from(fails))))
}

/// What the report says about where it was made.
struct Place {
    database: String,
    role: String,
    server: String,
    time: String,
}

impl Place {
    async fn look(connection: &mut PgConnection) -> Result<Self, Trouble> {
        let (database, role, server, time) = sqlx::query_as(
            "SELECT pg_catalog.current_database()::text, current_user::text, \
                    'PostgreSQL ' || pg_catalog.split_part(pg_catalog.current_setting('server_version'), ' ', 1), \
                    pg_catalog.to_char(pg_catalog.now() AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI \"UTC\"')",
        )
        .fetch_one(connection)
        .await
        .map_err(Trouble::Query)?;
        Ok(Self {
            database,
            role,
            server,
            time,
        })
    }
}

/// On a terminal, unless its owner wants none (<https://no-color.org>).
fn wants_colour() -> bool {
    let refused = env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let dumb = env::var_os("TERM").is_some_and(|value| value == "dumb");
    io::stdout().is_terminal() && !refused && !dumb
}
