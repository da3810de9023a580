//! `Candidate`, one of the things that a comparison times.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::entrant::Entrant;
use crate::specimen::{Algorithm, Specimen};

/// A verifier, the tokens that it is shown, and the answer that it must give.
#[derive(Clone)]
pub struct Candidate {
    entrant: Entrant,
    tokens: Tokens,
    expected: Answer,
}

/// What a verifier is shown.
#[derive(Clone)]
pub(crate) enum Tokens {
    /// One token over and over.
    Same(Rc<[String]>),
    /// A token that was never seen before, each time.
    Distinct(Rc<Specimen>, Algorithm),
}

impl Tokens {
    pub(crate) fn same(token: String) -> Self {
        Self::Same(Rc::new([token]))
    }

    fn take(&self, times: u64) -> Rc<[String]> {
        match self {
            Self::Same(token) => Rc::clone(token),
            Self::Distinct(specimen, algorithm) => (0..times)
                .flat_map(|_| specimen.token(*algorithm))
                .collect(),
        }
    }
}

/// What a verifier must say to each of its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Accepted,
    Refused,
}

impl Candidate {
    pub(crate) fn new(entrant: Entrant, tokens: Tokens, expected: Answer) -> Self {
        Self {
            entrant,
            tokens,
            expected,
        }
    }

    /// The name of the verifier.
    pub fn name(&self) -> &'static str {
        self.entrant.name
    }

    /// Whether a second batch of the same length does the same, so that allocations can be counted.
    pub fn repeats_itself(&self) -> bool {
        matches!(self.tokens, Tokens::Same(_))
    }

    /// How long `times` verifications take.
    ///
    /// # Panics
    /// When one of them ends otherwise than it should: its time would mean nothing.
    pub fn run(&self, times: u64) -> Duration {
        let run = self.entrant.run(&self.tokens.take(times), times);
        let expected = match self.expected {
            Answer::Accepted => times,
            Answer::Refused => 0,
        };
        assert_eq!(
            run.accepted, expected,
            "{} did not accept as many of {times} tokens as it should",
            self.entrant.name
        );
        run.took
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("name", &self.entrant.name)
            .field("expected", &self.expected)
            .finish_non_exhaustive()
    }
}
