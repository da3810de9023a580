//! Names that a scoped statement must not use: functions that reach beyond its tables, and system columns.

use super::Dialect;

/// Functions of Postgres, of the extensions that come with it, of MySQL and of SQLite that run SQL text, read what is
/// behind the tables, or tell of the session, which has served other tenants before.
const FUNCTIONS: [&str; 40] = [
    "bt_metap",
    "bt_page_items",
    "bt_page_stats",
    "changes",
    "connectby",
    "crosstab",
    "currtid2",
    "currval",
    "found_rows",
    "fsm_page_contents",
    "get_raw_page",
    "heap_force_freeze",
    "heap_force_kill",
    "heap_page_items",
    "heap_page_item_attrs",
    "last_insert_id",
    "last_insert_rowid",
    "lastval",
    "lo_close",
    "lo_creat",
    "lo_create",
    "lo_export",
    "lo_from_bytea",
    "lo_get",
    "lo_import",
    "lo_open",
    "lo_put",
    "lo_unlink",
    "load_extension",
    "load_file",
    "loread",
    "lowrite",
    "page_header",
    "readfile",
    "row_count",
    "set_config",
    "setval",
    "total_changes",
    "ts_rewrite",
    "ts_stat",
];

const PREFIXES: [&str; 5] = ["crosstab", "dblink", "pgstat", "pragma_", "xpath_table"];

/// Of the functions of Postgres whose names begin with `pg_`, those that say nothing of tables and sessions.
const HARMLESS: [&str; 12] = [
    "pg_advisory_xact_lock",
    "pg_advisory_xact_lock_shared",
    "pg_collation_for",
    "pg_column_size",
    "pg_input_error_info",
    "pg_input_is_valid",
    "pg_notify",
    "pg_size_pretty",
    "pg_sleep",
    "pg_try_advisory_xact_lock",
    "pg_try_advisory_xact_lock_shared",
    "pg_typeof",
];

/// Whether a function of this name may reach beyond the tables of a statement.
pub(super) fn reaches_beyond(name: &str, dialect: Dialect) -> bool {
    let is = |known: &&str| known.eq_ignore_ascii_case(name);
    let starts_with = |prefix: &&str| {
        let start = name.get(..prefix.len());
        start.is_some_and(|start| start.eq_ignore_ascii_case(prefix))
    };
    FUNCTIONS.iter().any(is)
        || PREFIXES.iter().any(starts_with)
        || dialect == Dialect::Postgres && starts_with(&"pg_") && !HARMLESS.iter().any(is)
        || name
            .as_bytes()
            .windows(7)
            .any(|part| part.eq_ignore_ascii_case(b"_to_xml"))
}

/// The system columns of Postgres (manual §5.6). No column of a table can have such a name.
pub(super) fn is_system_column(name: &str) -> bool {
    const NAMES: [&str; 6] = ["tableoid", "xmin", "cmin", "xmax", "cmax", "ctid"];
    NAMES.iter().any(|known| known.eq_ignore_ascii_case(name))
}
