//! `Shapes`, the statements that were proved before.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::mem::Discriminant;
use std::sync::{Arc, OnceLock};

use quick_cache::Weighter;
use quick_cache::sync::{Cache, DefaultLifecycle};

use super::scoping::ProjectLevel;
use super::template::Template;

/// Longer statements are read each time: a few of them would push out many.
pub(super) const MAX_SQL_BYTES: usize = 64 << 10;

/// How much memory the statements of a catalogue take at most.
pub(super) const MAX_BYTES: u64 = 8 << 20;

/// Makes four parts of the cache. Each has its own lock and its share of the memory, in which the longest statement has
/// to fit.
const ESTIMATED_STATEMENTS: usize = 128;

/// What the template of a statement depends on, beside the catalogue. Values are not among it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shape {
    pub(super) sql: String,
    /// Where the placeholders of parameters stand in it.
    pub(super) places: Vec<usize>,
    /// Tables that a DELETE reads beside its target.
    pub(super) using: Vec<String>,
    /// Whether there is a project, whichever it is.
    pub(super) project: Discriminant<ProjectLevel>,
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

/// Not of moka, to whose cache a new entry costs more than to read the statement.
type Templates = Cache<Shape, Arc<Template>, Bytes, foldhash::quality::RandomState>;

impl Shapes {
    pub(super) fn get(&self, shape: &Shape) -> Option<Arc<Template>> {
        if shape.sql.len() > MAX_SQL_BYTES {
            return None;
        }
        self.0.get()?.get(shape)
    }

    pub(super) fn insert(&self, shape: Shape, template: Arc<Template>) {
        if shape.sql.len() > MAX_SQL_BYTES {
            return;
        }
        let new = || {
            Cache::with(
                ESTIMATED_STATEMENTS,
                MAX_BYTES,
                Bytes,
                foldhash::quality::RandomState::default(),
                DefaultLifecycle::default(),
            )
        };
        self.0.get_or_init(new).insert(shape, template);
    }
}

/// Weighs in bytes, with what the cache itself needs for an entry.
#[derive(Debug, Clone)]
pub(super) struct Bytes;

impl Weighter<Shape, Arc<Template>> for Bytes {
    fn weight(&self, shape: &Shape, template: &Arc<Template>) -> u64 {
        const ENTRY: usize = 256;
        let using: usize = shape.using.iter().map(String::capacity).sum();
        let parameters = 8 * shape.places.capacity() + 16 * template.bindings.capacity();
        let bytes = ENTRY + shape.sql.capacity() + using + template.sql.len() + parameters;
        bytes as u64
    }
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
        let known = self.0.get().map_or(0, Cache::len);
        f.debug_tuple("Shapes").field(&known).finish()
    }
}
