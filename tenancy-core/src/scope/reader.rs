//! Which tables a statement reads and writes, found in its text, so that raw fragments are covered too.
//!
//! sea-query's tree cannot be walked from outside and holds raw text besides. So the reader reads what the
//! database will read, clause by clause. It need not understand all of SQL: what it does not understand, it
//! refuses.

mod conflict;
mod expression;
mod from;
mod insert;
mod query;
mod with;
mod write;

use std::borrow::Cow;

use sea_query::Value;

use super::catalog::Named;
use super::edits::Edits;
use super::scoping::Scoping;
use super::shapes::Shape;
use super::text::{Keyword, Kind, Token};
use super::{Dialect, ScopeError, TableCatalog, TenantTable};

/// The way out where the builder has none.
pub(super) const WRITE_IT_DIRECTLY: &str =
    "write it as plain SQL, under row-level security or with the tenant named";

/// How deep parentheses may be nested. Reading recurses, and the stack is not endless.
const MAX_DEPTH: usize = 200;

/// Reads a statement from front to back, and notes what has to be edited.
#[derive(Debug)]
pub(super) struct Reader<'a, 'p> {
    sql: &'a str,
    tokens: &'p [Token],
    given: Given<'p>,
    at: usize,
    depth: usize,
    scoping: &'p Scoping<'a>,
    /// The common table expressions that can be seen from here.
    expressions: Vec<Cow<'a, str>>,
    reads: Vec<Read<'a>>,
    /// A row lock stands somewhere.
    locks: bool,
    /// The statement is an INSERT, whose own clauses come behind its query.
    inserts: bool,
    edits: Edits<'a>,
}

/// The values of the parameters, which matter where a statement gives the tenant itself.
#[derive(Debug)]
struct Given<'p> {
    places: &'p [usize],
    values: &'p [Value],
    were_looked_at: bool,
}

impl<'p> Given<'p> {
    /// The value of the parameter that stands at `place`.
    fn look_at(&mut self, place: usize) -> Option<&'p Value> {
        self.were_looked_at = true;
        let index = self.places.binary_search(&place).ok()?;
        self.values.get(index)
    }
}

/// A place where rows of a tenant table are read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Read<'a> {
    pub(super) table: &'a TenantTable,
    /// Where its name begins and ends in the text.
    pub(super) place: (usize, usize),
    /// Whether the text calls it something else, or needs no name for it.
    pub(super) has_alias: bool,
    /// Whether it is named with its schema, past which no common table expression is found.
    pub(super) is_qualified: bool,
}

/// What was found in a statement.
#[derive(Debug)]
pub(super) struct Reading<'a> {
    pub(super) reads: Vec<Read<'a>>,
    pub(super) locks: bool,
    pub(super) edits: Edits<'a>,
    /// Where common table expressions can be put in.
    pub(super) with: Place,
    /// Whether the same would be found if other values were bound.
    pub(super) holds_for_all_values: bool,
}

/// Where common table expressions can be put in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// In front of the statement, which has none.
    New,
    /// In front of those that it has, at this offset.
    Before(usize),
}

