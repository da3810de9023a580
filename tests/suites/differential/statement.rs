//! `Case`: one generated statement and what is known about it.

use std::collections::BTreeSet;

use sea_query::{
    DeleteStatement, InsertStatement, PostgresQueryBuilder, QueryStatementBuilder, SelectStatement,
    SqliteQueryBuilder, UpdateStatement, Values, WithQuery,
};

use tenancy_core::Dialect;

use super::choices::Record;

#[derive(Debug, Clone)]
pub(super) enum Statement {
    Select(SelectStatement),
    Insert(InsertStatement),
    Update(UpdateStatement),
    Delete(DeleteStatement),
    With(WithQuery),
}

#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) statement: Statement,
    pub(super) record: Record,
    /// Whether the rows come in an order that the statement has asked for.
    pub(super) ordered: bool,
    /// Whether rows are locked.
    pub(super) locking: bool,
    /// Whether it is there to change rows.
    pub(super) writes: bool,
    /// What stands in it: the names of the generator's rules that were used.
    pub(super) features: BTreeSet<&'static str>,
    /// The tenant tables it reads, first mentioned first. For scopings that are wrong on purpose.
    pub(super) read: Vec<usize>,
    /// The first table in the outermost FROM, or the target of a write: what it is called, and its tenant column.
    pub(super) root: Option<(String, &'static str)>,
}

impl Statement {
    pub(super) fn build(&self, dialect: Dialect) -> (String, Values) {
        match self {
            Self::Select(statement) => text(statement, dialect),
            Self::Insert(statement) => text(statement, dialect),
            Self::Update(statement) => text(statement, dialect),
            Self::Delete(statement) => text(statement, dialect),
            Self::With(statement) => text(statement, dialect),
        }
    }
}

pub(super) fn text(statement: &impl QueryStatementBuilder, dialect: Dialect) -> (String, Values) {
    match dialect {
        Dialect::Sqlite => statement.build_any(&SqliteQueryBuilder),
        _ => statement.build_any(&PostgresQueryBuilder),
    }
}
