//! Counts the allocations of every verifier and of admission, and what a tenant takes in a directory, a line of JSON for
//! each.
//!
//! Not those of work in a database, some of which is done in the background at whatever time. Apart from the
//! report, because counting takes time, and more of it where more is allocated.

use allocation_counter::AllocationInfo;
use serde_json::json;
use tenancy_benches::admission::{self, Kind, Tenants};
use tenancy_benches::{Candidate, Failure, verify};

const TIMES: u64 = 64;

fn main() -> Result<(), Failure> {
    let mut comparisons = verify::comparisons()?;
    comparisons.push(admission::alone()?);
    for comparison in comparisons {
        for candidate in comparison.candidates() {
            if candidate.repeats_itself() {
                let (count, bytes) = per_verification(candidate);
                let (bench, name) = (&comparison.bench, candidate.name());
                println!(
                    "{}",
                    json!({ "bench": bench, "candidate": name, "count": count, "bytes": bytes })
                );
            }
        }
    }
    for kind in [Kind::Memory, Kind::Cached] {
        let (bench, bytes) = (kind.bench(), per_tenant(kind)?);
        println!("{}", json!({ "bench": bench, "bytes_a_tenant": bytes }));
    }
    Ok(())
}

/// What a directory of a million holds for each, when it has been asked for all.
fn per_tenant(kind: Kind) -> Result<f64, Failure> {
    let tenants = Tenants::new(1_000_000);
    let mut filled = None;
    let held = allocation_counter::measure(|| filled = Some(tenants.directory(kind)));
    filled.ok_or("nothing was measured")??;
    #[expect(clippy::cast_precision_loss, reason = "less than 2^53 bytes")]
    let bytes = held.bytes_current as f64;
    Ok(bytes / f64::from(tenants.count()))
}

/// What `TIMES` verifications allocate beyond a single one, whose batch costs the same.
fn per_verification(candidate: &Candidate) -> (f64, f64) {
    let _warm = allocated(candidate, 1);
    let (one, more) = (allocated(candidate, 1), allocated(candidate, 1 + TIMES));
    (
        each(more.count_total, one.count_total),
        each(more.bytes_total, one.bytes_total),
    )
}

fn allocated(candidate: &Candidate, times: u64) -> AllocationInfo {
    allocation_counter::measure(|| {
        candidate.run(times);
    })
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody allocates 2^53 times in a benchmark"
)]
fn each(more: u64, one: u64) -> f64 {
    (more as f64 - one as f64) / TIMES as f64
}
