//! Which tables a statement reads, found in its SQL text, so that raw fragments are covered too.
//!
//! sea-query's tree cannot be walked from outside and holds raw text besides. So the proof reads what the
//! database will read. It need not understand all of SQL: what it does not understand, it refuses.

mod functions;
mod lexer;

pub(super) use self::lexer::fits;

use std::collections::BTreeSet;

use sea_query::{Expr, PostgresQueryBuilder, Query};

use self::lexer::Token;
use super::{ScopeError, TableCatalog};

const WRITE_IT_DIRECTLY: &str =
    "run it as plain SQL in a tenant transaction, where row-level security holds";

/// The tables that `sql`, one SELECT, reads. All are declared and named by their bare names.
pub(super) fn tables(sql: &str, catalog: &TableCatalog) -> Result<BTreeSet<String>, ScopeError> {
    read(sql, catalog, Group::default())
}

/// The tables that one expression reads. Proven by itself, an expression cannot close a parenthesis that
/// it did not open, and so cannot leave the place it is put in.
pub(super) fn tables_of(
    expr: &Expr,
    catalog: &TableCatalog,
) -> Result<BTreeSet<String>, ScopeError> {
    let (sql, _) = Query::select()
        .expr(expr.clone())
        .build(PostgresQueryBuilder);
    let expression = sql.strip_prefix("SELECT ").unwrap_or(&sql);
    read(
        expression,
        catalog,
        Group {
            bare_expression: true,
            ..Group::default()
        },
    )
}

fn read(
    sql: &str,
    catalog: &TableCatalog,
    outermost: Group,
) -> Result<BTreeSet<String>, ScopeError> {
    let tokens = lexer::tokens(sql)?;
    functions::functions_run_no_sql(&tokens)?;
    let mut reader = Reader {
        tokens: &tokens,
        position: 0,
        depth: 0,
        tables: BTreeSet::new(),
        catalog,
    };
    reader.group(outermost)?;
    if reader.position < tokens.len() {
        return Err(unbalanced());
    }
    Ok(reader.tables)
}

fn unbalanced() -> ScopeError {
    ScopeError::Unproven("a raw fragment with unbalanced parentheses", "balance it")
}

/// How deep parentheses may be nested. Reading recurses, and the stack is not endless.
const MAX_DEPTH: usize = 200;

struct Reader<'a> {
    tokens: &'a [Token],
    position: usize,
    depth: usize,
    tables: BTreeSet<String>,
    catalog: &'a TableCatalog,
}

/// What is known between one pair of parentheses.
#[derive(Debug, Clone, Copy, Default)]
struct Group {
    /// A `SELECT` stands at this level, so a `FROM` here is a clause and not part of `extract(… FROM …)`.
    is_query: bool,
    /// Inside the list of a `FROM` clause: a comma or a `JOIN` is followed by another table.
    in_from: bool,
    /// An expression by itself: no clause may stand at its outermost level.
    bare_expression: bool,
}

