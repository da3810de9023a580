//! The benchmarks of a transaction: ours, beside no tenant at all, and beside what is written by hand today.
//!
//! | who | round trips of a read | of a write |
//! |---|---|---|
//! | ours | 2: begin with the tenant, query; the rollback is not waited for | 3 |
//! | `plain`: autocommit, a `WHERE` by hand, no policy | 1 | 1 |
//! | `begin+set_config+query+commit`: a policy | 4 | 4 |
//!
//! What is left to do when a connection is given back, our rollback and everybody's ping by sqlx, is done in
//! the background, on the cores and the thread that the next transaction needs too. Nobody waits for it while
//! another connection is free: one task has four of them, 8 and 32 tasks have eight.

mod four_trips;
mod next_statement;
mod note;
mod ours;
mod plain;

use std::rc::Rc;
use std::time::Duration;

use sqlx::PgPool;
use tenancy_core::TableCatalog;
use tokio::runtime;

use self::four_trips::FourTrips;
use self::note::{FOREIGN, Statement};
use self::ours::Ours;
use self::plain::Plain;
use crate::candidate::Candidate;
use crate::database::{Lane, Role, Server, Work};
use crate::measure::Effort;
use crate::{Comparison, Failure};

const TABLES: &str = include_str!("transaction/tables.sql");

/// One task: a hundred transactions a turn.
const ALONE: Effort = Effort {
    rounds: 101,
    batch: Duration::from_millis(15),
};
/// Many tasks, whose beginning and end should not count.
const LOADED: Effort = Effort {
    rounds: 51,
    batch: Duration::from_millis(60),
};
/// Far from the server, where time is spent in waiting and varies little.
const FAR: Effort = Effort {
    rounds: 31,
    batch: Duration::from_millis(20),
};

/// Everyone connected and warm: each has found its own row, and none of another tenant.
///
/// # Errors
/// When there is no server, or a candidate is wrong.
pub fn comparisons() -> Result<Vec<Comparison>, Failure> {
    let catalog = TableCatalog::new()
        .tenant_table("note", "tenant_id")
        .shared_table("rate");
    let server = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(Server::start(TABLES, catalog))?;
    let server = Rc::new(server);
    let alone = Lane::new(&server, 1)?;
    let far = Lane::delayed(&server)?;

    let mut comparisons = vec![
        compare(&alone, "tx/read", Statement::Read, ALONE)?,
        compare(&alone, "tx/write", Statement::Write, ALONE)?,
        next_statement::comparison(&alone, "tx/next-statement")?,
        ten_statements(&alone, "tx/ten-statements")?,
    ];
    for tasks in [8, 32] {
        let lane = Lane::new(&server, tasks)?;
        for (name, statement) in [("read", Statement::Read), ("write", Statement::Write)] {
            let bench = format!("tx/{name}/{tasks}-tasks");
            comparisons.push(compare(&lane, &bench, statement, LOADED)?);
        }
    }
    comparisons.push(compare(&far, "tx/read/delayed", Statement::Read, FAR)?);
    comparisons.push(compare(&far, "tx/write/delayed", Statement::Write, FAR)?);
    Ok(comparisons)
}

/// One statement in a transaction of its own.
fn compare(
    lane: &Lane,
    bench: &str,
    statement: Statement,
    effort: Effort,
) -> Result<Comparison, Failure> {
    let (bound, unbound) = (lane.pool(Role::Bound)?, lane.pool(Role::Unbound)?);
    let four_trips = FourTrips::new(lane.pool(Role::Bound)?, statement);
    let peers = vec![
        proven(lane, "plain", Plain::new(unbound, statement))?,
        proven(lane, "begin+set_config+query+commit", four_trips)?,
    ];
    let ours = ours(lane, bound, statement, 1)?;
    Ok(Comparison::new(bench, ours, peers, effort))
}

/// Ten statements, which share a transaction where there is one.
fn ten_statements(lane: &Lane, bench: &str) -> Result<Comparison, Failure> {
    let (bound, unbound) = (lane.pool(Role::Bound)?, lane.pool(Role::Unbound)?);
    let plain = Plain::new(unbound, Statement::Read).statements(10);
    let peers = vec![proven(lane, "plain", plain)?];
    let ours = ours(lane, bound, Statement::Read, 10)?;
    Ok(Comparison::new(bench, ours, peers, ALONE))
}

fn ours(
    lane: &Lane,
    pool: PgPool,
    statement: Statement,
    statements: u32,
) -> Result<Candidate, Failure> {
    let ours = Ours::new(lane.tenant_pool(&pool)?, pool, statement)?;
    proven(lane, "tenancy", ours.statements(statements))
}

/// Who is timed must keep tenants apart.
fn proven(lane: &Lane, name: &'static str, work: impl Work) -> Result<Candidate, Failure> {
    if !lane.finds(&work, 0)? {
        return Err(
            format!("{name} must find its own row before it is timed, and does not").into(),
        );
    }
    if lane.finds(&work, FOREIGN)? {
        return Err(format!("{name} finds a row of another tenant").into());
    }
    lane.candidate(name, work)
}
