//! `Edits`, what is put into the text of a statement and taken out of it.

use std::borrow::Cow;

use super::TenantTable;

/// What is put in.
#[derive(Debug, Clone)]
pub(super) enum Insert<'a> {
    Text(&'static str),
    /// A name, which is quoted.
    Name(Cow<'a, str>),
    /// A parameter: the value of this index among those of the scope.
    Stamp(usize),
    /// The same as one more item of a list.
    Item(usize),
    /// The table, with its schema.
    Table(&'a TenantTable),
    /// The rows of the table that are within the scope, as a query in parentheses.
    Rows(&'a TenantTable),
    /// The same as a common table expression of the name of the table.
    Expression(&'a TenantTable, Among),
    /// That a row of the table, which may be called something else, is within the scope.
    Condition(&'a TenantTable, Option<Cow<'a, str>>),
}

/// Where a common table expression stands among those of its statement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Among {
    /// It is the first, and no `WITH` is there.
    pub(super) begins: bool,
    /// The statement comes next.
    pub(super) ends: bool,
}

/// Changes to a text. Those at one place come in the order in which they were made.
#[derive(Debug)]
pub(super) struct Edits<'a>(Vec<Edit<'a>>);

#[derive(Debug)]
pub(super) struct Edit<'a> {
    pub(super) at: usize,
    /// The end of what is taken out.
    pub(super) until: usize,
    pub(super) insert: Insert<'a>,
}

impl<'a> Edits<'a> {
    pub(super) fn new() -> Self {
        // Most statements have fewer.
        Self(Vec::with_capacity(8))
    }

    pub(super) fn text(&mut self, at: usize, text: &'static str) {
        self.insert(at, Insert::Text(text));
    }

    pub(super) fn name(&mut self, at: usize, name: impl Into<Cow<'a, str>>) {
        self.insert(at, Insert::Name(name.into()));
    }

    pub(super) fn insert(&mut self, at: usize, insert: Insert<'a>) {
        self.replace((at, at), insert);
    }

    /// Takes out what stands between `at` and `until`, with its parameters.
    pub(super) fn replace(&mut self, (at, until): (usize, usize), insert: Insert<'a>) {
        self.0.push(Edit { at, until, insert });
    }

    /// From front to back.
    pub(super) fn in_order(mut self) -> Vec<Edit<'a>> {
        self.0.sort_by_key(|edit| edit.at);
        self.0
    }
}
