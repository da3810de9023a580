//! `Comparison`, one benchmark: ours and those it is compared with.

use crate::candidate::{Answer, Candidate, Tokens};
use crate::entrant::Entrant;

/// What a benchmark times. Ratios are those of ours to each peer.
#[derive(Debug)]
pub struct Comparison {
    /// The id of the benchmark.
    pub bench: String,
    /// Ours.
    pub ours: Candidate,
    /// What it is compared with.
    pub peers: Vec<Candidate>,
    /// What is not compared, although it is elsewhere.
    pub left_out: Vec<LeftOut>,
}

/// A peer that has no part in a benchmark.
#[derive(Debug, Clone, Copy)]
pub struct LeftOut {
    /// The name of the peer.
    pub peer: &'static str,
    /// Why.
    pub reason: &'static str,
}

impl Comparison {
    /// All are shown `tokens` and must answer as `expected`.
    pub(crate) fn new(
        bench: impl Into<String>,
        ours: Entrant,
        peers: &[Entrant],
        tokens: &Tokens,
        expected: Answer,
    ) -> Self {
        let candidate = |entrant| Candidate::new(entrant, tokens.clone(), expected);
        Self {
            bench: bench.into(),
            ours: candidate(ours),
            peers: peers.iter().cloned().map(candidate).collect(),
            left_out: Vec::new(),
        }
    }

    /// Ours, then the peers.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        std::iter::once(&self.ours).chain(&self.peers)
    }
}
