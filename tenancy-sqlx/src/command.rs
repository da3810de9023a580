//! Which commands may run inside a tenant transaction.

/// A command that a tenant transaction does not run. Nothing was sent to the database.
///
/// It arrives as [`sqlx::Error::Configuration`], because that is the error type of sqlx's `Executor`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{command}` does not run in a tenant transaction, which begins, ends and knows its tenant by itself; \
     send SELECT, INSERT, UPDATE, DELETE, MERGE, WITH, VALUES, TABLE, EXPLAIN, CALL, LOCK, NOTIFY, SHOW, or \
     SET LOCAL of a planner setting"
)]
pub struct ForbiddenCommand {
    command: String,
}

/// What is refused and would otherwise outlive the transaction or change its tenant: `COMMIT` and its kin,
/// `SET` and `RESET`, `DISCARD`, `LISTEN`, `PREPARE`, `DECLARE … WITH HOLD`, `DO`. The list is one of what is
/// allowed, so that a command of a future Postgres is refused until it was looked at. `SELECT … INTO` passes here;
/// it finds no place for its table, because the posture check asks that the role may create none.
const ALLOWED: [&str; 13] = [
    "select", "insert", "update", "delete", "merge", "with", "values", "table", "explain", "call",
    "lock", "notify", "show",
];

/// Settings that only say how a query is planned or shown, by prefix.
const HARMLESS: [&str; 15] = [
    "enable_",
    "work_mem",
    "hash_mem_multiplier",
    "jit",
    "plan_cache_mode",
    "random_page_cost",
    "seq_page_cost",
    "cpu_",
    "join_collapse_limit",
    "from_collapse_limit",
    "geqo",
    "max_parallel_workers_per_gather",
    "lock_timeout",
    "timezone",
    "synchronous_commit",
];

/// Checks the first words of `sql`. That is enough because statements go out by the extended protocol, which
/// refuses a second one (PostgreSQL manual §55.2.3).
pub(crate) fn check(sql: &str) -> Result<(), ForbiddenCommand> {
    let start = skip_blank(sql);
    if start.starts_with('(') {
        // Only a query can begin so.
        return Ok(());
    }
    let (command, rest) = word(start);
    let command = command.to_ascii_lowercase();
    let allowed = if command == "set" {
        is_harmless_set(rest)
    } else {
        ALLOWED.contains(&command.as_str())
    };
    if allowed {
        Ok(())
    } else {
        Err(ForbiddenCommand {
            command: command.to_ascii_uppercase(),
        })
    }
}

/// `LOCAL name …`, with a name from the list.
fn is_harmless_set(rest: &str) -> bool {
    let (local, rest) = word(skip_blank(rest));
    let (name, rest) = word(skip_blank(rest));
    let name = name.to_ascii_lowercase();
    // `jit.tenant` is no setting of the planner.
    if skip_blank(rest).starts_with('.') {
        return false;
    }
    local.eq_ignore_ascii_case("local") && HARMLESS.iter().any(|prefix| name.starts_with(prefix))
}

fn word(text: &str) -> (&str, &str) {
    let ends = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
    text.split_at(text.find(ends).unwrap_or(text.len()))
}

/// Skips white space and comments as Postgres does; its block comments nest.
fn skip_blank(mut text: &str) -> &str {
    loop {
        text = text.trim_start_matches([' ', '\t', '\n', '\r', '\x0b', '\x0c']);
        if let Some(comment) = text.strip_prefix("--") {
            text = comment
                .find(['\n', '\r'])
                .and_then(|end| comment.get(end..))
                .unwrap_or_default();
        } else if text.starts_with("/*") {
            text = skip_block(text);
        } else {
            return text;
        }
    }
}

fn skip_block(text: &str) -> &str {
    let mut depth = 0_usize;
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix("/*") {
            depth += 1;
            rest = inner;
        } else if let Some(outer) = rest.strip_prefix("*/") {
            depth -= 1;
            rest = outer;
            if depth == 0 {
                return rest;
            }
        } else {
            let mut characters = rest.chars();
            characters.next();
            rest = characters.as_str();
        }
    }
    rest
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_and_writes_pass() {
        for sql in [
            "SELECT 1",
            "select 1",
            "  \n\tSELECT 1",
            "-- hello\nSELECT 1",
            "/* a /* b */ c */ SELECT 1",
            "(SELECT 1)",
            "WITH x AS (SELECT 1) SELECT * FROM x",
            "INSERT INTO note DEFAULT VALUES",
            "TABLE note",
            "VALUES (1)",
            "EXPLAIN ANALYZE SELECT 1",
            "SET LOCAL work_mem = '64MB'",
            "set /* */ local Enable_SeqScan to off",
            "SELECT(1)",
        ] {
            assert_eq!(check(sql), Ok(()), "{sql}");
        }
    }

    #[test]
    fn commands_that_touch_the_transaction_or_the_session_are_refused() {
        for sql in [
            "COMMIT",
            "commit;",
            "END",
            "ROLLBACK",
            "ABORT",
            "BEGIN",
            "START TRANSACTION",
            "SAVEPOINT a",
            "RELEASE a",
            "PREPARE TRANSACTION 'x'",
            "COMMIT PREPARED 'x'",
            "RESET ALL",
            "DISCARD ALL",
            "/* SELECT */ COMMIT",
            "-- SELECT\nCOMMIT",
            "-- SELECT\rCOMMIT",
            ";COMMIT",
            "/* /* */ COMMIT",
            "SET app.current_tenant_id = 'b'",
            "SET LOCAL app.current_tenant_id = 'b'",
            "SET LOCAL ROLE postgres",
            "SET SESSION work_mem = 1",
            "SET work_mem = 1",
            "SET LOCAL row_security = off",
            "SET LOCAL session_authorization = x",
            "SET LOCAL \"work_mem\" = 1",
            "SET LOCAL search_path = x",
            "SET LOCAL jit.tenant = 'b'",
            "SET LOCAL work_mem . tenant = 'b'",
            "DO $$ BEGIN END $$",
            "LISTEN x",
            "DECLARE c CURSOR WITH HOLD FOR SELECT 1",
            "COPY note TO STDOUT",
            "CREATE TEMP TABLE x ()",
            "ALTER TABLE note DISABLE ROW LEVEL SECURITY",
            "",
            "   ",
            "\u{a0}SELECT 1",
            "SELECTX",
        ] {
            assert!(check(sql).is_err(), "{sql}");
        }
    }
}
