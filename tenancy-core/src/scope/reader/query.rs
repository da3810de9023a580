//! Queries: `SELECT` and `VALUES`, alone and as the arms of `UNION`, `INTERSECT` and `EXCEPT`.

use super::{Reader, WRITE_IT_DIRECTLY};
use crate::scope::edits::Insert;
use crate::scope::text::{Keyword, Kind};
use crate::scope::{Dialect, ScopeError};

/// Rows that an INSERT makes of a query: to each the values of the scope are added.
#[derive(Debug, Clone, Copy)]
pub(super) struct NewRows {
    pub(super) stamps: usize,
}

impl Reader<'_, '_> {
    /// Whether a query begins at hand.
    pub(super) fn starts_query(&self) -> bool {
        match self.keyword() {
            Keyword::Select | Keyword::With => true,
            Keyword::Values => self.starts_values(),
            _ => false,
        }
    }

    fn starts_values(&self) -> bool {
        self.keyword() == Keyword::Values
            && (self.kind_ahead(1) == Some(Kind::Open) || self.keyword_ahead(1) == Keyword::Row)
    }

    /// Reads a query up to where it ends: at a parenthesis, at the end of the text, or at the clauses of the
    /// INSERT that makes `new_rows` of it.
    pub(super) fn query(&mut self, new_rows: Option<NewRows>) -> Result<(), ScopeError> {
        let known = self.expressions.len();
        self.with_clause()?;
        self.arm(new_rows)?;
        self.clauses()?;
        self.further_arms(new_rows)?;
        self.forget(known);
        Ok(())
    }

    /// The arms behind the first one.
    pub(super) fn further_arms(&mut self, new_rows: Option<NewRows>) -> Result<(), ScopeError> {
        while matches!(
            self.keyword(),
            Keyword::Union | Keyword::Intersect | Keyword::Except
        ) {
            self.at += 1;
            if !self.skip(Keyword::All) {
                self.skip(Keyword::Distinct);
            }
            self.arm(new_rows)?;
            self.clauses()?;
        }
        Ok(())
    }

    fn arm(&mut self, new_rows: Option<NewRows>) -> Result<(), ScopeError> {
        if self.kind() == Some(Kind::Open) {
            self.parenthesised(|reader| reader.query(new_rows))
        } else if self.skip(Keyword::Select) {
            self.select_list(new_rows)?;
            if self.skip(Keyword::From) {
                self.table_list()?;
            }
            Ok(())
        } else if self.starts_values() && new_rows.is_none() {
            self.at += 1;
            self.rows_of_values()
        } else {
            Err(self.unexpected())
        }
    }

    fn rows_of_values(&mut self) -> Result<(), ScopeError> {
        loop {
            self.skip(Keyword::Row);
            self.parenthesised(Self::inside)?;
            if self.kind() != Some(Kind::Comma) {
                return Ok(());
            }
            self.at += 1;
        }
    }

    fn select_list(&mut self, new_rows: Option<NewRows>) -> Result<(), ScopeError> {
        if self.skip(Keyword::Distinct) {
            if self.skip(Keyword::On) {
                self.parenthesised(Self::inside)?;
            }
        } else {
            self.skip(Keyword::All);
        }
        let first = self.at;
        self.expressions()?;
        let Some(NewRows { stamps }) = new_rows else {
            return Ok(());
        };
        if first == self.at {
            return Err(self.unexpected());
        }
        let end = self.end_before();
        for stamp in 0..stamps {
            self.edits.insert(end, Insert::Item(stamp));
        }
        Ok(())
    }

    /// The clauses behind the tables, in any order: the database knows the right one.
    fn clauses(&mut self) -> Result<(), ScopeError> {
        loop {
            match self.keyword() {
                Keyword::Where | Keyword::Having | Keyword::Offset => {
                    self.at += 1;
                    self.expression()?;
                }
                Keyword::Group | Keyword::Order if self.keyword_ahead(1) == Keyword::By => {
                    self.at += 2;
                    self.expressions()?;
                }
                // Elsewhere than in Postgres: `LIMIT 1, 2`.
                Keyword::Limit => {
                    self.at += 1;
                    self.expressions()?;
                }
                Keyword::Window => {
                    self.at += 1;
                    self.windows()?;
                }
                Keyword::Fetch if self.dialect() == Dialect::Postgres => {
                    self.at += 1;
                    self.fetch()?;
                }
                Keyword::For => {
                    self.at += 1;
                    self.row_lock()?;
                }
                Keyword::Lock if self.dialect() == Dialect::MySql => {
                    self.at += 1;
                    self.expect(Keyword::In)?;
                    self.expect(Keyword::Share)?;
                    // MODE
                    self.name()?;
                    self.note_lock()?;
                }
                // Whoever reads the query refuses what does not come next.
                _ => return Ok(()),
            }
        }
    }

    /// `WINDOW w AS (…), …`
    fn windows(&mut self) -> Result<(), ScopeError> {
        loop {
            self.name()?;
            self.expect(Keyword::As)?;
            self.parenthesised(Self::inside)?;
            if self.kind() != Some(Kind::Comma) {
                return Ok(());
            }
            self.at += 1;
        }
    }

    /// `FETCH FIRST 5 ROWS ONLY`, `FETCH NEXT $1 ROWS WITH TIES`
    fn fetch(&mut self) -> Result<(), ScopeError> {
        // FIRST or NEXT
        self.name()?;
        match self.kind() {
            Some(Kind::Open) => self.parenthesised(Self::inside)?,
            Some(Kind::Parameter | Kind::Literal) => self.at += 1,
            _ => {}
        }
        if !self.skip(Keyword::Row) {
            self.expect(Keyword::Rows)?;
        }
        if self.skip(Keyword::With) {
            // TIES
            self.name().map(drop)
        } else {
            self.expect(Keyword::Only)
        }
    }

    /// `FOR UPDATE OF a, b SKIP LOCKED`
    fn row_lock(&mut self) -> Result<(), ScopeError> {
        let words = [0, 1, 2].map(|ahead| self.keyword_ahead(ahead));
        self.at += match words {
            [Keyword::Update | Keyword::Share, ..] => 1,
            [Keyword::Key, Keyword::Share, _] => 2,
            [Keyword::No, Keyword::Key, Keyword::Update] => 3,
            _ => return Err(self.unexpected()),
        };
        if self.skip(Keyword::Of) {
            self.name()?;
            while self.kind() == Some(Kind::Comma) {
                self.at += 1;
                self.name()?;
            }
        }
        // NOWAIT, SKIP LOCKED
        while self.keyword() == Keyword::None && self.is_name(0) {
            self.at += 1;
        }
        self.note_lock()
    }

    /// A lock reaches through a sub-select in Postgres. In MySQL it does not, and SQLite has none.
    fn note_lock(&mut self) -> Result<(), ScopeError> {
        self.locks = true;
        if self.dialect() == Dialect::Postgres {
            Ok(())
        } else {
            Err(ScopeError::Unproven(
                "a row lock in this dialect",
                WRITE_IT_DIRECTLY,
            ))
        }
    }
}
