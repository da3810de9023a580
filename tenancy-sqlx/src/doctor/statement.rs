//! One statement out of many checks, and what is left of it when a part of the catalogue is closed.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::OnceLock;

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, SqlSafeStr};

use super::Finding;
use super::check::{Check, Probe, Stage, check, probes};
use super::policy_proof::doubt;
use super::sources::{Source, sources};

type Row = (String, String, Option<String>, String, String);

/// What was found, and in a sentence each what could not be looked at.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) findings: Vec<Finding>,
    pub(super) unproven: Vec<String>,
}

const SAVE: &str = "SAVEPOINT tenancy_doctor";
const RESTORE: &str = "ROLLBACK TO SAVEPOINT tenancy_doctor";
/// A function of the service's must not take the place of one of the catalogue. The planner knows nothing of how many rows
/// the sources have, and takes each for one: nested loops over 200 tables would cost more than all the rest, and so
/// would compiling.
const PREPARE: &str = "SET LOCAL search_path = pg_catalog, pg_temp; SET LOCAL jit = off; SET LOCAL enable_nestloop = off";

/// Makes the checks up to `last` inside the open transaction of `connection` and leaves no setting behind.
///
/// Everything goes into one statement. Where a catalogue is closed to the doctor, the checks that read it fall out
/// and the others are made one by one.
pub(super) async fn run(
    connection: &mut PgConnection,
    last: Stage,
    input: &str,
) -> Result<Found, sqlx::Error> {
    batch(connection, &format!("{SAVE}; {PREPARE}")).await?;
    let found = match rows(connection, together(last), input).await {
        Ok(rows) => Found {
            findings: rows.into_iter().filter_map(finding).collect(),
            unproven: Vec::new(),
        },
        Err(error) if is_refusal(&error) => one_by_one(connection, last, input).await?,
        Err(error) => return Err(error),
    };
    batch(connection, RESTORE).await?;
    Ok(found)
}

/// The one statement, which takes longer to put together than some servers take to answer it.
fn together(last: Stage) -> &'static str {
    static STATEMENTS: [OnceLock<String>; 3] = [const { OnceLock::new() }; 3];
    let [posture, examination, strict] = &STATEMENTS;
    let statement_of = match last {
        Stage::Posture => posture,
        Stage::Examination => examination,
        Stage::Strict => strict,
    };
    statement_of.get_or_init(|| statement(&made_until(last).collect::<Vec<_>>()))
}

fn made_until(last: Stage) -> impl Iterator<Item = &'static Probe> {
    probes().filter(move |probe| probe.stage <= last && !probe.sql.is_empty())
}

async fn one_by_one(
    connection: &mut PgConnection,
    last: Stage,
    input: &str,
) -> Result<Found, sqlx::Error> {
    batch(connection, &format!("{RESTORE}; {PREPARE}")).await?;
    let closed = closed(connection).await?;
    let mut left_out: BTreeMap<&str, Vec<&Check>> = BTreeMap::new();
    let mut found = Found::default();
    for probe in made_until(last) {
        let text = statement(&[probe]);
        let unreadable: Vec<&String> = closed.iter().filter(|name| mentions(&text, name)).collect();
        if !unreadable.is_empty() {
            for name in unreadable {
                left_out.entry(name).or_default().push(&probe.check);
            }
            continue;
        }
        match rows(connection, AssertSqlSafe(text), input).await {
            Ok(rows) => found.findings.extend(rows.into_iter().filter_map(finding)),
            Err(error) if is_refusal(&error) => {
                batch(connection, &format!("{RESTORE}; {PREPARE}")).await?;
                let Check { code, title, .. } = probe.check;
                let sentence = format!("not looked at, because of “{error}”: {code} ({title})");
                found.unproven.push(sentence);
            }
            Err(error) => return Err(error),
        }
    }
    for (catalogue, checks) in left_out {
        let mut sentence =
            format!("pg_catalog.{catalogue} is closed to the doctor, which leaves unproven:");
        for (index, Check { code, title, .. }) in checks.into_iter().enumerate() {
            let comma = if index == 0 { "" } else { "," };
            // Writing to a text does not fail.
            let _ = write!(sentence, "{comma} {code} ({title})");
        }
        found.unproven.push(sentence);
    }
    Ok(found)
}

