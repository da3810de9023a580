//! What the library counts while something is done: read through the `metrics` facade, as an operator would.

use std::collections::BTreeMap;
use std::future::Future;

use metrics_util::debugging::{DebugValue, DebuggingRecorder};

/// Counters by name and value of their label.
#[derive(Debug)]
pub(crate) struct Counts(BTreeMap<(String, String), u64>);

impl Counts {
    pub(crate) fn of(&self, name: &str, label: &str) -> u64 {
        let key = (name.to_owned(), label.to_owned());
        self.0.get(&key).copied().unwrap_or_default()
    }

    pub(crate) fn cache(&self, event: &str) -> u64 {
        self.of("tenancy_token_cache_total", event)
    }
}

/// Awaits `work` and returns what was counted meanwhile on this thread. For runtimes of one thread.
pub(crate) async fn counting<F: Future>(work: F) -> (F::Output, Counts) {
    let recorder = DebuggingRecorder::new();
    let output = {
        let _recording = metrics::set_default_local_recorder(&recorder);
        work.await
    };
    let counters = recorder.snapshotter().snapshot().into_vec().into_iter();
    let counts = counters.map(|(key, _, _, value)| {
        let (_, key) = key.into_parts();
        let label = key.labels().next().map_or("", |label| label.value());
        let DebugValue::Counter(count) = value else {
            panic!("{key} is no counter");
        };
        ((key.name().to_owned(), label.to_owned()), count)
    });
    (output, Counts(counts.collect()))
}