impl<'a, 'p> Reader<'a, 'p> {
    /// Reads a statement of this shape, of which `tokens` are the text, with these values.
    pub(super) fn read(
        shape: &'a Shape,
        values: &'p [Value],
        tokens: &'p [Token],
        scoping: &'p Scoping<'a>,
    ) -> Result<Reading<'a>, ScopeError> {
        let mut reader = Self {
            sql: &shape.sql,
            tokens,
            given: Given {
                places: &shape.places,
                values,
                were_looked_at: false,
            },
            at: 0,
            depth: 0,
            scoping,
            expressions: Vec::new(),
            reads: Vec::new(),
            locks: false,
            inserts: false,
            edits: Edits::new(),
        };
        reader.names_reach_not_beyond()?;
        let with = reader.with_clause()?;
        match reader.keyword() {
            Keyword::Select => reader.query(None)?,
            Keyword::Insert => reader.insert()?,
            Keyword::Update => reader.update()?,
            Keyword::Delete => reader.delete(&shape.using)?,
            _ => {
                return Err(ScopeError::Unproven(
                    "a statement that is neither SELECT, INSERT, UPDATE nor DELETE",
                    WRITE_IT_DIRECTLY,
                ));
            }
        }
        if reader.at < tokens.len() {
            return Err(reader.unexpected());
        }
        Ok(Reading {
            reads: reader.reads,
            locks: reader.locks,
            edits: reader.edits,
            with,
            holds_for_all_values: !reader.given.were_looked_at,
        })
    }

    fn catalog(&self) -> &'a TableCatalog {
        self.scoping.catalog
    }

    fn dialect(&self) -> Dialect {
        self.scoping.catalog.dialect()
    }

    fn kind(&self) -> Option<Kind> {
        self.kind_ahead(0)
    }

    fn kind_ahead(&self, ahead: usize) -> Option<Kind> {
        self.tokens.get(self.at + ahead).map(|token| token.kind)
    }

    fn kind_before(&self, steps: usize) -> Option<Kind> {
        let at = self.at.checked_sub(steps)?;
        self.tokens.get(at).map(|token| token.kind)
    }

    fn keyword(&self) -> Keyword {
        self.keyword_ahead(0)
    }

    fn keyword_ahead(&self, ahead: usize) -> Keyword {
        match self.kind_ahead(ahead) {
            Some(Kind::Word(keyword)) => keyword,
            _ => Keyword::None,
        }
    }

    /// Steps over `keyword` if it is next.
    fn skip(&mut self, keyword: Keyword) -> bool {
        let is_next = self.keyword() == keyword;
        self.at += usize::from(is_next);
        is_next
    }

    fn expect(&mut self, keyword: Keyword) -> Result<(), ScopeError> {
        if self.skip(keyword) {
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn expect_kind(&mut self, kind: Kind) -> Result<(), ScopeError> {
        if self.kind() == Some(kind) {
            self.at += 1;
            Ok(())
        } else {
            Err(self.unexpected())
        }
    }

    fn is_name(&self, ahead: usize) -> bool {
        matches!(self.kind_ahead(ahead), Some(Kind::Word(_) | Kind::Quoted))
    }

    /// The name at hand, as the database understands it.
    fn name(&mut self) -> Result<Cow<'a, str>, ScopeError> {
        let token = self.tokens.get(self.at).copied();
        match token.and_then(|token| self.name_of(token)) {
            Some(name) => {
                self.at += 1;
                Ok(name)
            }
            None => Err(self.unexpected()),
        }
    }

    fn name_of(&self, token: Token) -> Option<Cow<'a, str>> {
        let name = token.name(self.sql)?;
        let quote = self.dialect().quote();
        if token.kind != Kind::Quoted {
            Some(self.dialect().fold(name))
        } else if name.contains(quote) {
            let quote = quote.to_string();
            Some(Cow::Owned(name.replace(&quote.repeat(2), &quote)))
        } else {
            Some(Cow::Borrowed(name))
        }
    }

    /// Where the token at hand begins, or the text ends.
    fn start(&self) -> usize {
        let token = self.tokens.get(self.at);
        token.map_or(self.sql.len(), |token| token.start())
    }

    /// Where the token before the one at hand ends.
    fn end_before(&self) -> usize {
        let token = self.at.checked_sub(1).and_then(|at| self.tokens.get(at));
        token.map_or(0, |token| token.end())
    }

    /// The table that is named at hand, with its schema or without, and where its name begins and ends.
    fn table_name(&mut self) -> Result<TableName<'a>, ScopeError> {
        let start = self.start();
        let mut name = self.name()?;
        let mut schema = None;
        if self.kind() == Some(Kind::Dot) {
            self.at += 1;
            schema = Some(name);
            name = self.name()?;
        }
        if self.kind() == Some(Kind::Dot) {
            // The database in front of the schema.
            return Err(ScopeError::Undeclared(name.into_owned()));
        }
        let place = (start, self.end_before());
        Ok(TableName {
            schema,
            name,
            place,
        })
    }

    fn resolve(&self, name: &TableName<'_>) -> Result<Named<'a>, ScopeError> {
        let named = self.catalog().named(name.schema.as_deref(), &name.name)?;
        if let Named::Tenant(table) = named {
            self.scoping.admits(table)?;
        }
        Ok(named)
    }

    /// Whether the clauses of an INSERT can stand at hand.
    fn is_in_insert(&self) -> bool {
        self.inserts && self.depth == 0
    }

    /// Reads what an opening parenthesis begins, with `inside`, up to the one that closes it.
    fn parenthesised(
        &mut self,
        inside: impl FnOnce(&mut Self) -> Result<(), ScopeError>,
    ) -> Result<(), ScopeError> {
        self.nested(Kind::Open, Kind::Close, inside)
    }

    /// Reads what `open` begins, with `inside`, up to `close`.
    fn nested(
        &mut self,
        open: Kind,
        close: Kind,
        inside: impl FnOnce(&mut Self) -> Result<(), ScopeError>,
    ) -> Result<(), ScopeError> {
        if self.depth == MAX_DEPTH {
            return Err(ScopeError::Unproven(
                "a statement nested more than 200 deep",
                "simplify it",
            ));
        }
        self.expect_kind(open)?;
        self.depth += 1;
        inside(self)?;
        self.depth -= 1;
        self.expect_kind(close)
    }

    /// Why the token at hand does not go on here.
    fn unexpected(&self) -> ScopeError {
        let (what, way_out) = match self.kind() {
            None => ("a statement that ends too early", "complete it"),
            Some(Kind::Open | Kind::Close | Kind::OpenBracket | Kind::CloseBracket) => {
                ("a raw fragment with unbalanced parentheses", "balance it")
            }
            Some(Kind::Word(
                Keyword::Into
                | Keyword::Table
                | Keyword::Insert
                | Keyword::Update
                | Keyword::Delete
                | Keyword::Merge,
            )) => ("a command inside a statement", WRITE_IT_DIRECTLY),
            Some(Kind::Word(Keyword::With)) => (
                "a WITH clause at this place",
                "put it in front of the query",
            ),
            Some(Kind::Word(Keyword::Only | Keyword::TableSample)) => {
                ("a part of a table", WRITE_IT_DIRECTLY)
            }
            Some(_) => (
                "a raw fragment that is more than an expression",
                "put sub-queries in parentheses",
            ),
        };
        ScopeError::Unproven(what, way_out)
    }
}

/// A name where a table is meant.
#[derive(Debug)]
struct TableName<'a> {
    schema: Option<Cow<'a, str>>,
    name: Cow<'a, str>,
    place: (usize, usize),
}
