//! The bars that are set for the benchmarks, and what a run says of them.

use crate::measure::Ratio;

/// What is demanded.
struct Bar {
    /// The most that it may be.
    most: f64,
    /// Why it may be missed, known from profiles: what a reader would otherwise have to find out.
    why: String,
}

const SIGNATURE: &str = "Between two checks of an RSA signature, which leave caches cold, reading the token costs 4 to 5 us where \
                         it costs 2.5 us by itself: JSON a third, nineteen allocations a sixth.";

const READING: &str = "What sea-query wrote is read again, token by token, and written once more. That is done once for each shape.";

const HELLO: &str = "3 % of a hello that does nothing are 0.3 us of processor time. Finding a token among those that are remembered takes 0.15 us, \
                     the rest of admission 0.55 us, and the layer as much again.";

const MEMORY: &str = "Of a million tenants three places of memory are read one after the other that no cache holds: of the table twice, and \
                      the record. A host that takes idle memory from its machines makes each of them a fault of a page.";

/// What is demanded of a ratio, if anything is.
fn of_ratio(bench: &str, peer: &str) -> Option<Bar> {
    let (most, why) = match (bench, peer) {
        ("verify/rs256", "verify_sig") => (1.15, SIGNATURE),
        ("verify/rs256", _) => (0.80, SIGNATURE),
        // Two round trips instead of one.
        ("tx/read" | "tx/read/delayed", "plain") => (2.1, ""),
        // As much more gets done in the same time.
        ("tx/read", _) => (1.0 / 1.45, ""),
        ("tx/next-statement", "plain") => (1.05, ""),
        ("scope/execute/select" | "scope/execute/join", _) => (1.03, ""),
        ("scope/render/new-shape", _) => (2.0, READING),
        ("limits/noisy-neighbour", "quiet") => (1.3, ""),
        ("http/axum" | "http/actix", "bare") => (1.0 / 0.97, HELLO),
        ("admission/directory-1m" | "admission/directory-1m/memory", _) => (1.2, MEMORY),
        (bench, "sea-query") if bench.starts_with("scope/render/") => (1.3, ""),
        _ => return None,
    };
    Some(Bar {
        most,
        why: why.to_owned(),
    })
}

/// What is demanded of a benchmark by itself, in nanoseconds.
fn of_time(ratio: &Ratio) -> Option<Bar> {
    let (most, why) = match ratio.bench.as_str() {
        "verify/rs256/cached" => {
            let peer = ratio.peer_ns;
            let why = format!(
                "A third of it is reading clocks; the bar was set on a machine whose bare signature took 12 400 ns, and takes {peer:.0} here."
            );
            (300.0, why)
        }
        "admission/cached" => (1000.0, String::new()),
        "doctor/200-tables" => (250e6, String::new()),
        _ => return None,
    };
    Some(Bar { most, why })
}

/// A line for each bar: met, or by how much not and why.
pub fn verdicts(ratios: &[Ratio]) -> Vec<String> {
    let by_ratio = ratios.iter().filter_map(|ratio| {
        let bar = of_ratio(&ratio.bench, ratio.peer)?;
        let what = format!("{} against {}", ratio.bench, ratio.peer);
        Some(verdict(&what, &bar, ratio.ratio, |ratio| {
            format!("{ratio:.3}")
        }))
    });
    let by_time = ratios.first().and_then(|ratio| {
        let bar = of_time(ratio)?;
        Some(verdict(&ratio.bench, &bar, ratio.ours_ns, duration))
    });
    by_ratio.chain(by_time).collect()
}

fn verdict(what: &str, bar: &Bar, found: f64, write: fn(f64) -> String) -> String {
    let Bar { most, why } = bar;
    let line = format!("{what}: {}, at most {}: ", write(found), write(*most));
    if found <= *most {
        return line + "met";
    }
    let line = format!("{line}missed by {}. {why}", write(found - most));
    line.trim_end().to_owned()
}

fn duration(ns: f64) -> String {
    if ns < 1e6 {
        format!("{ns:.0} ns")
    } else {
        format!("{:.1} ms", ns / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ratio(bench: &str, peer: &'static str, ratio: f64, ours_ns: f64) -> Ratio {
        Ratio {
            bench: bench.to_owned(),
            ours_ns,
            peer,
            peer_ns: 20_000.0,
            ratio,
            spread: (ratio, ratio),
        }
    }

    #[test]
    fn a_bar_is_met_or_missed_by_so_much() {
        let of = |ratio: Ratio| verdicts(&[ratio]).join("");
        assert!(of(ratio("verify/rs256", "verify_sig", 1.15, 1.0)).ends_with("met"));
        assert!(of(ratio("verify/rs256", "verify_sig", 1.19, 1.0)).contains("missed by 0.040"));
        assert!(of(ratio("verify/rs256", "jsonwebtoken", 0.81, 1.0)).contains("missed by 0.010"));
        assert!(of(ratio("verify/rs256/cached", "verify_sig", 0.1, 299.0)).ends_with("met"));
        assert!(of(ratio("verify/rs256/cached", "verify_sig", 0.1, 400.0)).contains("by 100 ns"));
        assert!(of(ratio("tx/read", "begin+set_config+query+commit", 0.68, 1.0)).ends_with("met"));
        assert!(of(ratio("tx/next-statement", "plain", 1.06, 1.0)).ends_with("by 0.010."));
        assert!(of(ratio("doctor/200-tables", "plain", 1.0, 2.6e8)).contains("by 10.0 ms"));
        assert_eq!(of(ratio("verify/es256", "verify_sig", 9.0, 1.0)), "");
    }
}
