//! `Edits`, what is put into a text and taken out of it, and the text that comes of it.

use std::borrow::Cow;
use std::iter::Peekable;
use std::vec;

use sea_query::{Value, Values};

use super::draft::{Draft, Parameter};

/// What is put in.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::scope) enum Insert {
    Text(Cow<'static, str>),
    /// The value of this index among those of the scope.
    Stamp(usize),
    /// The same as one more item of a list.
    Item(usize),
}

impl From<&'static str> for Insert {
    fn from(text: &'static str) -> Self {
        Self::Text(Cow::Borrowed(text))
    }
}

impl From<String> for Insert {
    fn from(text: String) -> Self {
        Self::Text(Cow::Owned(text))
    }
}

/// Changes to a text. Those at one place come in the order in which they were made.
#[derive(Debug, Default)]
pub(in crate::scope) struct Edits(Vec<Edit>);

#[derive(Debug)]
struct Edit {
    at: usize,
    /// The end of what is taken out.
    until: usize,
    insert: Insert,
}

/// A value of the scope, such as the tenant, and how a parameter of it is written: `$1` or `CAST($1 AS uuid)`.
#[derive(Debug, Clone)]
pub(in crate::scope) struct Stamp {
    pub(in crate::scope) value: Value,
    pub(in crate::scope) cast: Option<&'static str>,
}

impl Edits {
    pub(in crate::scope) fn insert(&mut self, at: usize, insert: impl Into<Insert>) {
        self.replace(at, at, insert);
    }

    /// Takes out what stands between `at` and `until`, with its parameters.
    pub(in crate::scope) fn replace(&mut self, at: usize, until: usize, insert: impl Into<Insert>) {
        let insert = insert.into();
        self.0.push(Edit { at, until, insert });
    }

    /// The text and its parameters.
    ///
    /// Where parameters have numbers, a stamp is one, however often it stands there, and the stamps come first.
    pub(in crate::scope) fn apply(mut self, draft: Draft, stamps: &[Stamp]) -> (String, Values) {
        self.0.sort_by_key(|edit| edit.at);
        let mut output = Output::new(&draft, stamps, &self.0);
        let mut source = Source {
            sql: &draft.sql,
            at: 0,
            parameters: draft.parameters.into_iter().peekable(),
        };
        for edit in &self.0 {
            source.copy_to(edit.at, &mut output);
            match &edit.insert {
                Insert::Text(text) => output.sql.push_str(text),
                Insert::Stamp(index) => output.stamp(*index),
                Insert::Item(index) => {
                    output.sql.push_str(", ");
                    output.stamp(*index);
                }
            }
            source.skip_to(edit.until);
        }
        source.copy_to(draft.sql.len(), &mut output);
        (output.sql, Values(output.values))
    }
}

/// The text that is there, read from front to back.
struct Source<'a> {
    sql: &'a str,
    at: usize,
    parameters: Peekable<vec::IntoIter<Parameter>>,
}

impl Source<'_> {
    fn copy_to(&mut self, end: usize, output: &mut Output<'_>) {
        while let Some(Parameter { at, value }) = self.parameters.next_if(|next| next.at < end) {
            output
                .sql
                .push_str(self.sql.get(self.at..at).unwrap_or_default());
            output.parameter(value);
            // What is placed behind it without a space would be read as a part of it.
            self.at = at + 1;
            let next = self.sql.as_bytes().get(self.at);
            if next.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_') {
                output.sql.push(' ');
            }
        }
        output
            .sql
            .push_str(self.sql.get(self.at..end).unwrap_or_default());
        self.at = self.at.max(end);
    }

    fn skip_to(&mut self, end: usize) {
        self.at = self.at.max(end);
        while self.parameters.next_if(|next| next.at < self.at).is_some() {}
    }
}

struct Output<'a> {
    sql: String,
    values: Vec<Value>,
    /// `$`, which a number follows, or `?`.
    placeholder: char,
    stamps: &'a [Stamp],
    /// The numbers of the parameters that are stamps.
    numbers: Vec<usize>,
}

impl<'a> Output<'a> {
    fn new(draft: &Draft, stamps: &'a [Stamp], edits: &[Edit]) -> Self {
        let mut values = Vec::with_capacity(draft.parameters.len() + stamps.len());
        let mut numbers = Vec::new();
        if draft.placeholder == '$' {
            for (index, stamp) in stamps.iter().enumerate() {
                let is_used = |edit: &Edit| matches!(edit.insert, Insert::Stamp(at) | Insert::Item(at) if at == index);
                if edits.iter().any(is_used) {
                    values.push(stamp.value.clone());
                }
                numbers.push(values.len());
            }
        }
        Self {
            sql: String::with_capacity(draft.sql.len() + 4 * draft.parameters.len() + 128),
            values,
            placeholder: draft.placeholder,
            stamps,
            numbers,
        }
    }

    fn parameter(&mut self, value: Value) {
        self.values.push(value);
        self.placeholder(self.values.len());
    }

    fn stamp(&mut self, index: usize) {
        let stamps = self.stamps;
        let Some(Stamp { value, cast }) = stamps.get(index) else {
            return;
        };
        let number = self.numbers.get(index).copied();
        let write = |output: &mut Self| match number {
            Some(number) => output.placeholder(number),
            None => output.parameter(value.clone()),
        };
        if let Some(cast) = cast {
            self.sql.push_str("CAST(");
            write(self);
            self.sql.push_str(" AS ");
            self.sql.push_str(cast);
            self.sql.push(')');
        } else {
            write(self);
        }
    }

    fn placeholder(&mut self, number: usize) {
        self.sql.push(self.placeholder);
        if self.placeholder == '$' {
            self.sql.push_str(itoa::Buffer::new().format(number));
        }
    }
}
