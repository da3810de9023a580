//! `UPDATE` and `DELETE`, and what writes have in common: a target, whose rows are bound to the tenant.

use std::borrow::Cow;

use super::{Reader, TableName};
use crate::scope::catalog::Named;
use crate::scope::edits::Insert;
use crate::scope::text::{Keyword, Kind};
use crate::scope::{Dialect, ScopeError, TenantTable};

/// The table that a statement writes.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) table: &'a TenantTable,
    /// What the statement calls it.
    pub(super) called: Cow<'a, str>,
}

impl<'a> Reader<'a, '_> {
    pub(super) fn update(&mut self) -> Result<(), ScopeError> {
        self.expect(Keyword::Update)?;
        let target = self.target()?;
        self.expect(Keyword::Set)?;
        self.assignments(target.table)?;
        let with_others = self.skip(Keyword::From);
        if with_others {
            self.table_list()?;
        }
        self.rows_of(&target, with_others)?;
        self.rest_of_write()
    }

    /// `using` are tables to read beside the target, for which sea-query has no place.
    pub(super) fn delete(&mut self, using: &'a [String]) -> Result<(), ScopeError> {
        self.expect(Keyword::Delete)?;
        self.expect(Keyword::From)?;
        let target = self.target()?;
        if self.dialect() != Dialect::Postgres
            && (!using.is_empty() || self.keyword() == Keyword::Using)
        {
            return Err(ScopeError::Unproven(
                "a DELETE with USING in this dialect",
                "write a sub-query",
            ));
        }
        self.using(using)?;
        let in_text = self.skip(Keyword::Using);
        if in_text {
            self.table_list()?;
        }
        self.rows_of(&target, in_text || !using.is_empty())?;
        self.rest_of_write()
    }

    /// Writes tables beside the target: those of the tenant as their rows, those that all share with their schema.
    fn using(&mut self, tables: &'a [String]) -> Result<(), ScopeError> {
        let at = self.end_before();
        for (index, table) in tables.iter().enumerate() {
            let before = if index == 0 { " USING " } else { ", " };
            self.edits.text(at, before);
            let name = TableName {
                schema: None,
                name: Cow::Borrowed(table),
                place: (at, at),
            };
            match self.resolve(&name)? {
                Named::Tenant(table) => self.edits.insert(at, Insert::Rows(table)),
                Named::Shared(schema) => {
                    if let Some(schema) = schema {
                        self.put_schema(at, schema);
                    }
                    self.edits.name(at, table);
                }
            }
            self.put_alias(at, table);
        }
        Ok(())
    }

    /// The table that is written: by its full name, so that it is not taken for the tenant's rows of it, which
    /// cannot be written.
    pub(super) fn target(&mut self) -> Result<Target<'a>, ScopeError> {
        if self.keyword() == Keyword::Only {
            return Err(self.unexpected());
        }
        let name = self.table_name()?;
        let Named::Tenant(table) = self.resolve(&name)? else {
            return Err(ScopeError::Shared(name.name.into_owned()));
        };
        self.edits.replace(name.place, Insert::Table(table));
        let is_called = self.skip(Keyword::As)
            || matches!(self.kind(), Some(Kind::Quoted | Kind::Word(Keyword::None)));
        let called = if is_called { self.name()? } else { name.name };
        Ok(Target { table, called })
    }

    /// Bounds the rows that are written by the scope: whatever condition there is narrows them further, in
    /// parentheses of its own.
    pub(super) fn rows_of(
        &mut self,
        target: &Target<'a>,
        with_others: bool,
    ) -> Result<(), ScopeError> {
        let called = with_others.then(|| target.called.clone());
        let condition = Insert::Condition(target.table, called);
        if !self.skip(Keyword::Where) {
            let at = self.end_before();
            self.edits.text(at, " WHERE ");
            self.edits.insert(at, condition);
            return Ok(());
        }
        let start = self.start();
        self.edits.insert(start, condition);
        self.edits.text(start, " AND (");
        self.expression()?;
        self.edits.text(self.end_before(), ")");
        Ok(())
    }

    /// `SET a = …, (b, c) = …`, of which none may be a bound column.
    pub(super) fn assignments(&mut self, table: &TenantTable) -> Result<(), ScopeError> {
        loop {
            if self.kind() == Some(Kind::Open) {
                self.parenthesised(|reader| {
                    reader.assigned(table)?;
                    while reader.kind() == Some(Kind::Comma) {
                        reader.at += 1;
                        reader.assigned(table)?;
                    }
                    Ok(())
                })?;
            } else {
                self.assigned(table)?;
            }
            self.expression()?;
            if self.kind() != Some(Kind::Comma) {
                return Ok(());
            }
            self.at += 1;
        }
    }

    /// A column that is set, `column` or `column.field` or `table.column`.
    fn assigned(&mut self, table: &TenantTable) -> Result<(), ScopeError> {
        loop {
            let column = self.name()?;
            if self.scoping.binds(table, &column) {
                return Err(ScopeError::TenantColumn(table.name().to_owned()));
            }
            if self.kind() != Some(Kind::Dot) {
                return Ok(());
            }
            self.at += 1;
        }
    }

    /// ORDER BY, LIMIT and RETURNING.
    pub(super) fn rest_of_write(&mut self) -> Result<(), ScopeError> {
        loop {
            match self.keyword() {
                Keyword::Order if self.keyword_ahead(1) == Keyword::By => self.at += 2,
                Keyword::Limit => self.at += 1,
                // MySQL takes the word for a name.
                Keyword::Returning if self.dialect() != Dialect::MySql => self.at += 1,
                // What else there is, is refused with the statement.
                _ => return Ok(()),
            }
            self.expressions()?;
        }
    }
}
