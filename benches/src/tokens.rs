//! `Tokens`, what a verifier is shown, which makes a candidate of it.

use std::rc::Rc;

use crate::candidate::{Candidate, Run};
use crate::entrant::Entrant;
use crate::specimen::{Algorithm, Specimen};

/// What a verifier is shown.
#[derive(Clone)]
pub(crate) enum Tokens {
    /// One token over and over.
    Same(Rc<[String]>),
    /// A token that was never seen before, each time.
    Distinct(Rc<Specimen>, Algorithm),
}

/// What a verifier must say to each of its tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    Accepted,
    Refused,
}

impl Tokens {
    pub(crate) fn same(token: String) -> Self {
        Self::Same(Rc::new([token]))
    }

    /// `entrant`, which is shown these and must answer as `expected`.
    pub(crate) fn shown_to(&self, entrant: Entrant, expected: Answer) -> Candidate {
        let tokens = self.clone();
        let candidate = Candidate::new(entrant.name, move |times| {
            let run = entrant.run(&tokens.take(times), times);
            let right = match expected {
                Answer::Accepted => run.accepted,
                Answer::Refused => times - run.accepted,
            };
            Ok(Run {
                right,
                took: run.took,
            })
        });
        match self {
            Self::Same(_) => candidate,
            Self::Distinct(..) => candidate.varied(),
        }
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