/// The catalogues and views of the system that the connected role may not read.
async fn closed(connection: &mut PgConnection) -> Result<Vec<String>, sqlx::Error> {
    let mut names: Vec<&str> = probes_text().collect();
    names.sort_unstable();
    names.dedup();
    sqlx::query_scalar(
        "SELECT name FROM unnest($1::text[]) AS name \
         WHERE to_regclass('pg_catalog.' || name) IS NOT NULL \
           AND NOT has_table_privilege('pg_catalog.' || name, 'SELECT') ORDER BY 1",
    )
    .persistent(false)
    .bind(&names)
    .fetch_all(connection)
    .await
}

/// Every word of the checks that looks like the name of a catalogue.
fn probes_text() -> impl Iterator<Item = &'static str> {
    let checks = probes().map(|probe| probe.sql);
    checks
        .chain(sources().map(|source| source.sql))
        .flat_map(words)
        .filter(|word| word.starts_with("pg_"))
}

/// The words of a query, without those that it says to people.
fn words(sql: &str) -> impl Iterator<Item = &str> {
    sql.split('\'')
        .step_by(2)
        .flat_map(|code| code.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_')))
}

fn mentions(sql: &str, name: &str) -> bool {
    words(sql).any(|word| word == name)
}

async fn rows(
    connection: &mut PgConnection,
    statement: impl SqlSafeStr,
    input: &str,
) -> Result<Vec<Row>, sqlx::Error> {
    sqlx::query_as(statement)
        .persistent(false)
        .bind(input)
        .fetch_all(connection)
        .await
}

/// The checks as the arms of a union over the sources that they name, directly or by way of others.
fn statement(probes: &[&'static Probe]) -> String {
    let mut named: Vec<&Source> = Vec::new();
    for source in sources().rev() {
        let by_check = probes.iter().any(|probe| mentions(probe.sql, source.name));
        if by_check || named.iter().any(|later| mentions(later.sql, source.name)) {
            named.push(source);
        }
    }
    let mut sql = String::new();
    for (index, Source { name, sql: source }) in named.into_iter().rev().enumerate() {
        let before = if index == 0 { "WITH " } else { ",\n" };
        let _ = write!(sql, "{before}{name} AS MATERIALIZED ({source})");
    }
    for (index, probe) in probes.iter().enumerate() {
        let union = if index == 0 { "" } else { "UNION ALL " };
        let _ = write!(
            sql,
            "\n{union}SELECT '{}', object, \"table\", message, coalesce(fix, '') FROM ({}) AS found(object, \"table\", message, fix)",
            probe.check.code, probe.sql
        );
    }
    sql
}

fn finding((code, object, table, message, fix): Row) -> Option<Finding> {
    let check = check(&code)?;
    let finding = Finding {
        code: check.code,
        severity: check.severity,
        object,
        message,
        fix,
        table,
    };
    match check.code {
        "TNC034" => unproved(finding, false),
        "TNC035" => unproved(finding, true),
        _ => Some(finding),
    }
}

/// The finding, whose message is evidence, if that leaves a doubt of the kind.
fn unproved(mut finding: Finding, is_opened: bool) -> Option<Finding> {
    let doubt = doubt(&finding.message).filter(|doubt| doubt.is_opened == is_opened)?;
    finding.message = doubt.message;
    if let Some((function, fix)) = doubt.function {
        finding.object = function;
        finding.fix = fix;
        finding.table = None;
    }
    Some(finding)
}

/// `insufficient_privilege`
pub(super) fn is_refusal(error: &sqlx::Error) -> bool {
    let code = error
        .as_database_error()
        .and_then(sqlx::error::DatabaseError::code);
    code.as_deref() == Some("42501")
}

pub(super) async fn batch(connection: &mut PgConnection, sql: &str) -> Result<(), sqlx::Error> {
    sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
        .execute(connection)
        .await?;
    Ok(())
}
