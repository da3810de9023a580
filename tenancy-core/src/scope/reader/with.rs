//! `WITH`: names that stand for queries, from where they are given on.

use super::{Place, Reader};
use crate::scope::ScopeError;
use crate::scope::text::{Keyword, Kind};

impl Reader<'_, '_> {
    /// Reads the `WITH` that begins a query, if one does. Its names can be seen until [`forget`](Self::forget).
    ///
    /// Names are seen by what comes after them only, or by themselves where the clause is recursive. Databases
    /// see some of them earlier, none of them later.
    pub(super) fn with_clause(&mut self) -> Result<Place, ScopeError> {
        if !self.skip(Keyword::With) {
            return Ok(Place::New);
        }
        let is_recursive = self.skip(Keyword::Recursive);
        let place = Place::Before(self.start());
        loop {
            self.common_table_expression(is_recursive)?;
            if self.kind() != Some(Kind::Comma) {
                return Ok(place);
            }
            self.at += 1;
        }
    }

    /// Forgets the names that were given since there were `known` of them.
    pub(super) fn forget(&mut self, known: usize) {
        self.expressions.truncate(known);
    }

    fn common_table_expression(&mut self, is_recursive: bool) -> Result<(), ScopeError> {
        let name = self.name()?;
        if self.catalog().has_name_like(&name) {
            return Err(ScopeError::ExpressionNamedLikeTable(name.into_owned()));
        }
        if self.kind() == Some(Kind::Open) {
            self.parenthesised(Self::names)?;
        }
        self.expect(Keyword::As)?;
        if self.skip(Keyword::Not) {
            self.expect(Keyword::Materialized)?;
        } else {
            self.skip(Keyword::Materialized);
        }
        if is_recursive {
            self.expressions.push(name);
            self.parenthesised(|reader| reader.query(None))?;
        } else {
            self.parenthesised(|reader| reader.query(None))?;
            self.expressions.push(name);
        }
        self.search_and_cycle()
    }

    /// `SEARCH DEPTH FIRST BY a, b SET c` and `CYCLE a, b SET c [TO … DEFAULT …] USING d` (PostgreSQL manual,
    /// SELECT).
    fn search_and_cycle(&mut self) -> Result<(), ScopeError> {
        if self.skip(Keyword::Search) {
            while !self.skip(Keyword::Set) {
                self.name_or_comma()?;
            }
            self.name()?;
        }
        if self.skip(Keyword::Cycle) {
            while !self.skip(Keyword::Using) {
                if self.kind() == Some(Kind::Literal) {
                    self.at += 1;
                } else {
                    self.name_or_comma()?;
                }
            }
            self.name()?;
        }
        Ok(())
    }

    fn names(&mut self) -> Result<(), ScopeError> {
        while self.kind() != Some(Kind::Close) {
            self.name_or_comma()?;
        }
        Ok(())
    }

    fn name_or_comma(&mut self) -> Result<(), ScopeError> {
        if self.kind() == Some(Kind::Comma) {
            self.at += 1;
            Ok(())
        } else {
            self.name().map(drop)
        }
    }
}
