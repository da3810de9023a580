//! Lets the subscriber of a thread hear everything, whatever other threads do.

use std::sync::LazyLock;

use tracing::span::{Attributes, Id, Record};
use tracing::subscriber::Interest;
use tracing::{Dispatch, Event, Metadata, Subscriber};

/// Makes `tracing` ask each time whether anybody listens.
///
/// Otherwise it asks once for each place that says something, and remembers the answer for all threads: while there is one
/// subscriber in the process, it asks the thread that happens to come first, which may have none.
pub(crate) fn ask_each_time() {
    static UNDECIDED: LazyLock<[Dispatch; 2]> =
        LazyLock::new(|| [Dispatch::new(Undecided), Dispatch::new(Undecided)]);
    LazyLock::force(&UNDECIDED);
}

struct Undecided;

impl Subscriber for Undecided {
    fn register_callsite(&self, _: &'static Metadata<'static>) -> Interest {
        Interest::sometimes()
    }

    fn enabled(&self, _: &Metadata<'_>) -> bool {
        false
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {}

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}
