//! The benchmarks of the query builder beside bare sea-query with a predicate by hand: what it costs to make the
//! text of a statement, and what the text costs in the database.

mod executing;
mod rendering;
mod statements;

use std::rc::Rc;
use std::time::Duration;

use tenancy_core::TableCatalog;
use tokio::runtime;

use crate::database::{Lane, Server};
use crate::measure::Effort;
use crate::{Comparison, Failure};

const TABLES: &str = include_str!("scope/tables.sql");
/// In the middle of a thousand.
const TENANT: &str = "tenant-500";

const RENDERING: Effort = Effort {
    rounds: 151,
    batch: Duration::from_millis(4),
};
const EXECUTING: Effort = Effort {
    rounds: 201,
    batch: Duration::from_millis(15),
};

/// Everyone warm, with the answers that are right.
///
/// # Errors
/// When there is no server, or a candidate is wrong.
pub fn comparisons() -> Result<Vec<Comparison>, Failure> {
    let mut comparisons = rendering::comparisons(RENDERING)?;
    let server = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(Server::start(TABLES, catalog()))?;
    let lane = Lane::new(&Rc::new(server), 1)?;
    comparisons.extend(executing::comparisons(&lane, EXECUTING)?);
    Ok(comparisons)
}

fn catalog() -> TableCatalog {
    TableCatalog::new()
        .tenant_table("note", "tenant_id")
        .tenant_table("tag", "tenant_id")
        .tenant_table("author", "tenant_id")
}
