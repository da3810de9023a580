//! Interleaved runs: short batches of all candidates in turn, so that what disturbs the machine disturbs all.

use std::hint::black_box;
use std::time::{Duration, Instant};

use crate::{Candidate, Comparison};

/// How long is measured.
#[derive(Debug, Clone, Copy)]
pub struct Effort {
    /// How often every candidate has its turn.
    pub rounds: u32,
    /// How long a turn takes, roughly.
    pub batch: Duration,
}

/// What ours takes beside one peer.
#[derive(Debug, Clone, PartialEq)]
pub struct Ratio {
    /// The id of the benchmark.
    pub bench: String,
    /// The median of ours, in nanoseconds a time.
    pub ours_ns: f64,
    /// The name of the peer.
    pub peer: &'static str,
    /// The median of the peer.
    pub peer_ns: f64,
    /// Ours divided by the peer, the median over the rounds: lower is better for ours. Steadier than the
    /// ratio of the two medians, because a round sees both on a machine in the same mood.
    pub ratio: f64,
    /// The ratios of single rounds: a tenth of them is below the first and a tenth above the second.
    pub spread: (f64, f64),
}

/// Times the candidates of `comparison`, a ratio for each peer.
pub fn measure(comparison: &Comparison) -> Vec<Ratio> {
    let effort = comparison.effort;
    let mut timed: Vec<_> = comparison
        .candidates()
        .map(|candidate| Timed::new(candidate, effort.batch))
        .collect();
    for round in 0..effort.rounds {
        // Back and forth, so that a machine that slows down slows nobody more than others.
        if round % 2 == 0 {
            timed.iter_mut().for_each(Timed::take_turn);
        } else {
            timed.iter_mut().rev().for_each(Timed::take_turn);
        }
    }
    let Some((ours, peers)) = timed.split_first() else {
        return Vec::new();
    };
    peers
        .iter()
        .map(|peer| ratio(&comparison.bench, ours, peer))
        .collect()
}

/// A candidate with what its turns took, in nanoseconds a time.
struct Timed<'a> {
    candidate: &'a Candidate,
    times: u64,
    samples: Vec<f64>,
}

impl<'a> Timed<'a> {
    /// Finds out how many times fill `batch`, which also warms whatever can be warm. The fastest of
    /// three tries counts: one that was interrupted would make all batches too short.
    fn new(candidate: &'a Candidate, batch: Duration) -> Self {
        let mut times = 1;
        let took = loop {
            let tries = [(); 3].map(|()| candidate.run(times));
            let took = tries.into_iter().min().unwrap_or_default();
            if took * 4 >= batch {
                break took;
            }
            times *= 2;
        };
        let fitting = per_call(batch, 1) / per_call(took, times);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a positive count below 2^53, whose fraction does not matter"
        )]
        let times = (fitting as u64).max(1);
        Self {
            candidate,
            times,
            samples: Vec::new(),
        }
    }

    fn take_turn(&mut self) {
        let took = self.candidate.run(self.times);
        self.samples.push(per_call(took, self.times));
    }
}

fn ratio(bench: &str, ours: &Timed<'_>, peer: &Timed<'_>) -> Ratio {
    let rounds = ours.samples.iter().zip(&peer.samples);
    let rounds: Vec<_> = rounds.map(|(ours, peer)| ours / peer).collect();
    let (ours_ns, peer_ns) = (median(&ours.samples), median(&peer.samples));
    Ratio {
        bench: bench.to_owned(),
        ours_ns,
        peer: peer.candidate.name(),
        peer_ns,
        ratio: median(&rounds),
        spread: (percentile(&rounds, 10), percentile(&rounds, 90)),
    }
}

/// The one in the middle.
pub(crate) fn median(samples: &[f64]) -> f64 {
    percentile(samples, 50)
}

fn percentile(samples: &[f64], percent: usize) -> f64 {
    let mut sorted = samples.to_vec();
    sorted.sort_by(f64::total_cmp);
    let index = sorted.len().saturating_sub(1) * percent / 100;
    sorted.get(index).copied().unwrap_or(f64::NAN)
}

#[expect(
    clippy::cast_precision_loss,
    reason = "nobody counts to 2^53 in a benchmark"
)]
fn per_call(took: Duration, times: u64) -> f64 {
    took.as_secs_f64() * 1e9 / times as f64
}

/// What `work` gives and how long it takes.
#[expect(
    clippy::disallowed_methods,
    reason = "how long work takes is what a benchmark asks the machine; a `Clock` could not tell"
)]
pub(crate) fn time<T>(work: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = black_box(work());
    (result, start.elapsed())
}

/// What `work` gives and how long one waits for it.
#[expect(clippy::disallowed_methods, reason = "as above")]
pub(crate) async fn time_of<F: Future>(work: F) -> (F::Output, Duration) {
    let start = Instant::now();
    let result = work.await;
    (result, start.elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_samples() {
        let samples = [5.0, 1.0, 3.0, 2.0, 4.0];
        for (percent, sample) in [(10, 1.0), (50, 3.0), (90, 4.0), (100, 5.0)] {
            assert!(percentile(&samples, percent).total_cmp(&sample).is_eq());
        }
        assert!(percentile(&[], 50).is_nan());
    }
}
