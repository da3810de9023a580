//! The benchmarks of the policy: what row-level security costs beside a `WHERE` by hand, at three sizes of tenant.
//!
//! Both sides read all rows of a tenant in a transaction that is open, by a prepared statement, from the same
//! table. Ours leaves the tenant to the policy; `where` names it, as a role that no policy binds. The
//! rows of a tenant lie side by side, which makes reading them cheap and the policy's part large. The smaller
//! the tenant, the more of the time is the way to the server and back, so that each comparison also tells
//! what `EXPLAIN ANALYZE` says of the server alone.

mod reading;
mod server_time;
mod sum;

use std::rc::Rc;
use std::time::Duration;

use tenancy_core::TableCatalog;
use tokio::runtime;

use self::reading::Reading;
use self::sum::{Ours, Where};
use crate::database::{Lane, Role, Server};
use crate::measure::Effort;
use crate::{Comparison, Failure};

const TENANTS: [u32; 3] = [10, 1000, 100_000];

const EFFORT: Effort = Effort {
    rounds: 101,
    batch: Duration::from_millis(15),
};

/// Everyone connected and warm.
///
/// # Errors
/// When there is no server.
pub fn comparisons() -> Result<Vec<Comparison>, Failure> {
    let readings = TENANTS.map(Reading::of);
    let tables: String = readings.map(Reading::table_sql).into_iter().collect();
    let catalog = readings.iter().fold(TableCatalog::new(), |catalog, one| {
        catalog.tenant_table(&one.table(), "tenant_id")
    });
    let server = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(Server::start(&tables, catalog))?;
    let lane = Lane::new(&Rc::new(server), 1)?;
    readings
        .into_iter()
        .map(|reading| compare(&lane, reading))
        .collect()
}

fn compare(lane: &Lane, reading: Reading) -> Result<Comparison, Failure> {
    let (bound, unbound) = (lane.pool(Role::Bound)?, lane.pool(Role::Unbound)?);
    let ours = Ours::new(lane.tenant_pool(&bound)?, bound, reading)?;
    let peer = Where::new(unbound, reading);
    let (ours_ms, peer_ms) = server_time::medians(lane, &ours, &peer)?;

    let ours = lane.candidate("tenancy", ours)?;
    let peers = vec![lane.candidate("where", peer)?];
    let mut comparison = Comparison::new(reading.bench(), ours, peers, EFFORT);
    comparison.notes.push(format!(
        "in the server alone {ours_ms:.3} ms beside {peer_ms:.3} ms, by EXPLAIN ANALYZE without timing of nodes"
    ));
    Ok(comparison)
}
