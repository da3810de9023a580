//! The text of a scoped statement, made of what sea-query wrote and of the edits to it.

use std::iter::Peekable;
use std::vec;

use sea_query::{Value, Values};

use super::edits::{Edit, Edits, Insert};
use super::scoping::{Scoping, Stamp};
use super::text::Parameter;
use super::{Dialect, TenantTable};

/// The edited text and its parameters.
///
/// Where parameters have numbers, a stamp is one, however often it stands there, and the stamps come first: a
/// statement has the same text whatever is bound to it.
pub(super) fn assemble(
    sql: &str,
    parameters: Vec<Parameter>,
    edits: Edits<'_>,
    scoping: &Scoping<'_>,
) -> (String, Values) {
    let edits = edits.in_order();
    let stamps = scoping.stamps().len();
    let mut output = Output {
        sql: String::with_capacity(sql.len() + 4 * parameters.len() + 96 * edits.len().min(4)),
        values: Vec::with_capacity(parameters.len() + stamps),
        scoping,
        dialect: scoping.dialect(),
        numbers: [None; 2],
    };
    output.number_stamps(&edits);
    let mut source = Source {
        sql,
        at: 0,
        parameters: parameters.into_iter().peekable(),
    };
    for Edit { at, until, insert } in &edits {
        source.copy_to(*at, &mut output);
        output.insert(insert);
        source.skip_to(*until);
    }
    source.copy_to(sql.len(), &mut output);
    (output.sql, Values(output.values))
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
            output.copy(self.sql, self.at, at);
            output.parameter(value);
            self.at = at + 1;
        }
        output.copy(self.sql, self.at, end);
        self.at = self.at.max(end);
    }

    fn skip_to(&mut self, end: usize) {
        self.at = self.at.max(end);
        while self.parameters.next_if(|next| next.at < end).is_some() {}
    }
}

struct Output<'a> {
    sql: String,
    values: Vec<Value>,
    scoping: &'a Scoping<'a>,
    dialect: Dialect,
    /// The numbers of the parameters that are stamps.
    numbers: [Option<usize>; 2],
}

impl Output<'_> {
    fn number_stamps(&mut self, edits: &[Edit<'_>]) {
        if self.dialect != Dialect::Postgres {
            return;
        }
        let scoping = self.scoping;
        let stamps = scoping.stamps().iter().enumerate();
        for ((index, stamp), number) in stamps.zip(&mut self.numbers) {
            let is_used = |edit: &Edit<'_>| match &edit.insert {
                Insert::Stamp(stamp) | Insert::Item(stamp) => *stamp == index,
                Insert::Rows(table) | Insert::Condition(table, _) => {
                    scoping.columns(table).count() > index
                }
                Insert::Text(_) | Insert::Name(_) | Insert::Table(_) => false,
            };
            if edits.iter().any(is_used) {
                self.values.push(stamp.value.clone());
                *number = Some(self.values.len());
            }
        }
    }

    /// Adds a piece of the text that is there. Without a space it would be read as a part of a parameter before it.
    fn copy(&mut self, sql: &str, from: usize, to: usize) {
        let text = sql.get(from..to).unwrap_or_default();
        let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
        if text.as_bytes().first().is_some_and(is_word)
            && self.sql.as_bytes().last().is_some_and(is_word)
        {
            self.sql.push(' ');
        }
        self.sql.push_str(text);
    }

    fn insert(&mut self, insert: &Insert<'_>) {
        match insert {
            Insert::Text(text) => self.sql.push_str(text),
            Insert::Name(name) => self.name(name),
            Insert::Stamp(index) => self.stamp(*index),
            Insert::Item(index) => {
                self.sql.push_str(", ");
                self.stamp(*index);
            }
            Insert::Table(table) => self.table(table),
            Insert::Rows(table) => {
                self.sql.push_str("(SELECT * FROM ");
                self.table(table);
                self.sql.push_str(" WHERE ");
                self.condition(table, None);
                self.sql.push(')');
            }
            Insert::Condition(table, qualifier) => self.condition(table, qualifier.as_deref()),
        }
    }

    fn name(&mut self, name: &str) {
        self.dialect.write_name(&mut self.sql, name);
    }

    /// With its schema: neither `search_path` nor a temporary table gets in between.
    fn table(&mut self, table: &TenantTable) {
        if let Some(schema) = table.schema_in(self.dialect) {
            self.name(schema);
            self.sql.push('.');
        }
        self.name(table.name());
    }

    fn condition(&mut self, table: &TenantTable, qualifier: Option<&str>) {
        for (stamp, column) in self.scoping.columns(table).enumerate() {
            if stamp > 0 {
                self.sql.push_str(" AND ");
            }
            if let Some(qualifier) = qualifier {
                self.name(qualifier);
                self.sql.push('.');
            }
            self.name(column);
            self.sql.push_str(" = ");
            self.stamp(stamp);
            self.compare_bytes(stamp, column, qualifier);
        }
    }

    /// A column may compare texts without regard to case or accents, in MySQL unless it says otherwise. Tenants differ
    /// when a byte does.
    fn compare_bytes(&mut self, stamp: usize, column: &str, qualifier: Option<&str>) {
        let stamps = self.scoping.stamps();
        if !stamps.get(stamp).is_some_and(|stamp| stamp.is_text) {
            return;
        }
        match self.dialect {
            // A collation of Postgres that does so is found by the doctor, and none does by default.
            Dialect::Postgres => {}
            Dialect::Sqlite => self.sql.push_str(" COLLATE BINARY"),
            // Beside the other comparison, which the index serves.
            Dialect::MySql => {
                self.sql.push_str(" AND CAST(");
                if let Some(qualifier) = qualifier {
                    self.name(qualifier);
                    self.sql.push('.');
                }
                self.name(column);
                self.sql.push_str(" AS BINARY) = ");
                self.stamp(stamp);
            }
        }
    }

    fn parameter(&mut self, value: Value) {
        self.values.push(value);
        self.placeholder(self.values.len());
    }

    fn stamp(&mut self, index: usize) {
        let Some(Stamp { value, cast, .. }) = self.scoping.stamps().get(index) else {
            return;
        };
        if cast.is_some() {
            self.sql.push_str("CAST(");
        }
        match self.numbers.get(index).copied().flatten() {
            Some(number) => self.placeholder(number),
            None => self.parameter(value.clone()),
        }
        if let Some(cast) = cast {
            self.sql.push_str(" AS ");
            self.sql.push_str(cast);
            self.sql.push(')');
        }
    }

    fn placeholder(&mut self, number: usize) {
        self.sql.push(self.dialect.placeholder());
        if self.dialect == Dialect::Postgres {
            self.sql.push_str(itoa::Buffer::new().format(number));
        }
    }
}
