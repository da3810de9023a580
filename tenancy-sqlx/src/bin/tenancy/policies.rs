//! `tenancy policies`.

use std::fmt::Write as _;
use std::process::ExitCode;

use sqlx::PgConnection;
use tenancy_core::TableCatalog;
use tenancy_sqlx::Rls;

use crate::arguments::{PoliciesArguments, Tables, names};
use crate::database::Database;
use crate::trouble::Trouble;

pub(crate) async fn run(arguments: &PoliciesArguments) -> Result<(String, ExitCode), Trouble> {
    let tables = &arguments.tables;
    let mut database = Database::connect(&tables.database_url).await?;
    let catalog = tables.discovery().catalog(database.connection()).await?;

    if !arguments.down {
        refuse_other_choices(database.connection()).await?;
    }

    let mut rls = Rls::new(&catalog).setting(tables.setting.clone());
    if let Some(role) = &tables.role {
        rls = rls.application_role(role);
    }
    let mut sql = header(arguments, &catalog);
    sql += &if arguments.down {
        rls.take_down_sql()
    } else {
        rls.set_up_sql()
    };
    Ok((sql, ExitCode::SUCCESS))
}

/// A database that a program has set up with choices which cannot be made here would lose them: its policies across
/// tenants, its seals, its defaults.
async fn refuse_other_choices(connection: &mut PgConnection) -> Result<(), Trouble> {
    let choices: Option<String> = sqlx::query_scalar(
        "SELECT string_agg(DISTINCT choice, ', ') FROM ( \
             SELECT format('policy `%s`', polname) FROM pg_catalog.pg_policy \
             WHERE polname IN ('all_tenants', 'all_tenants_read', 'tenant_isolation_restrictive') \
             UNION ALL \
             SELECT CASE WHEN p.prosecdef THEN 'sealed policies' ELSE 'strict policies' END \
             FROM pg_catalog.pg_proc p JOIN pg_catalog.pg_namespace n ON n.oid = p.pronamespace \
             JOIN pg_catalog.pg_language l ON l.oid = p.prolang \
             WHERE n.nspname = 'tenancy' AND p.proname = 'current_tenant_id' AND l.lanname <> 'sql' \
             UNION ALL \
             SELECT 'a default of the tenant column' FROM pg_catalog.pg_attrdef d \
             WHERE pg_catalog.pg_get_expr(d.adbin, d.adrelid) LIKE '%tenancy.current_tenant_id()%' \
         ) AS found (choice)",
    )
    .fetch_one(connection)
    .await
    .map_err(Trouble::Query)?;
    choices.map_or(Ok(()), |choices| Err(Trouble::OtherChoices(choices)))
}

fn header(arguments: &PoliciesArguments, catalog: &TableCatalog) -> String {
    let Tables {
        role,
        tenant_column,
        setting,
        ..
    } = &arguments.tables;
    let what = if arguments.down {
        "Takes row-level security away. Whoever has privileges then sees the rows of all tenants."
    } else {
        "Row-level security, by which a tenant sees and changes its own rows only."
    };
    let mut lines = vec![
        what.to_owned(),
        "Run it as the owner of the tables, as a whole or not at all; it may run again at any time:".to_owned(),
        "psql --single-transaction --set ON_ERROR_STOP=1 --file=…".to_owned(),
        String::new(),
        format!(
            "By tenancy {}; tenant column {tenant_column} ({}), setting {setting}.",
            env!("CARGO_PKG_VERSION"),
            catalog.tenant_column_type().sql()
        ),
    ];
    match role {
        _ if arguments.down => {}
        Some(role) => lines.push(format!(
            "Role {role} may read and write, as far as the policies let it."
        )),
        None => lines.push("Nothing is granted, for no --role was named.".to_owned()),
    }
    lines.push("Tables:".to_owned());
    lines.extend(names(catalog).iter().map(|name| format!("  {name}")));

    let mut header = String::new();
    for line in lines {
        // A name with a line feed in it would end the comment, and go on as SQL.
        let line = line.replace(char::is_control, "?");
        let _ = writeln!(header, "{}", format!("-- {line}").trim_end());
    }
    header.push('\n');
    header
}
