//! All spans and events of a service and all that it counts, by a subscriber and a recorder for its threads.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use crate::attention;

pub(super) type Fields = BTreeMap<String, String>;

/// What was heard. Clones share it.
#[derive(Clone, Default)]
pub(super) struct Heard {
    all: Arc<Mutex<All>>,
    recorder: Arc<DebuggingRecorder>,
}

#[derive(Default)]
struct All {
    spans: Vec<Span>,
    events: Vec<Said>,
}

#[derive(Debug, Clone)]
pub(super) struct Span {
    id: u64,
    pub(super) target: &'static str,
    pub(super) fields: Fields,
    pub(super) is_closed: bool,
}

/// An event, and the fields of all spans around it.
#[derive(Debug, Clone)]
pub(super) struct Said {
    pub(super) target: &'static str,
    pub(super) fields: Fields,
    pub(super) within: Fields,
}

impl Heard {
    /// Hears what is done on this thread from now on, for as long as the thread runs.
    pub(super) fn listen(&self) {
        attention::ask_each_time();
        let subscriber = tracing_subscriber::registry().with(Ears(Arc::clone(&self.all)));
        std::mem::forget(tracing::subscriber::set_default(subscriber));
        let recorder: &'static DebuggingRecorder = Box::leak(Box::new(Arc::clone(&self.recorder)));
        std::mem::forget(metrics::set_default_local_recorder(recorder));
    }

    /// The spans of requests, in the order of their beginning.
    pub(super) fn requests(&self) -> Vec<Span> {
        let spans = self.all.lock().unwrap().spans.clone().into_iter();
        spans.filter(|it| it.target == "tenancy::request").collect()
    }

    pub(super) fn events(&self, message: &str) -> Vec<Said> {
        let events = self.all.lock().unwrap().events.clone().into_iter();
        let is_it = |it: &Said| it.fields.get("message").is_some_and(|it| it == message);
        events.filter(is_it).collect()
    }

    /// All that was said, as text.
    pub(super) fn text(&self) -> String {
        let all = self.all.lock().unwrap();
        format!("{:?} {:?}", all.spans, all.events)
    }

    /// The counters of this name, by the values of their labels in the order of the labels' names.
    pub(super) fn counts(&self, name: &str) -> BTreeMap<Vec<String>, u64> {
        let counters = self.recorder.snapshotter().snapshot().into_vec();
        let named = counters.into_iter().filter_map(|(key, _, _, value)| {
            let (_, key) = key.into_parts();
            let DebugValue::Counter(count) = value else {
                panic!("{key} is no counter");
            };
            let mut labels: Vec<_> = key.labels().collect();
            labels.sort_by_key(|label| label.key());
            let labels = labels.into_iter().map(|it| it.value().to_owned());
            (key.name() == name).then(|| (labels.collect(), count))
        });
        named.collect()
    }
}

struct Ears(Arc<Mutex<All>>);

impl<S: Subscriber + for<'l> LookupSpan<'l>> Layer<S> for Ears {
    fn on_new_span(&self, span: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        let mut fields = Noted::default();
        span.record(&mut fields);
        let span = Span {
            id: id.into_u64(),
            target: span.metadata().target(),
            fields: fields.0,
            is_closed: false,
        };
        let mut all = self.0.lock().unwrap();
        // Ids are used again when their span is closed.
        let place = all.spans.len();
        all.spans.push(span);
        drop(all);
        context.span(id).unwrap().extensions_mut().insert(place);
    }

    fn on_record(&self, id: &Id, values: &Record<'_>, context: Context<'_, S>) {
        let place = place(id, &context);
        let mut fields = Noted::default();
        values.record(&mut fields);
        self.0.lock().unwrap().spans[place].fields.extend(fields.0);
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        let mut fields = Noted::default();
        event.record(&mut fields);
        let around = context.event_scope(event).into_iter().flatten();
        let around: Vec<usize> = around.map(|span| place(&span.id(), &context)).collect();
        let mut all = self.0.lock().unwrap();
        let within = around
            .into_iter()
            .flat_map(|place| all.spans[place].fields.clone());
        let said = Said {
            target: event.metadata().target(),
            fields: fields.0,
            within: within.collect(),
        };
        all.events.push(said);
    }

    fn on_close(&self, id: Id, context: Context<'_, S>) {
        let place = place(&id, &context);
        let mut all = self.0.lock().unwrap();
        assert_eq!(all.spans[place].id, id.into_u64());
        all.spans[place].is_closed = true;
    }
}

fn place<S: Subscriber + for<'l> LookupSpan<'l>>(id: &Id, context: &Context<'_, S>) -> usize {
    let span = context.span(id).unwrap();
    let place = span.extensions().get::<usize>().copied();
    place.unwrap()
}

#[derive(Default)]
struct Noted(Fields);

impl Visit for Noted {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}
