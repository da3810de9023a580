//! `Case`: one generated statement and what is known about it.

mod delete;
mod insert;
mod target;
mod update;

use std::collections::BTreeSet;

use sea_query::{
    PostgresQueryBuilder, QueryStatementBuilder, SelectStatement, SqliteQueryBuilder, Values,
    WithQuery,
};
use tenancy_core::{Dialect, Scope, ScopeError, Scoped};

pub(super) use self::delete::Delete;
pub(super) use self::insert::{Insert, Rows};
pub(super) use self::target::Target;
pub(super) use self::update::Update;
use super::choices::Record;

/// Writes are kept in parts, of which sea-query and the builders both can make them.
#[derive(Debug, Clone)]
pub(super) enum Statement {
    Select(SelectStatement),
    Insert(Insert),
    Update(Update),
    Delete(Delete),
    With(WithQuery),
}

/// How a statement is scoped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Finished by sea-query, and then by [`Scope::wrap`].
    Wrapped,
    /// By the builder that there is for it, as far as that has words.
    Built,
}

/// SQL text with its parameters, or why there is none.
pub(super) type Built = Result<(String, Values), ScopeError>;

#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) statement: Statement,
    pub(super) way: Way,
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
            Self::Insert(insert) => text(&insert.statement(), dialect),
            Self::Update(update) => text(&update.statement(), dialect),
            Self::Delete(delete) => delete.text(dialect),
            Self::With(statement) => text(statement, dialect),
        }
    }

    /// The ways in which it can be said.
    pub(super) fn ways(&self) -> &'static [Way] {
        match self {
            Self::With(_) => &[Way::Wrapped],
            Self::Delete(delete) if !delete.using.is_empty() => &[Way::Built],
            _ => &[Way::Wrapped, Way::Built],
        }
    }

    pub(super) fn scoped(&self, way: Way, scope: &Scope<'_>) -> Built {
        match (self, way) {
            (Self::Select(select), Way::Wrapped) => built(scope.wrap(select.clone())),
            (Self::Insert(insert), Way::Wrapped) => built(scope.wrap(insert.statement())),
            (Self::Update(update), Way::Wrapped) => built(scope.wrap(update.statement())),
            (Self::Delete(delete), Way::Wrapped) => built(scope.wrap(delete.statement())),
            (Self::With(with), _) => built(scope.wrap(with.clone())),
            // sea-query does not show the parts of one, so all of it is what the builder has no word for.
            (Self::Select(select), Way::Built) => {
                let whole = scope.select().apply(|empty| {
                    *empty = select.clone();
                    empty
                });
                built(whole.finish())
            }
            (Self::Insert(insert), Way::Built) => built(insert.built(scope)),
            (Self::Update(update), Way::Built) => built(update.built(scope)),
            (Self::Delete(delete), Way::Built) => built(delete.built(scope)),
        }
    }
}

fn built<S>(scoped: Result<Scoped<S>, ScopeError>) -> Built {
    Ok(scoped?.build())
}

fn text(statement: &impl QueryStatementBuilder, dialect: Dialect) -> (String, Values) {
    match dialect {
        Dialect::Sqlite => statement.build_any(&SqliteQueryBuilder),
        _ => statement.build_any(&PostgresQueryBuilder),
    }
}
