//! Functions that a scoped statement must not call.

/// Whether a function runs SQL text, reads behind the tables, or changes the session: those of Postgres and the
/// extensions that come with it, of MySQL and of SQLite. `currval` and `lastval` tell what another tenant drew on the
/// same connection.
pub(super) fn reaches_beyond(name: &str) -> bool {
    const NAMES: [&str; 16] = [
        "connectby",
        "crosstab",
        "currval",
        "lastval",
        "load_extension",
        "load_file",
        "pg_cancel_backend",
        "pg_logical_emit_message",
        "pg_terminate_backend",
        "readfile",
        "set_config",
        "setval",
        "ts_rewrite",
        "ts_stat",
        "writefile",
        "xpath_table",
    ];
    const PREFIXES: [&str; 8] = [
        "crosstab",
        "dblink",
        "lo_",
        "pg_logical_slot_",
        "pg_ls_",
        "pg_read_",
        "pg_stat_file",
        "pragma_",
    ];
    let starts_with = |prefix: &str| {
        let start = name.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    NAMES.iter().any(|known| name.eq_ignore_ascii_case(known))
        || PREFIXES.iter().any(|prefix| starts_with(prefix))
        || name
            .as_bytes()
            .windows(7)
            .any(|part| part.eq_ignore_ascii_case(b"_to_xml"))
}
