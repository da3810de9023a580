//! `Template`, what becomes of a statement whatever is bound to it.

use std::sync::Arc;

use sea_query::{Value, Values};

use super::edits::{Among, Edits, Insert};
use super::output::assemble;
use super::reader::{Place, Read, Reader, Reading};
use super::scoping::Scoping;
use super::shapes::Shape;
use super::text::tokens;
use super::{Dialect, ScopeError};

/// The scoped text, the same for each tenant and each value.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) sql: Arc<str>,
    pub(super) bindings: Vec<Binding>,
}

/// What is done for parameters, in the order of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Binding {
    /// So many of the values of the statement are bound.
    Given(usize),
    /// The next value of the statement is left out: a stamp has taken its place.
    Dropped,
    /// The value of this index among those of the scope is bound.
    Stamp(usize),
}

impl Template {
    /// What becomes of a statement, and whether that is so whatever values are bound to it.
    pub(super) fn of(
        shape: &Shape,
        values: &[Value],
        scoping: &Scoping<'_>,
    ) -> Result<(Self, bool), ScopeError> {
        let Shape { sql, places, .. } = shape;
        let tokens = tokens(sql, places, scoping.dialect())?;
        let Reading {
            mut reads,
            locks,
            mut edits,
            with,
            holds_for_all_values,
        } = Reader::read(shape, values, &tokens, scoping)?;
        // A row lock stops at a common table expression, without a word, and MySQL has none in an INSERT. A name with
        // its schema goes past it.
        let all_in_place = locks || scoping.dialect() == Dialect::MySql;
        reads.retain(|read| {
            let in_place = all_in_place || read.is_qualified;
            if in_place {
                scope_in_place(read, &mut edits);
            }
            !in_place
        });
        add_expressions(reads, with, &mut edits);
        let template = assemble(sql, places, edits, scoping);
        Ok((template, holds_for_all_values))
    }

    /// The values of its parameters: those of the statement and those of the scope.
    pub(super) fn bind(&self, mut given: Vec<Value>, scoping: &Scoping<'_>) -> Values {
        let stamp = |index: usize| scoping.stamp(index).map(|stamp| stamp.value());
        // Most statements have one stamp, which comes first.
        if let [Binding::Stamp(index), Binding::Given(_)] = *self.bindings {
            given.splice(0..0, stamp(index));
            return Values(given);
        }
        let mut given = given.into_iter();
        let mut values = Vec::with_capacity(given.len() + 2);
        for binding in &self.bindings {
            match binding {
                Binding::Given(count) => values.extend(given.by_ref().take(*count)),
                Binding::Dropped => drop(given.next()),
                Binding::Stamp(index) => values.extend(stamp(*index)),
            }
        }
        Values(values)
    }
}

/// Puts the tenant's rows where the table stands.
fn scope_in_place<'a>(read: &Read<'a>, edits: &mut Edits<'a>) {
    edits.replace(read.place, Insert::Rows(read.table));
    if !read.has_alias {
        edits.text(read.place.0, " AS ");
        edits.name(read.place.0, read.table.name());
    }
}

/// Calls the tenant's rows by the name of the table, once for each.
fn add_expressions<'a>(mut reads: Vec<Read<'a>>, with: Place, edits: &mut Edits<'a>) {
    reads.sort_by_key(|read| read.table.name());
    reads.dedup_by_key(|read| read.table.name());
    let (at, is_new) = match with {
        Place::New => (0, true),
        Place::Before(at) => (at, false),
    };
    for (index, read) in reads.iter().enumerate() {
        let among = Among {
            begins: is_new && index == 0,
            ends: is_new && index + 1 == reads.len(),
        };
        edits.insert(at, Insert::Expression(read.table, among));
    }
}
