//! `Shapes`, the statements that were proved before.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

use moka::sync::Cache;

use super::template::Template;

/// Longer statements are read each time: a few of them would push out many.
const MAX_SQL_BYTES: usize = 4 * 1024;

/// How much memory the statements of a catalogue take at most. Half a kilobyte is a usual one.
const MAX_BYTES: u64 = 4 << 20;

/// What the template of a statement depends on, beside the catalogue. Values are not among it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) sql: String,
    /// Where the placeholders of parameters stand in it.
    pub(super) places: Vec<usize>,
    /// Tables that a DELETE reads beside its target.
    pub(super) using: Vec<String>,
    pub(super) project: ProjectKind,
}

/// Whether there is a project, whichever it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ProjectKind {
    Unknown,
    One,
    All,
}

/// The text is all but unique. Equality looks at the rest.
impl Hash for Shape {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.sql.hash(state);
    }
}

/// What became of the statements that were scoped with a catalogue, so that one of the same shape is not read again.
///
/// It belongs to what the catalogue says: a catalogue that is changed begins with an empty one.
#[derive(Clone, Default)]
pub(super) struct Shapes(Arc<OnceLock<Templates>>);

type Templates = Cache<Shape, Arc<Template>, foldhash::quality::RandomState>;

impl Shapes {
    pub(super) fn get(&self, shape: &Shape) -> Option<Arc<Template>> {
        self.0.get()?.get(shape)
    }

    pub(super) fn insert(&self, shape: Shape, template: Arc<Template>) {
        if shape.sql.len() > MAX_SQL_BYTES {
            return;
        }
        let new = || {
            Cache::builder()
                .max_capacity(MAX_BYTES)
                .weigher(weight)
                .build_with_hasher(foldhash::quality::RandomState::default())
        };
        self.0.get_or_init(new).insert(shape, template);
    }
}

/// In bytes, with what the cache itself needs for an entry.
fn weight(shape: &Shape, template: &Arc<Template>) -> u32 {
    const ENTRY: usize = 256;
    let using: usize = shape.using.iter().map(String::len).sum();
    let parameters = 8 * shape.places.len() + 16 * template.bindings.len();
    let bytes = ENTRY + shape.sql.len() + using + template.sql.len() + parameters;
    bytes.try_into().unwrap_or(u32::MAX)
}

/// Two catalogues that say the same are the same, whatever was scoped with them.
impl PartialEq for Shapes {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for Shapes {}

impl fmt::Debug for Shapes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = self.0.get().map_or(0, Cache::entry_count);
        f.debug_tuple("Shapes").field(&known).finish()
    }
}
