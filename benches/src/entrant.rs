//! `Entrant`, a verifier that is ready to be timed, and the loops in which that happens.

use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task;

use crate::measure::time;

/// A verifier that is a plain call.
pub(crate) trait Verify: 'static {
    /// What it takes, made of the text of a token before the clock runs.
    type Presented<'t>;

    fn present<'t>(&self, token: &'t str) -> Self::Presented<'t>;

    fn accepts(&self, presented: &Self::Presented<'_>) -> bool;
}

/// A verifier that is a future.
pub(crate) trait VerifyLater: 'static {
    /// As of [`Verify`].
    type Presented<'t>;

    fn present<'t>(&self, token: &'t str) -> Self::Presented<'t>;

    async fn accepts(&self, presented: &Self::Presented<'_>) -> bool;
}

/// A verifier under the name by which the results call it.
#[derive(Clone)]
pub(crate) struct Entrant {
    pub(crate) name: &'static str,
    batch: Rc<Batch>,
}

/// Shows the tokens, again from the first when they are used up, until so many were shown.
type Batch = dyn Fn(&[String], u64) -> Run;

/// How a batch went.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    pub(crate) accepted: u64,
    pub(crate) took: Duration,
}

impl Entrant {
    pub(crate) fn new(name: &'static str, verifier: impl Verify) -> Self {
        let batch = move |tokens: &[String], times| {
            let presented: Vec<_> = tokens.iter().map(|text| verifier.present(text)).collect();
            let (accepted, took) = time(|| {
                let mut accepted = 0;
                for token in turns(&presented, times) {
                    accepted += u64::from(verifier.accepts(black_box(token)));
                }
                accepted
            });
            Run { accepted, took }
        };
        Self {
            name,
            batch: Rc::new(batch),
        }
    }

    /// Enters `runtime` once a batch, so that all futures pay the same for it: next to nothing. Without
    /// tokio's budget, which interrupts whoever takes more than 128 locks between two awaits: a service
    /// takes one or two per request.
    pub(crate) fn later(
        name: &'static str,
        runtime: &Rc<Runtime>,
        verifier: impl VerifyLater,
    ) -> Self {
        let runtime = Rc::clone(runtime);
        let batch = move |tokens: &[String], times| {
            let presented: Vec<_> = tokens.iter().map(|text| verifier.present(text)).collect();
            let shown = task::unconstrained(async {
                let mut accepted = 0;
                for token in turns(&presented, times) {
                    accepted += u64::from(verifier.accepts(black_box(token)).await);
                }
                accepted
            });
            let (accepted, took) = time(|| runtime.block_on(shown));
            Run { accepted, took }
        };
        Self {
            name,
            batch: Rc::new(batch),
        }
    }

    /// Shows `tokens` in turn, `times` in all.
    pub(crate) fn run(&self, tokens: &[String], times: u64) -> Run {
        (self.batch)(tokens, times)
    }

    pub(crate) fn accepts(&self, token: &str) -> bool {
        self.run(&[token.to_owned()], 1).accepted == 1
    }
}

fn turns<T>(items: &[T], times: u64) -> impl Iterator<Item = &T> {
    let times = usize::try_from(times).unwrap_or(usize::MAX);
    items.iter().cycle().take(times)
}
