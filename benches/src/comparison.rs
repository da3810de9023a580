//! `Comparison`, one benchmark: ours and those it is compared with.

use crate::candidate::Candidate;
use crate::measure::Effort;

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
    /// What else there is to say.
    pub notes: Vec<String>,
    /// How long the report measures.
    pub effort: Effort,
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
    pub(crate) fn new(
        bench: impl Into<String>,
        ours: Candidate,
        peers: Vec<Candidate>,
        effort: Effort,
    ) -> Self {
        Self {
            bench: bench.into(),
            ours,
            peers,
            left_out: Vec::new(),
            notes: Vec::new(),
            effort,
        }
    }

    /// Ours, then the peers.
    pub fn candidates(&self) -> impl Iterator<Item = &Candidate> {
        std::iter::once(&self.ours).chain(&self.peers)
    }
}