impl Reader<'_> {
    /// Reads up to the parenthesis that closes this group, or to the end.
    fn group(&mut self, mut group: Group) -> Result<(), ScopeError> {
        // A group that opens inside a FROM list is a query, or starts with a table: `FROM (a JOIN b ON …)`.
        if group.in_from && self.starts_query() {
            group.in_from = false;
        } else if group.in_from {
            self.table()?;
        }
        while let Some(token) = self.tokens.get(self.position) {
            match token {
                Token::Close => return Ok(()),
                Token::Open => self.parenthesised(Group::default())?,
                Token::Comma => {
                    self.position += 1;
                    if group.in_from {
                        self.table()?;
                    } else if group.bare_expression {
                        return Err(outside_an_expression());
                    }
                }
                Token::Word(word) => self.word(word, &mut group)?,
                // Behind a dot every word is a name, `plan.limit` as well.
                Token::Dot => self.skip_name(),
                Token::Quoted(_) | Token::Other => self.position += 1,
            }
        }
        Ok(())
    }

    fn parenthesised(&mut self, group: Group) -> Result<(), ScopeError> {
        if self.depth == MAX_DEPTH {
            return Err(ScopeError::Unproven(
                "a statement nested more than 200 deep",
                "simplify it",
            ));
        }
        self.position += 1;
        self.depth += 1;
        self.group(group)?;
        self.depth -= 1;
        if self.tokens.get(self.position) != Some(&Token::Close) {
            return Err(unbalanced());
        }
        self.position += 1;
        Ok(())
    }

    fn word(&mut self, word: &str, group: &mut Group) -> Result<(), ScopeError> {
        if word == "as" {
            self.skip_name();
            return Ok(());
        }
        self.position += 1;
        match word {
            "select" if group.bare_expression => return Err(outside_an_expression()),
            "select" => {
                *group = Group {
                    is_query: true,
                    ..*group
                }
            }
            "from" if self.follows_is_distinct() => {}
            "from" if group.bare_expression => return Err(outside_an_expression()),
            "from" if group.is_query => {
                group.in_from = true;
                self.table()?;
            }
            // `JOIN` is reserved enough that no expression contains it.
            "join" => self.table()?,
            // `WITHIN GROUP (ORDER BY …)` ends no list of tables, `GROUP BY` does.
            "group" | "order" if !self.next_word_is(&["by"]) => {}
            "where" | "group" | "having" | "order" | "limit" | "offset" | "fetch" | "window"
            | "union" | "intersect" | "except" | "returning" | "for" => {
                if group.bare_expression {
                    return Err(outside_an_expression());
                }
                group.in_from = false;
                if word == "for" && group.is_query {
                    return Err(ScopeError::Unproven("a row lock", WRITE_IT_DIRECTLY));
                }
            }
            "with" if !self.next_word_is(&["time", "ordinality", "ties"]) => {
                return Err(ScopeError::Unproven("a WITH clause", WRITE_IT_DIRECTLY));
            }
            "into" | "table" | "insert" | "update" | "delete" | "merge" => {
                return Err(ScopeError::Unproven(
                    "a command inside a SELECT",
                    WRITE_IT_DIRECTLY,
                ));
            }
            _ => {}
        }
        Ok(())
    }

    /// One table of a FROM list: a name, or a parenthesised query or join.
    fn table(&mut self) -> Result<(), ScopeError> {
        while self.next_word_is(&["only", "lateral"]) {
            self.position += 1;
        }
        let name = match self.tokens.get(self.position) {
            Some(Token::Open) => {
                return self.parenthesised(Group {
                    in_from: true,
                    ..Group::default()
                });
            }
            Some(Token::Word(name) | Token::Quoted(name)) => name.clone(),
            _ => return Err(ScopeError::Unproven("a FROM without a table", "name one")),
        };
        self.position += 1;
        match self.tokens.get(self.position) {
            Some(Token::Dot) => Err(ScopeError::Qualified(self.qualified(name))),
            Some(Token::Open) => Err(ScopeError::Unproven(
                "a function as a table",
                WRITE_IT_DIRECTLY,
            )),
            _ => {
                self.catalog.require(&name)?;
                self.tables.insert(name);
                Ok(())
            }
        }
    }

    /// Steps over the token at hand and, if a word follows it, over that name.
    fn skip_name(&mut self) {
        self.position += 1;
        if matches!(self.tokens.get(self.position), Some(Token::Word(_))) {
            self.position += 1;
        }
    }

    fn qualified(&self, schema: String) -> String {
        match self.tokens.get(self.position + 1) {
            Some(Token::Word(name) | Token::Quoted(name)) => format!("{schema}.{name}"),
            _ => schema,
        }
    }

    fn starts_query(&self) -> bool {
        let lists_values = self.next_word_is(&["values"])
            && self.tokens.get(self.position + 1) == Some(&Token::Open);
        self.next_word_is(&["select"]) || lists_values
    }

    fn next_word_is(&self, words: &[&str]) -> bool {
        self.word_at(Some(self.position))
            .is_some_and(|word| words.contains(&word))
    }

    /// `a IS [NOT] DISTINCT FROM b`, with the reader behind `FROM`. What stands before `IS` has to be an operand:
    /// in `x.is distinct FROM t` the `is` is a column and `distinct` its label.
    fn follows_is_distinct(&self) -> bool {
        let at = |steps: usize| self.position.checked_sub(steps);
        let is_at = if self.word_at(at(3)) == Some("not") {
            4
        } else {
            3
        };
        let operand = at(is_at + 1).and_then(|position| self.tokens.get(position));
        self.word_at(at(2)) == Some("distinct")
            && self.word_at(at(is_at)) == Some("is")
            && matches!(
                operand,
                Some(Token::Word(_) | Token::Quoted(_) | Token::Close)
            )
    }

    fn word_at(&self, position: Option<usize>) -> Option<&str> {
        match self.tokens.get(position?) {
            Some(Token::Word(word)) => Some(word),
            _ => None,
        }
    }
}

fn outside_an_expression() -> ScopeError {
    ScopeError::Unproven(
        "a raw fragment that is more than an expression",
        "put sub-queries in parentheses",
    )
}

#[cfg(test)]
mod tests;
