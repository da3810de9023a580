//! Which tables a statement reads, found in its SQL text, so that raw fragments are covered too.
//!
//! sea-query's tree cannot be walked from outside and holds raw text besides. So the proof reads what the
//! database will read. It need not understand all of SQL: what it does not understand, it refuses.

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
    functions_run_no_sql(&tokens)?;
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

/// Refuses the functions of Postgres and its extensions that run SQL text, read behind the tables, or change
/// the session: whatever stands before a parenthesis, quoted and qualified names included.
fn functions_run_no_sql(tokens: &[Token]) -> Result<(), ScopeError> {
    const NAMES: [&str; 10] = [
        "ts_stat",
        "ts_rewrite",
        "set_config",
        "setval",
        "crosstab",
        "connectby",
        "xpath_table",
        "pg_terminate_backend",
        "pg_cancel_backend",
        "pg_logical_emit_message",
    ];
    const PREFIXES: [&str; 7] = [
        "lo_",
        "dblink",
        "crosstab",
        "pg_read_",
        "pg_ls_",
        "pg_stat_file",
        "pg_logical_slot_",
    ];
    for pair in tokens.windows(2) {
        let [Token::Word(name) | Token::Quoted(name), Token::Open] = pair else {
            continue;
        };
        let runs_sql = name.contains("_to_xml")
            || NAMES.contains(&name.as_str())
            || PREFIXES.iter().any(|prefix| name.starts_with(prefix));
        if runs_sql {
            return Err(ScopeError::Unproven(
                "a function that runs SQL text or reads files",
                WRITE_IT_DIRECTLY,
            ));
        }
    }
    Ok(())
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
mod tests {
    use super::*;

    fn catalog() -> TableCatalog {
        TableCatalog::new()
            .tenant_table("note", "tenant_id")
            .tenant_table("tag", "tenant_id")
            .shared_table("plan")
    }

    fn read(sql: &str) -> Result<Vec<String>, ScopeError> {
        tables(sql, &catalog()).map(|tables| tables.into_iter().collect())
    }

    #[test]
    fn tables_are_found_wherever_they_stand() {
        for (sql, expected) in [
            ("SELECT 1", &[][..]),
            (r#"SELECT "body" FROM "note""#, &["note"]),
            ("SELECT * FROM NOTE n, Tag AS t", &["note", "tag"]),
            (
                r#"SELECT (SELECT count(*) FROM "tag") FROM plan"#,
                &["plan", "tag"],
            ),
            (
                r#"SELECT * FROM (SELECT * FROM "note") AS "x" LEFT JOIN LATERAL (SELECT 1 FROM tag) y ON true"#,
                &["note", "tag"],
            ),
            (
                "SELECT * FROM (note JOIN tag ON true), plan",
                &["note", "plan", "tag"],
            ),
            (
                "SELECT * FROM ((note)) WHERE EXISTS (SELECT FROM tag)",
                &["note", "tag"],
            ),
            (
                "SELECT 1 FROM plan UNION ALL SELECT 2 FROM note",
                &["note", "plan"],
            ),
            (
                "SELECT extract(epoch FROM created_at), substring(body FROM 2) FROM note",
                &["note"],
            ),
            (
                "SELECT a IS DISTINCT FROM b, a IS NOT DISTINCT FROM c FROM note ORDER BY x, y",
                &["note"],
            ),
            (
                "SELECT a::timestamp with time zone, 'FROM secret' FROM note",
                &["note"],
            ),
            (
                "SELECT * FROM note JOIN tag USING (a, b), plan",
                &["note", "plan", "tag"],
            ),
            ("SELECT * FROM (VALUES (1, 2)) v (a, b), note", &["note"]),
        ] {
            assert_eq!(
                read(sql).as_deref(),
                Ok(&expected.iter().map(ToString::to_string).collect::<Vec<_>>()[..]),
                "{sql}"
            );
        }
    }

    #[test]
    fn tables_that_are_not_declared_are_refused() {
        for sql in [
            "SELECT * FROM secret",
            "SELECT * FROM note, secret",
            "SELECT * FROM note JOIN secret ON true",
            "SELECT (SELECT 1 FROM secret) FROM note",
            "SELECT 1 FROM note UNION SELECT 1 FROM secret",
            "SELECT * FROM (note CROSS JOIN secret)",
            "SELECT * FROM ONLY secret",
            "SELECT * FROM note WHERE id IN (SELECT id FROM secret)",
            "SELECT * FROM note n JOIN tag t ON n.a = t.b, secret",
            "SELECT DISTINCT a FROM secret",
            "SELECT * FROM plan JOIN note ON plan.limit > 0, secret",
            "SELECT * FROM plan JOIN note ON plan.where IS NULL, secret",
            "SELECT plan.from FROM plan, secret",
            "SELECT 1 AS limit FROM plan, secret",
            r#"SELECT * FROM "Note""#.replace("Note", "secret").as_str(),
        ] {
            assert_eq!(
                read(sql),
                Err(ScopeError::Undeclared("secret".into())),
                "{sql}"
            );
        }
        assert_eq!(
            read(r#"SELECT * FROM "Note""#),
            Err(ScopeError::Undeclared("Note".into()))
        );
    }

    #[test]
    fn the_schema_is_no_way_around() {
        for sql in [
            "SELECT * FROM public.note",
            r#"SELECT * FROM plan, "public" . "note" n"#,
        ] {
            assert_eq!(
                read(sql),
                Err(ScopeError::Qualified("public.note".into())),
                "{sql}"
            );
        }
    }

    #[test]
    fn what_cannot_be_proven_is_refused() {
        for sql in [
            "SELECT 1; SELECT * FROM secret",
            "SELECT 1 -- FROM",
            "SELECT 1 /* */",
            "SELECT 1FROM secret",
            "SELECT 1.FROM secret",
            "SELECT 1e5FROM secret",
            "SELECT 0x1F",
            "SELECT $$a$$",
            "SELECT $x$a$x$",
            r"SELECT E'\''",
            "SELECT U&\"a\"",
            "SELECT 'a",
            "SELECT \"a",
            "SELECT (1",
            "SELECT 1)",
            "SELECT 1) FROM (note",
            "WITH x AS (SELECT 1) SELECT 1",
            "SELECT * FROM note FOR UPDATE",
            "SELECT * FROM note FOR SHARE",
            "SELECT * INTO x FROM note",
            "SELECT * FROM generate_series(1, 2)",
            "SELECT * FROM note, query_to_xml('a')",
            "TABLE note",
            "SELECT pg_catalog.query_to_xml('SELECT * FROM public.note', true, true, '')",
            "SELECT \"query_to_xml\"('SELECT * FROM public.note', true, true, '')",
            "SELECT pg_catalog.\"table_to_xml\"('note', true, true, '')",
            "SELECT (ts_stat('SELECT to_tsvector(body) FROM secret')).word",
            "SELECT set_config('a.b', 'c', false)",
            "SELECT s.body, x.is distinct FROM (SELECT 1 AS is) x, public.note s",
            "SELECT 1::is distinct FROM secret",
            "SELECT * FROM plan p JOIN plan q ON mode() WITHIN GROUP (ORDER BY p.a) > 0, secret",
            "SELECT * FROM (values JOIN plan ON true)",
            "SELECT query_to_xml('SELECT * FROM public.note', true, true, '')",
            "SELECT table_to_xml('note', true, true, '')",
            "SELECT * FROM ROWS FROM (f())",
            "SELECT (DELETE FROM note)",
            "SELECT * FROM",
        ] {
            assert!(read(sql).is_err(), "{sql}");
        }
    }

    #[test]
    fn hostile_depth_and_length_are_refused() {
        let deep = format!("SELECT {}1{}", "(".repeat(100_000), ")".repeat(100_000));
        let long = format!("SELECT * FROM {}", "n".repeat(64));
        for sql in [deep, long] {
            assert!(
                matches!(read(&sql), Err(ScopeError::Unproven(..))),
                "{sql:.40}"
            );
        }
    }

    #[test]
    fn a_fragment_cannot_leave_its_place() {
        let catalog = catalog();
        let read = |fragment: &'static str| tables_of(&Expr::cust(fragment), &catalog);
        assert!(read("a = 1 OR b = 2").is_ok());
        assert!(read("id IN (SELECT note_id FROM tag)").is_ok());
        for fragment in [
            "1 = 1) OR (1 = 1",
            "true UNION SELECT 1",
            "true, true",
            "1 FROM secret",
            "true RETURNING id",
            "true;",
            "true ORDER BY 1",
            "true -- ",
            "id IN (SELECT id FROM secret)",
            "SELECT 1",
        ] {
            assert!(read(fragment).is_err(), "{fragment}");
        }
    }
}
