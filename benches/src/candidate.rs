//! `Candidate`, one of the things that a comparison times.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use crate::Failure;

/// Something that can be done over and over, with an answer that is known each time.
#[derive(Clone)]
pub struct Candidate {
    name: &'static str,
    batch: Rc<Batch>,
    repeats_itself: bool,
}

/// Does it so many times.
type Batch = dyn Fn(u64) -> Result<Run, Failure>;

/// How a batch went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// How many answers were as they should be.
    pub(crate) right: u64,
    pub(crate) took: Duration,
}

impl Candidate {
    pub(crate) fn new(
        name: &'static str,
        batch: impl Fn(u64) -> Result<Run, Failure> + 'static,
    ) -> Self {
        Self {
            name,
            batch: Rc::new(batch),
            repeats_itself: true,
        }
    }

    /// Says that no batch does the same as another.
    pub(crate) fn varied(mut self) -> Self {
        self.repeats_itself = false;
        self
    }

    /// The name by which the results call it.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Whether a second batch of the same length does the same, so that allocations can be counted.
    pub fn repeats_itself(&self) -> bool {
        self.repeats_itself
    }

    /// How long it takes, done `times` times.
    ///
    /// # Panics
    /// When it fails or gives a wrong answer: its time would mean nothing.
    pub fn run(&self, times: u64) -> Duration {
        let name = self.name;
        match (self.batch)(times) {
            Ok(Run { right, took }) => {
                assert_eq!(
                    right, times,
                    "{name} did not give as many right answers as it was asked for"
                );
                took
            }
            #[expect(clippy::panic, reason = "a benchmark ends at the first failure")]
            Err(error) => panic!("{name} failed: {error}"),
        }
    }
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "right answers")]
    fn a_wrong_answer_is_not_timed() {
        let batch = |times: u64| {
            Ok(Run {
                right: times - 1,
                took: Duration::ZERO,
            })
        };
        Candidate::new("wrong", batch).run(2);
    }
}
