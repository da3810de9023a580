//! `Draft`, a statement as sea-query writes it, before its parameters have numbers.

use std::fmt;

use sea_query::{QueryBuilder, SqlWriter, Value};

/// The text and, apart from it, the values of its parameters. Each stands in the text as a single `$` or `?`, and where
/// it stands is kept: a fragment that brings a placeholder of its own is thereby told from a parameter.
#[derive(Debug)]
pub(in crate::scope) struct Draft {
    pub(in crate::scope) sql: String,
    pub(in crate::scope) values: Vec<Value>,
    /// The offset of the placeholder of each value in bytes, from front to back.
    pub(in crate::scope) places: Vec<usize>,
    placeholder: char,
}

impl Draft {
    pub(in crate::scope) fn new(placeholder: char) -> Self {
        Self {
            sql: String::with_capacity(256),
            values: Vec::with_capacity(8),
            places: Vec::with_capacity(8),
            placeholder,
        }
    }
}

impl SqlWriter for Draft {
    fn push_param<T: QueryBuilder>(&mut self, value: Value, _: &T) {
        self.values.push(value);
        self.places.push(self.sql.len());
        self.sql.push(self.placeholder);
    }

    fn as_writer(&mut self) -> &mut dyn fmt::Write {
        self
    }
}

impl fmt::Write for Draft {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.sql.push_str(text);
        Ok(())
    }
}

impl fmt::Display for Draft {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.sql)
    }
}
