//! Functions that a scoped statement must not call.

use super::lexer::Token;
use super::{ScopeError, WRITE_IT_DIRECTLY};

/// Refuses the functions of Postgres and its extensions that run SQL text, read behind the tables, or change
/// the session: whatever stands before a parenthesis, quoted and qualified names included.
pub(super) fn functions_run_no_sql(tokens: &[Token]) -> Result<(), ScopeError> {
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
