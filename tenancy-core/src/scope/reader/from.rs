//! `FROM`: the place of the tables.

use std::borrow::Cow;

use super::{Read, Reader, TableName, WRITE_IT_DIRECTLY};
use crate::scope::catalog::Named;
use crate::scope::functions::{is_system_column, reaches_beyond};
use crate::scope::text::{Keyword, Kind};
use crate::scope::{Dialect, ScopeError};

impl<'a> Reader<'a, '_> {
    /// Reads the tables of a FROM, with joins, up to the next clause.
    pub(super) fn table_list(&mut self) -> Result<(), ScopeError> {
        self.table()?;
        self.joined()
    }

    /// What comes behind the first table of a FROM.
    fn joined(&mut self) -> Result<(), ScopeError> {
        while let Some(kind) = self.kind() {
            match kind {
                Kind::Comma | Kind::Word(Keyword::Join | Keyword::StraightJoin) => {
                    self.at += 1;
                    self.table()?;
                }
                // The condition of a join.
                Kind::Word(Keyword::On) if !self.starts_conflict() => self.at += 1,
                Kind::Word(Keyword::With) if self.keyword_ahead(1) == Keyword::Ordinality => {
                    self.at += 1;
                }
                Kind::Word(keyword) if self.ends_expression(keyword) => break,
                Kind::Close => break,
                _ => self.step()?,
            }
        }
        Ok(())
    }

    /// One table: a name, a function, or a query or a join in parentheses.
    fn table(&mut self) -> Result<(), ScopeError> {
        // Elsewhere than in Postgres the words may be names.
        let is_lateral_query = self.kind_ahead(1) == Some(Kind::Open);
        if self.dialect() == Dialect::Postgres || is_lateral_query {
            self.skip(Keyword::Lateral);
        }
        if self.keyword() == Keyword::Only {
            return Err(self.unexpected());
        }
        if self.kind() == Some(Kind::Open) {
            return self.parenthesised(Self::inside_table_list);
        }
        let name = self.table_name()?;
        if self.kind() == Some(Kind::Open) {
            return self.function(&name);
        }
        let has_alias = self.has_alias();
        self.read_table(&name, has_alias)
    }

    /// A table where an expression stands, as SQLite has it: its rows are a list there.
    pub(super) fn table_without_alias(&mut self) -> Result<(), ScopeError> {
        let name = self.table_name()?;
        if self.kind() == Some(Kind::Open) {
            return self.function(&name);
        }
        self.read_table(&name, true)
    }

    fn inside_table_list(&mut self) -> Result<(), ScopeError> {
        if self.starts_query() {
            return self.query(None);
        }
        self.table()?;
        self.joined()?;
        // `((SELECT …) UNION SELECT …)`
        self.further_arms(None)
    }

    /// A function in the place of a table. Its arguments are read with the rest; what it is called is looked at
    /// by [`names_reach_not_beyond`](Self::names_reach_not_beyond). SQLite calls tables like functions, so there only
    /// those pass that are known to read their arguments.
    fn function(&mut self, name: &TableName<'_>) -> Result<(), ScopeError> {
        const OF_SQLITE: [&str; 3] = ["json_each", "json_tree", "generate_series"];
        let is_one = |known: &&str| known.eq_ignore_ascii_case(&name.name);
        let known = name.schema.is_none() && OF_SQLITE.iter().any(is_one);
        if self.dialect() == Dialect::Postgres || known {
            self.parenthesised(Self::inside)
        } else {
            Err(ScopeError::Unproven(
                "a function as a table",
                "select from a table, or from VALUES",
            ))
        }
    }

    fn read_table(&mut self, name: &TableName<'a>, has_alias: bool) -> Result<(), ScopeError> {
        let is_expression = name.schema.is_none() && self.expressions.contains(&name.name);
        if is_expression {
            return Ok(());
        }
        match self.resolve(name)? {
            Named::Shared(schema) => {
                if let (None, Some(schema)) = (&name.schema, schema) {
                    self.name_fully(name, schema, has_alias);
                }
            }
            Named::Tenant(table) => self.reads.push(Read {
                table,
                place: name.place,
                has_alias,
                is_qualified: name.schema.is_some(),
            }),
        }
        Ok(())
    }

    /// Writes the schema in front of a table that all tenants share, so that it is the one that was declared.
    fn name_fully(&mut self, name: &TableName<'a>, schema: &'a str, has_alias: bool) {
        let (start, end) = name.place;
        self.put_schema(start, schema);
        if !has_alias {
            self.put_alias(end, name.name.clone());
        }
    }

    pub(super) fn put_schema(&mut self, at: usize, schema: &'a str) {
        self.edits.name(at, schema);
        self.edits.text(at, ".");
    }

    pub(super) fn put_alias(&mut self, at: usize, name: impl Into<Cow<'a, str>>) {
        self.edits.text(at, " AS ");
        self.edits.name(at, name);
    }

    /// Whether the table before the token at hand is given another name there.
    fn has_alias(&self) -> bool {
        match self.kind() {
            Some(Kind::Quoted) => true,
            Some(Kind::Word(keyword)) => matches!(keyword, Keyword::None | Keyword::As),
            _ => false,
        }
    }

    /// Refuses functions that run SQL text, read behind the tables, or change the session, wherever they stand: in
    /// Postgres `(x).f` is a call like `f(x)`. And system columns, which a query in the place of a table does not have,
    /// so that they would be those of another table, farther out.
    pub(super) fn names_reach_not_beyond(&self) -> Result<(), ScopeError> {
        let is_postgres = self.dialect() == Dialect::Postgres;
        let mut before = None;
        for (index, token) in self.tokens.iter().enumerate() {
            let behind_dot = before.replace(token.kind) == Some(Kind::Dot);
            // In any case and with doubled quotes left alone: none of the names has either.
            let Some(name) = token.name(self.sql) else {
                continue;
            };
            let is_called = self.tokens.get(index + 1).map(|next| next.kind) == Some(Kind::Open);
            let may_be_called = is_called || is_postgres && behind_dot;
            if may_be_called && reaches_beyond(name, self.dialect()) {
                return Err(ScopeError::Unproven(
                    "a function that reaches beyond the tables",
                    WRITE_IT_DIRECTLY,
                ));
            }
            if is_postgres && is_system_column(name) {
                return Err(ScopeError::Unproven("a system column", WRITE_IT_DIRECTLY));
            }
        }
        Ok(())
    }
}
