//! What holds in every new database and matters to those whose SQL an attacker may write.

use super::{Check, Probe, Stage};
use crate::doctor::Severity;

/// See the PostgreSQL manual, [System Administration Functions].
///
/// [System Administration Functions]: https://www.postgresql.org/docs/current/functions-admin.html
pub(super) const PROBES: [Probe; 5] = [
    Probe {
        check: Check {
            code: "TNC090",
            severity: Severity::Info,
            title: "The role may call `set_config`",
            explanation: "An expression that an attacker writes can name another tenant. With the right revoked, and with statements by the \
                          extended protocol only, it cannot. Found by a strict doctor only.",
            example: "GRANT EXECUTE ON FUNCTION set_config(text, text, boolean) TO PUBLIC;",
            cure: "Revoke it, as a superuser and once a database.",
        },
        stage: Stage::Strict,
        sql: "SELECT 'function set_config', NULL::text, format('`%s` may call it: SQL that an attacker writes can name another tenant', min(j.name)),
                     format('REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC, %s;',
                            string_agg(DISTINCT quote_ident(j.name), ', '))
              FROM plain j WHERE has_function_privilege(j.oid, 'set_config(text, text, boolean)', 'EXECUTE') HAVING count(*) > 0",
    },
    Probe {
        check: Check {
            code: "TNC091",
            severity: Severity::Info,
            title: "The role may make large objects",
            explanation: "A large object has no tenant and outlives the transaction. Found by a strict doctor only.",
            example: "GRANT EXECUTE ON FUNCTION lo_create(oid) TO PUBLIC;",
            cure: "Revoke the functions that make them.",
        },
        stage: Stage::Strict,
        sql: "SELECT 'large objects', NULL::text, format('`%s` may make large objects, which have no tenant', min(j.name)),
                     string_agg(DISTINCT format('REVOKE EXECUTE ON FUNCTION pg_catalog.%s FROM PUBLIC, %I;', f.oid::regprocedure, j.name), E'\\n')
              FROM plain j JOIN pg_proc f ON f.pronamespace = 'pg_catalog'::regnamespace AND f.proname IN ('lo_create', 'lo_creat', 'lo_from_bytea')
                AND has_function_privilege(j.oid, f.oid, 'EXECUTE')
              HAVING count(*) > 0",
    },
    Probe {
        check: Check {
            code: "TNC092",
            severity: Severity::Info,
            title: "The role may take advisory locks of the session",
            explanation: "They outlive the transaction and are seen by every tenant: one can wait for another, or keep it waiting. Found by a strict \
                          doctor only.",
            example: "GRANT EXECUTE ON FUNCTION pg_advisory_lock(bigint) TO PUBLIC;",
            cure: "Revoke those of the session and use `pg_advisory_xact_lock`.",
        },
        stage: Stage::Strict,
        sql: "SELECT 'advisory locks', NULL::text, format('`%s` may take advisory locks that outlive the transaction', min(j.name)),
                     string_agg(DISTINCT format('REVOKE EXECUTE ON FUNCTION pg_catalog.%s FROM PUBLIC, %I;', f.oid::regprocedure, j.name), E'\\n')
              FROM plain j JOIN pg_proc f ON f.pronamespace = 'pg_catalog'::regnamespace AND f.proname ~ '^pg_(try_)?advisory_lock(_shared)?$'
                AND has_function_privilege(j.oid, f.oid, 'EXECUTE')
              HAVING count(*) > 0",
    },
    Probe {
        check: Check {
            code: "TNC093",
            severity: Severity::Info,
            title: "The role may update the tenant column",
            explanation: "The policy refuses to give a row to another tenant. Without the privilege there is nothing to refuse. Found by a strict \
                          doctor only.",
            example: "GRANT UPDATE ON note TO app;",
            cure: "Grant UPDATE on the other columns only.",
        },
        stage: Stage::Strict,
        sql: "SELECT t.label, t.label, format('`%s` may update column `%s`', min(j.name), t.column_name),
                     concat(string_agg(DISTINCT format('REVOKE UPDATE ON %s FROM %s;', t.ident, g.to_whom), E'\\n'),
                            string_agg(DISTINCT format(E'\\nGRANT UPDATE (%s) ON %s TO %s;',
                              (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_attribute a
                               WHERE a.attrelid = t.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attnum <> t.attnum AND a.attgenerated = ''),
                              t.ident, g.to_whom), ''))
              FROM tenant_table t JOIN plain j ON has_column_privilege(j.oid, t.oid, t.attnum, 'UPDATE')
              LEFT JOIN granted g ON g.relid = t.oid AND g.privilege = 'UPDATE' AND (g.grantee = 0 OR pg_has_role(j.oid, g.grantee, 'USAGE'))
              GROUP BY t.oid, t.label, t.ident, t.column_name, t.attnum",
    },
    Probe {
        check: Check {
            code: "TNC099",
            severity: Severity::Info,
            title: "An allowance is no longer needed",
            explanation: "A finding was allowed and did not occur. Left in the list, it would hide the finding when it comes back.",
            example: "-- doctor.allow(\"TNC043\", \"index public.note_body_key on public.note\", \"bodies are not secret\")",
            cure: "Take it out of the list.",
        },
        stage: Stage::Examination,
        sql: "",
    },
];
