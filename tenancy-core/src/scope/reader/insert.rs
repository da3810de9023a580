//! `INSERT`: rows that belong to the tenant by construction.

use std::borrow::Cow;

use sea_query::{PostgresQueryBuilder, QueryBuilder as _, Value};

use super::query::NewRows;
use super::write::Target;
use super::{Reader, WRITE_IT_DIRECTLY};
use crate::scope::edits::Insert;
use crate::scope::text::{Keyword, Kind};
use crate::scope::{ScopeError, TenantTable};

/// The columns of an INSERT.
struct Columns {
    /// How many there are in the statement.
    count: usize,
    /// Where those of the scope stand among them. The others are added.
    given: Vec<Option<usize>>,
}

impl Columns {
    /// The stamps that are added to each row.
    fn added(&self) -> impl Iterator<Item = usize> + '_ {
        let given = self.given.iter().enumerate();
        given
            .filter(|(_, place)| place.is_none())
            .map(|(stamp, _)| stamp)
    }

    /// The stamp that the value at `place` has to be.
    fn stamp_at(&self, place: usize) -> Option<usize> {
        self.given.iter().position(|given| *given == Some(place))
    }
}

impl<'a> Reader<'a, '_> {
    pub(super) fn insert(&mut self) -> Result<(), ScopeError> {
        self.expect(Keyword::Insert)?;
        self.expect(Keyword::Into)?;
        let target = self.target()?;
        self.inserts = true;
        if self.kind() == Some(Kind::Open) {
            let columns = self.columns(target.table)?;
            self.rows(&target, &columns)?;
        } else {
            self.default_rows(target.table)?;
        }
        while self.starts_conflict() {
            self.conflict(&target)?;
        }
        if self.keyword() == Keyword::On {
            return Err(ScopeError::Unproven(
                "ON DUPLICATE KEY, which the key of another tenant may set off,",
                "insert, and update where that fails",
            ));
        }
        self.rest_of_write()
    }

    /// `(a, b)`
    fn columns(&mut self, table: &'a TenantTable) -> Result<Columns, ScopeError> {
        let mut names: Vec<Cow<'_, str>> = Vec::new();
        self.expect_kind(Kind::Open)?;
        while self.kind() != Some(Kind::Close) {
            if !names.is_empty() {
                self.expect_kind(Kind::Comma)?;
            }
            let name = self.name()?;
            // SQLite takes a column twice, and one of the two values.
            if names.iter().any(|known| self.dialect().same(known, &name)) {
                return Err(ScopeError::Unproven(
                    "a column that is named twice",
                    "name it once",
                ));
            }
            names.push(name);
        }
        let dialect = self.dialect();
        let bound = self.scoping.columns(table);
        let is_other_name = |name: &Cow<'_, str>| {
            self.scoping.binds(table, name)
                && !bound.clone().any(|column| dialect.same(column, name))
        };
        if names.iter().any(is_other_name) {
            return Err(ScopeError::TenantColumn(table.name().to_owned()));
        }
        let columns = Columns {
            count: names.len(),
            given: bound
                .clone()
                .map(|column| names.iter().position(|name| dialect.same(name, column)))
                .collect(),
        };
        let end = self.start();
        for (stamp, column) in bound.enumerate() {
            if columns.added().any(|added| added == stamp) {
                if !names.is_empty() || stamp > 0 {
                    self.edits.text(end, ", ");
                }
                self.edits.name(end, column);
            }
        }
        self.expect_kind(Kind::Close)?;
        Ok(columns)
    }

    fn rows(&mut self, target: &Target<'_>, columns: &Columns) -> Result<(), ScopeError> {
        let name = target.table.name();
        match self.keyword() {
            Keyword::Values => {
                self.at += 1;
                loop {
                    self.row(name, columns)?;
                    if self.kind() != Some(Kind::Comma) {
                        return Ok(());
                    }
                    self.at += 1;
                }
            }
            _ if columns.count > 0 && (self.starts_query() || self.kind() == Some(Kind::Open)) => {
                // What a query yields in the place of the tenant is not known before it runs.
                if columns.given.iter().any(Option::is_some) {
                    return Err(ScopeError::ForeignTenant(name.to_owned()));
                }
                let stamps = columns.given.len();
                self.query(Some(NewRows { stamps }))
            }
            _ => Err(ScopeError::Empty(name.to_owned())),
        }
    }

    /// `(1, $2)`
    fn row(&mut self, table: &str, columns: &Columns) -> Result<(), ScopeError> {
        self.expect_kind(Kind::Open)?;
        let mut values = 0;
        while self.kind() != Some(Kind::Close) {
            if values > 0 {
                self.expect_kind(Kind::Comma)?;
            }
            let first = self.at;
            self.expression()?;
            if let Some(stamp) = columns.stamp_at(values) {
                self.is_stamp(first, stamp, table)?;
            }
            values += 1;
        }
        if values != columns.count {
            return Err(ScopeError::RowLength {
                table: table.to_owned(),
                columns: columns.count,
                values,
            });
        }
        let end = self.start();
        for (index, stamp) in columns.added().enumerate() {
            self.edits.insert(
                end,
                if values == 0 && index == 0 {
                    Insert::Stamp(stamp)
                } else {
                    Insert::Item(stamp)
                },
            );
        }
        self.expect_kind(Kind::Close)
    }

    /// Insists that the value from the token `first` up to here is the tenant of the scope as a parameter, and
    /// writes it as the scope does.
    fn is_stamp(&mut self, first: usize, stamp: usize, table: &str) -> Result<(), ScopeError> {
        let foreign = || ScopeError::ForeignTenant(table.to_owned());
        let token = self.tokens.get(first).ok_or_else(foreign)?;
        let given = self.given.look_at(token.start());
        let is_same = match (given, self.scoping.stamp(stamp)) {
            (Some(given), Some(expected)) => text_of(given) == expected.text,
            _ => false,
        };
        if is_same && self.at == first + 1 {
            self.edits
                .replace((token.start(), token.end()), Insert::Stamp(stamp));
            Ok(())
        } else {
            Err(foreign())
        }
    }

    /// `DEFAULT VALUES`, and `VALUES (DEFAULT), (DEFAULT)` or `VALUES (), ()`, as sea-query writes rows without
    /// a value.
    fn default_rows(&mut self, table: &'a TenantTable) -> Result<(), ScopeError> {
        let at = self.end_before();
        let start = self.start();
        let mut rows = 1;
        if self.skip(Keyword::Default) {
            self.expect(Keyword::Values)?;
        } else {
            self.expect(Keyword::Values).map_err(|_| {
                ScopeError::Unproven("an INSERT without columns", WRITE_IT_DIRECTLY)
            })?;
            self.default_row()?;
            while self.kind() == Some(Kind::Comma) {
                self.at += 1;
                self.default_row()?;
                rows += 1;
            }
        }
        let mut stamps = 0;
        for column in self.scoping.columns(table) {
            self.edits.text(at, if stamps == 0 { " (" } else { ", " });
            self.edits.name(at, column);
            stamps += 1;
        }
        self.edits.text(at, ")");
        let end = self.end_before();
        self.edits.replace((start, end), Insert::Text("VALUES "));
        for row in 0..rows {
            self.edits.text(end, if row == 0 { "(" } else { ", (" });
            self.edits.insert(end, Insert::Stamp(0));
            for stamp in 1..stamps {
                self.edits.insert(end, Insert::Item(stamp));
            }
            self.edits.text(end, ")");
        }
        Ok(())
    }

    fn default_row(&mut self) -> Result<(), ScopeError> {
        self.expect_kind(Kind::Open)?;
        self.skip(Keyword::Default);
        self.expect_kind(Kind::Close)
    }
}

/// A value as text, whatever its type: a UUID is the text that it is written as.
fn text_of(value: &Value) -> Cow<'_, str> {
    if let Value::String(Some(text)) = value {
        return Cow::Borrowed(text);
    }
    let mut text = String::new();
    // Writing to a text does not fail.
    let _ = PostgresQueryBuilder.write_value(&mut text, value);
    Cow::Owned(text.trim_matches('\'').to_owned())
}
