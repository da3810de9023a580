//! The text of a scoped statement, made of what sea-query wrote and of the edits to it.

use super::edits::{Among, Edit, Edits, Insert};
use super::scoping::Scoping;
use super::template::{Binding, Template};
use super::{Dialect, TenantTable};

/// The edited text, and what is bound to it. `places` are where parameters stand in `sql`.
///
/// Where parameters have numbers, a stamp is one, however often it stands there, and the stamps come first: a
/// statement has the same text whatever is bound to it.
pub(super) fn assemble(
    sql: &str,
    places: &[usize],
    edits: Edits<'_>,
    scoping: &Scoping<'_>,
) -> Template {
    let edits = edits.in_order();
    let mut output = Output {
        sql: String::with_capacity(sql.len() + 4 * places.len() + 96 * edits.len().min(4)),
        bindings: Vec::with_capacity(4),
        parameters: 0,
        scoping,
        dialect: scoping.dialect(),
        numbers: [None; 2],
    };
    output.number_stamps(&edits);
    let mut source = Source { sql, at: 0, places };
    for Edit { at, until, insert } in &edits {
        source.copy_to(*at, &mut output);
        output.insert(insert);
        source.skip_to(*until, &mut output);
    }
    source.copy_to(sql.len(), &mut output);
    Template {
        sql: output.sql.into(),
        bindings: output.bindings,
    }
}

/// The text that is there, read from front to back.
struct Source<'a> {
    sql: &'a str,
    at: usize,
    /// Where the parameters stand that have not been read yet.
    places: &'a [usize],
}

impl Source<'_> {
    fn copy_to(&mut self, end: usize, output: &mut Output<'_>) {
        while let Some(place) = self.next_place(end) {
            output.copy(self.sql, self.at, place);
            output.given();
            self.at = place + 1;
        }
        output.copy(self.sql, self.at, end);
        self.at = self.at.max(end);
    }

    fn skip_to(&mut self, end: usize, output: &mut Output<'_>) {
        self.at = self.at.max(end);
        while self.next_place(end).is_some() {
            output.bindings.push(Binding::Dropped);
        }
    }

    /// Where the next parameter stands, if that is before `end`.
    fn next_place(&mut self, end: usize) -> Option<usize> {
        let (place, later) = self.places.split_first()?;
        if *place >= end {
            return None;
        }
        self.places = later;
        Some(*place)
    }
}

struct Output<'a> {
    sql: String,
    bindings: Vec<Binding>,
    /// How many have a place in the text.
    parameters: usize,
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
        for (index, number) in self.numbers.iter_mut().enumerate() {
            let is_used = |edit: &Edit<'_>| match &edit.insert {
                Insert::Stamp(stamp) | Insert::Item(stamp) => *stamp == index,
                Insert::Rows(table)
                | Insert::Expression(table, _)
                | Insert::Condition(table, _) => scoping.columns(table).count() > index,
                Insert::Text(_) | Insert::Name(_) | Insert::Table(_) => false,
            };
            if edits.iter().any(is_used) {
                self.bindings.push(Binding::Stamp(index));
                self.parameters += 1;
                *number = Some(self.parameters);
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
            Insert::Rows(table) => self.rows(table),
            Insert::Expression(table, Among { begins, ends }) => {
                self.sql.push_str(if *begins { "WITH " } else { "" });
                self.name(table.name());
                self.sql.push_str(" AS NOT MATERIALIZED ");
                self.rows(table);
                self.sql.push_str(if *ends { " " } else { ", " });
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

    fn rows(&mut self, table: &TenantTable) {
        self.sql.push_str("(SELECT * FROM ");
        self.table(table);
        self.sql.push_str(" WHERE ");
        self.condition(table, None);
        self.sql.push(')');
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
        if !self
            .scoping
            .stamp(stamp)
            .is_some_and(|stamp| stamp.is_text())
        {
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

    fn stamp(&mut self, index: usize) {
        let Some(stamp) = self.scoping.stamp(index) else {
            return;
        };
        let cast = stamp.cast();
        if cast.is_some() {
            self.sql.push_str("CAST(");
        }
        if let Some(number) = self.numbers.get(index).copied().flatten() {
            self.placeholder(number);
        } else {
            self.bindings.push(Binding::Stamp(index));
            self.parameter();
        }
        if let Some(cast) = cast {
            self.sql.push_str(" AS ");
            self.sql.push_str(cast);
            self.sql.push(')');
        }
    }

    fn given(&mut self) {
        if let Some(Binding::Given(count)) = self.bindings.last_mut() {
            *count += 1;
        } else {
            self.bindings.push(Binding::Given(1));
        }
        self.parameter();
    }

    fn parameter(&mut self) {
        self.parameters += 1;
        self.placeholder(self.parameters);
    }

    fn placeholder(&mut self, number: usize) {
        self.sql.push(self.dialect.placeholder());
        if self.dialect == Dialect::Postgres {
            self.sql.push_str(itoa::Buffer::new().format(number));
        }
    }
}
