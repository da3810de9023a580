//! What a query takes in the server alone, as `EXPLAIN ANALYZE` tells it.

use tenancy_sqlx::Error;

use crate::Failure;
use crate::database::{Lane, Work};
use crate::measure::median;

/// How often is asked.
const TIMES: usize = 51;

/// Work that can be explained.
pub(super) trait Explain: Work {
    /// The lines of `EXPLAIN (ANALYZE, TIMING OFF)`.
    fn explain(
        &self,
        open: &mut Self::Open,
    ) -> impl Future<Output = Result<Vec<String>, Error>> + Send;
}

/// The medians of both, in milliseconds. They take turns.
pub(super) fn medians(
    lane: &Lane,
    ours: &impl Explain,
    peer: &impl Explain,
) -> Result<(f64, f64), Failure> {
    lane.wait_for(async {
        let (mut of_ours, mut of_peer) = (Vec::new(), Vec::new());
        let (mut our_open, mut peer_open) = (ours.open().await?, peer.open().await?);
        for _ in 0..TIMES {
            of_ours.push(execution_time(&ours.explain(&mut our_open).await?)?);
            of_peer.push(execution_time(&peer.explain(&mut peer_open).await?)?);
        }
        Ok((median(&of_ours), median(&of_peer)))
    })
}

fn execution_time(plan: &[String]) -> Result<f64, Failure> {
    let time = plan.iter().find_map(|line| {
        let time = line.strip_prefix("Execution Time: ")?;
        time.strip_suffix(" ms")?.parse().ok()
    });
    time.ok_or_else(|| "a plan does not tell its execution time".into())
}
