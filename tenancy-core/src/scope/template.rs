//! `Template`, what becomes of a statement whatever is bound to it.

use std::sync::Arc;

use sea_query::{Value, Values};

use super::scoping::Scoping;

/// The scoped text, the same for each tenant and each value.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) sql: Arc<str>,
    pub(super) bindings: Vec<Binding>,
}

/// What is done for a parameter, in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    /// The next value of the statement is bound.
    Given,
    /// The next value of the statement is left out: a stamp has taken its place.
    Dropped,
    /// The value of this index among those of the scope is bound.
    Stamp(usize),
}

impl Template {
    /// The values of its parameters: those of the statement and those of the scope.
    pub(super) fn bind(&self, given: Vec<Value>, scoping: &Scoping<'_>) -> Values {
        let mut given = given.into_iter();
        let mut values = Vec::with_capacity(self.bindings.len());
        for binding in &self.bindings {
            match binding {
                Binding::Given => values.extend(given.next()),
                Binding::Dropped => drop(given.next()),
                Binding::Stamp(index) => {
                    values.extend(scoping.stamp(*index).map(|stamp| stamp.value()));
                }
            }
        }
        Values(values)
    }
}
