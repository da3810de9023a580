//! The bars that are set for the benchmarks, and what a run says of them.

use crate::measure::Ratio;

/// Why a bar may be missed, known from profiles: what a reader would otherwise have to find out.
const WHY: &str = "Between two checks of an RSA signature, which leave caches cold, reading the token costs 4 to 5 us where it \
                   costs 2.5 us by itself: JSON a third, nineteen allocations a sixth.";

/// What is demanded of a ratio, if anything is.
fn most(bench: &str, peer: &str) -> Option<f64> {
    match (bench, peer) {
        ("verify/rs256", "verify_sig") => Some(1.15),
        ("verify/rs256", _) => Some(0.80),
        _ => None,
    }
}

/// The most that a benchmark may take by itself, in nanoseconds.
fn most_ns(bench: &str) -> Option<f64> {
    (bench == "verify/rs256/cached").then_some(300.0)
}

/// A line for each bar: met, or by how much not and why.
pub fn verdicts(ratios: &[Ratio]) -> Vec<String> {
    let by_ratio = ratios.iter().filter_map(|ratio| {
        let most = most(&ratio.bench, ratio.peer)?;
        let (bench, peer, found) = (&ratio.bench, ratio.peer, ratio.ratio);
        Some(if found <= most {
            format!("{bench} against {peer}: {found:.3}, at most {most:.2}: met")
        } else {
            let over = found - most;
            format!(
                "{bench} against {peer}: {found:.3}, at most {most:.2}: missed by {over:.3}. {WHY}"
            )
        })
    });
    let by_time = ratios.first().and_then(|ratio| {
        let most = most_ns(&ratio.bench)?;
        let (bench, found) = (&ratio.bench, ratio.ours_ns);
        Some(if found <= most {
            format!("{bench}: {found:.0} ns, at most {most:.0}: met")
        } else {
            let over = found - most;
            format!(
                "{bench}: {found:.0} ns, at most {most:.0}: missed by {over:.0} ns. A third of it is reading clocks; the bar was \
                 set on a machine whose bare signature took 12 400 ns, and takes {:.0} here.",
                ratio.peer_ns
            )
        })
    });
    by_ratio.chain(by_time).collect()
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
        assert_eq!(of(ratio("verify/es256", "verify_sig", 9.0, 1.0)), "");
    }
}
