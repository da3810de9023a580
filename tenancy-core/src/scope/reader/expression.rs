//! Expressions, which hold tables only in parentheses.

use super::Reader;
use crate::scope::text::{Keyword, Kind};
use crate::scope::{Dialect, ScopeError};

impl Reader<'_, '_> {
    /// Reads one expression of a clause, up to the word that begins another clause.
    pub(super) fn expression(&mut self) -> Result<(), ScopeError> {
        let first = self.at;
        self.run(false)?;
        if self.at == first {
            return Err(self.unexpected());
        }
        Ok(())
    }

    /// Reads several expressions with commas between them.
    pub(super) fn expressions(&mut self) -> Result<(), ScopeError> {
        if self.kind() == Some(Kind::Comma) {
            return Err(self.unexpected());
        }
        self.run(true)
    }

    fn run(&mut self, with_commas: bool) -> Result<(), ScopeError> {
        while let Some(kind) = self.kind() {
            match kind {
                Kind::Comma if !with_commas => return Ok(()),
                Kind::Word(keyword) if self.ends_expression(keyword) => return Ok(()),
                Kind::Close => return Ok(()),
                _ => self.step()?,
            }
        }
        Ok(())
    }

    /// Whether a word begins another clause or a command. Whoever asked for the expression refuses those that do
    /// not come next.
    pub(super) fn ends_expression(&self, keyword: Keyword) -> bool {
        match keyword {
            Keyword::Select
            | Keyword::Where
            | Keyword::Having
            | Keyword::Window
            | Keyword::Limit
            | Keyword::Offset
            | Keyword::For
            | Keyword::Union
            | Keyword::Intersect
            | Keyword::Except
            | Keyword::Returning
            | Keyword::Join
            | Keyword::StraightJoin
            | Keyword::TableSample
            | Keyword::Into
            | Keyword::Table
            | Keyword::Insert
            | Keyword::Update
            | Keyword::Delete
            | Keyword::Merge
            | Keyword::Set
            | Keyword::On
            | Keyword::Do => true,
            Keyword::Fetch => self.dialect() == Dialect::Postgres,
            Keyword::Lock => self.dialect() == Dialect::MySql,
            // `IS DISTINCT FROM`
            Keyword::From => !self.follows_is_distinct(),
            // `WITHIN GROUP (ORDER BY …)`
            Keyword::Group | Keyword::Order => self.keyword_ahead(1) == Keyword::By,
            // `timestamp WITH time zone`
            Keyword::With => self.keyword_ahead(1) != Keyword::Time,
            _ => false,
        }
    }

    /// One token of an expression, or what stands between parentheses.
    pub(super) fn step(&mut self) -> Result<(), ScopeError> {
        match self.kind() {
            Some(Kind::Open) => self.parenthesised(Self::inside)?,
            Some(Kind::OpenBracket) => {
                self.nested(Kind::OpenBracket, Kind::CloseBracket, Self::subscript)?;
            }
            // In `a::setof is distinct FROM t` the `is` is a type.
            Some(Kind::CloseBracket | Kind::Word(Keyword::SetOf)) => return Err(self.unexpected()),
            // Behind these every word is a name: `1 AS limit`, `plan.limit`.
            Some(Kind::Dot | Kind::Word(Keyword::As)) => {
                self.at += 1;
                if matches!(self.kind(), Some(Kind::Word(_))) {
                    self.at += 1;
                }
            }
            // `x IN note` (SQLite, "The IN and NOT IN operators")
            Some(Kind::Word(Keyword::In)) if self.dialect() == Dialect::Sqlite => {
                self.at += 1;
                if self.is_name(0) {
                    self.table_without_alias()?;
                } else if self.kind() == Some(Kind::Literal) {
                    // A name too.
                    return Err(self.unexpected());
                }
            }
            _ => self.at += 1,
        }
        Ok(())
    }

    /// What stands between brackets: `a[1]`, `ARRAY[a, b]`.
    fn subscript(&mut self) -> Result<(), ScopeError> {
        while !matches!(self.kind(), None | Some(Kind::Close | Kind::CloseBracket)) {
            self.step()?;
        }
        Ok(())
    }

    /// What stands between parentheses in an expression: a query, or the arguments of a function, a list, a
    /// window. There a FROM belongs to `extract(… FROM …)`, and tables stand in queries only.
    pub(super) fn inside(&mut self) -> Result<(), ScopeError> {
        if self.starts_query() {
            return self.query(None);
        }
        while let Some(kind) = self.kind() {
            match kind {
                Kind::Close => break,
                // `((SELECT …) UNION SELECT …)`
                Kind::Word(Keyword::Union | Keyword::Intersect | Keyword::Except)
                    if self.kind_before(1) == Some(Kind::Close) =>
                {
                    self.further_arms(None)?;
                }
                Kind::Word(
                    Keyword::Select
                    | Keyword::Union
                    | Keyword::Intersect
                    | Keyword::Except
                    | Keyword::Join
                    | Keyword::StraightJoin
                    | Keyword::Into
                    | Keyword::Table
                    | Keyword::Insert
                    | Keyword::Update
                    | Keyword::Delete
                    | Keyword::Merge,
                ) => return Err(self.unexpected()),
                Kind::Word(Keyword::With) if self.keyword_ahead(1) != Keyword::Time => {
                    return Err(self.unexpected());
                }
                _ => self.step()?,
            }
        }
        Ok(())
    }

    /// `a IS [NOT] DISTINCT FROM b`, with the reader at `FROM`. What stands before `IS` has to be an operand: in
    /// `x.is distinct FROM t` the `is` is a column and `distinct` its label.
    pub(super) fn follows_is_distinct(&self) -> bool {
        let is = |steps, keyword| self.kind_before(steps) == Some(Kind::Word(keyword));
        let is_at = if is(2, Keyword::Not) { 3 } else { 2 };
        let has_operand = matches!(
            self.kind_before(is_at + 1),
            Some(
                Kind::Word(_)
                    | Kind::Quoted
                    | Kind::Literal
                    | Kind::Parameter
                    | Kind::Close
                    | Kind::CloseBracket
            )
        );
        is(1, Keyword::Distinct) && is(is_at, Keyword::Is) && has_operand
    }
}
