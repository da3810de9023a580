//! Runs a short form of all benchmarks, prints what ours takes beside its peers, and writes the ratios as
//! JSON lines to `target/tenancy-bench.jsonl`.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::time::Duration;
use std::{env, fs};

use serde::Deserialize;
use serde_json::json;
use tenancy_benches::measure::{Effort, Ratio, measure};
use tenancy_benches::{Comparison, Failure, comparisons, verdicts};

const EFFORT: Effort = Effort {
    rounds: 151,
    batch: Duration::from_millis(3),
};

fn main() -> Result<(), Failure> {
    if cfg!(debug_assertions) {
        return Err("times mean nothing without `--release`".into());
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("this package lies in the folder of the workspace")?;
    // First, so that nothing else runs while the clock does.
    let allocations = allocations(workspace)?;
    let comparisons = comparisons()?;

    let mut lines = String::new();
    let mut bars = Vec::new();
    println!(
        "ratio = ours / peer in time, lower is better: median and 10th to 90th percentile of {} rounds",
        EFFORT.rounds
    );
    for comparison in &comparisons {
        let ratios = measure(comparison, EFFORT);
        print_table(comparison, &ratios, &allocations);
        bars.extend(verdicts(&ratios));
        for ratio in &ratios {
            writeln!(lines, "{}", line(ratio))?;
        }
    }
    println!("\nbars");
    for bar in bars {
        println!("  {bar}");
    }
    let target = workspace.join("target");
    fs::create_dir_all(&target)?;
    let file = target.join("tenancy-bench.jsonl");
    fs::write(&file, lines)?;
    println!("\nwritten to {}", file.display());
    Ok(())
}

fn line(ratio: &Ratio) -> serde_json::Value {
    json!({
        "bench": ratio.bench,
        "ours_ns": rounded(ratio.ours_ns, 10.0),
        "peer": ratio.peer,
        "peer_ns": rounded(ratio.peer_ns, 10.0),
        "ratio": rounded(ratio.ratio, 10_000.0),
    })
}

fn rounded(value: f64, steps: f64) -> f64 {
    (value * steps).round() / steps
}

fn print_table(comparison: &Comparison, ratios: &[Ratio], allocations: &[Allocations]) {
    let bench = &comparison.bench;
    let ours = comparison.ours.name();
    let allocated = |name: &str| {
        let mut counts = allocations.iter();
        let found = counts.find(|one| one.bench == *bench && one.candidate == name);
        found.map_or(String::from("-"), |one| {
            format!("{:.1} of {:.0} bytes", one.count, one.bytes)
        })
    };
    println!("\n{bench}");
    println!(
        "  {:<30}{:>12}{:>8}  {:<13}  allocations",
        "", "ns", "ratio", "spread"
    );
    if let Some(first) = ratios.first() {
        let (ns, allocated) = (first.ours_ns, allocated(ours));
        println!("  {ours:<30}{ns:>12.0}{:>8}  {:<13}  {allocated}", "", "");
    }
    for Ratio {
        peer,
        peer_ns,
        ratio,
        spread: (low, high),
        ..
    } in ratios
    {
        let spread = format!("{low:.3}-{high:.3}");
        let allocated = allocated(peer);
        println!("  {peer:<30}{peer_ns:>12.0}{ratio:>8.3}  {spread:<13}  {allocated}");
    }
    for left_out in &comparison.left_out {
        println!("  {} is left out: it {}", left_out.peer, left_out.reason);
    }
}

/// What one verification allocates.
#[derive(Deserialize)]
struct Allocations {
    bench: String,
    candidate: String,
    count: f64,
    bytes: f64,
}

/// Runs the program that counts, which has another allocator than this one.
fn allocations(workspace: &Path) -> Result<Vec<Allocations>, Failure> {
    let cargo = env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let mut counting = Command::new(cargo);
    counting
        .args(["run", "--quiet", "--release"])
        .args(["--package", "tenancy-benches", "--bin", "allocations"])
        .current_dir(workspace);
    // What `cargo run` told this program about itself would make the build script of ring run again.
    for (name, _) in env::vars() {
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            counting.env_remove(name);
        }
    }
    let counted = counting.output()?;
    if !counted.status.success() {
        let said = String::from_utf8_lossy(&counted.stderr);
        return Err(format!("allocations cannot be counted: {said}").into());
    }
    let lines = String::from_utf8(counted.stdout)?;
    let counts: Result<_, _> = lines.lines().map(serde_json::from_str).collect();
    Ok(counts?)
}
