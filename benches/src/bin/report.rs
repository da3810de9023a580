//! Runs a short form of all benchmarks, prints what ours takes beside its peers, and writes the ratios as
//! JSON lines to `target/tenancy-bench.jsonl`. Names of suites as arguments run these alone.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use serde::Deserialize;
use serde_json::json;
use tenancy_benches::measure::{Ratio, measure};
use tenancy_benches::{Comparison, Failure, SUITES, verdicts};

fn main() -> Result<(), Failure> {
    if cfg!(debug_assertions) {
        return Err("times mean nothing without `--release`".into());
    }
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR"))
        .parent()
        .ok_or("this package lies in the folder of the workspace")?;
    let chosen: Vec<String> = env::args().skip(1).collect();
    let is_chosen = |suite: &str| chosen.is_empty() || chosen.iter().any(|name| name == suite);
    // First, so that nothing else runs while the clock does.
    let allocations = if is_chosen("verify") || is_chosen("admission") {
        allocations(workspace)?
    } else {
        Vec::new()
    };

    let mut lines = String::new();
    let mut bars = Vec::new();
    println!(
        "ratio = ours / peer in time, lower is better: median of interleaved rounds, and the 10th to 90th percentile of single ones"
    );
    for (_, set_up) in SUITES.iter().filter(|(suite, _)| is_chosen(suite)) {
        for comparison in &set_up()? {
            let ratios = measure(comparison);
            print_table(comparison, &ratios, &allocations);
            bars.extend(verdicts(&ratios));
            for ratio in &ratios {
                writeln!(lines, "{}", line(ratio))?;
            }
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
    let of_bench = || allocations.iter().filter(|one| one.bench == *bench);
    let held = of_bench().find_map(|one| one.bytes_a_tenant);
    let allocations: Vec<_> = of_bench().filter(|one| one.candidate.is_some()).collect();
    let (rate, last) = if allocations.is_empty() {
        (true, "a second")
    } else {
        (false, "allocations")
    };
    let last_of = |name: &str, ns: f64| {
        if rate {
            return format!("{:>8.0}", 1e9 / ns);
        }
        let found = allocations
            .iter()
            .find(|one| one.candidate.as_deref() == Some(name));
        found.map_or(String::from("-"), |one| {
            format!("{:.1} of {:.0} bytes", one.count, one.bytes)
        })
    };
    println!("\n{bench} ({} rounds)", comparison.effort.rounds);
    println!(
        "  {:<30}{:>12}{:>8}  {:<13}  {last}",
        "", "ns", "ratio", "spread"
    );
    if let Some(first) = ratios.first() {
        let (ours, ns) = (comparison.ours.name(), first.ours_ns);
        let last = last_of(ours, ns);
        println!("  {ours:<30}{ns:>12.0}{:>8}  {:<13}  {last}", "", "");
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
        let last = last_of(peer, *peer_ns);
        println!("  {peer:<30}{peer_ns:>12.0}{ratio:>8.3}  {spread:<13}  {last}");
    }
    for left_out in &comparison.left_out {
        println!("  {} is left out: it {}", left_out.peer, left_out.reason);
    }
    for note in &comparison.notes {
        println!("  {note}");
    }
    if let Some(bytes) = held {
        println!("  a tenant takes {bytes:.0} bytes of a million's directory");
    }
}

/// What a candidate allocates each time, or what a tenant takes in a directory.
#[derive(Deserialize)]
struct Allocations {
    bench: String,
    candidate: Option<String>,
    #[serde(default)]
    count: f64,
    #[serde(default)]
    bytes: f64,
    bytes_a_tenant: Option<f64>,
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
