//! `Draft`, a statement as sea-query writes it, before its parameters have numbers.

use std::fmt;

use sea_query::{QueryBuilder, SqlWriter, Value};

/// The text and, apart from it, its parameters. Each stands in the text as a single `$` or `?`, and where it
/// stands is kept: a fragment that brings a placeholder of its own is thereby told from a parameter.
#[derive(Debug)]
pub(in crate::scope) struct Draft {
    pub(in crate::scope) sql: String,
    pub(in crate::scope) parameters: Vec<Parameter>,
    placeholder: char,
}

#[derive(Debug)]
pub(in crate::scope) struct Parameter {
    /// The offset of its placeholder in bytes.
    pub(in crate::scope) at: usize,
    pub(in crate::scope) value: Value,
}

impl Draft {
    pub(in crate::scope) fn new(placeholder: char) -> Self {
        Self {
            sql: String::with_capacity(256),
            parameters: Vec::with_capacity(8),
            placeholder,
        }
    }
}

impl SqlWriter for Draft {
    fn push_param<T: QueryBuilder>(&mut self, value: Value, _: &T) {
        let at = self.sql.len();
        self.parameters.push(Parameter { at, value });
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
