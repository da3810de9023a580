//! Views, materialised views and foreign tables, which show what their owner sees.

use super::{Check, Probe, Stage};
use crate::doctor::Severity;

/// See the PostgreSQL manual, [`CREATE VIEW`] and [Rules and Privileges].
///
/// [`CREATE VIEW`]: https://www.postgresql.org/docs/current/sql-createview.html
/// [Rules and Privileges]: https://www.postgresql.org/docs/current/rules-privileges.html
pub(super) const PROBES: [Probe; 5] = [
    Probe {
        check: Check {
            code: "TNC060",
            severity: Severity::Error,
            title: "A view shows the rows of all tenants",
            explanation: "A view reads as its owner. Where the owner is a superuser, has BYPASSRLS or owns a table that is not forced, at any \
                          depth of views beneath, the view shows every tenant to whoever may read it.",
            example: "CREATE VIEW every_note AS SELECT * FROM note; GRANT SELECT ON every_note TO app;",
            cure: "Set `security_invoker` on every view between the role and the table.",
        },
        stage: Stage::Posture,
        sql: "SELECT r.label, r.label,
                     format('it reads `%s` as `%s`, whom row-level security does not bind, and shows every tenant to `%s`',
                            string_agg(DISTINCT l.table_label, '`, `'), min(l.reader), min(x.role)),
                     format('ALTER VIEW %s SET (security_invoker = true);', r.ident)
              FROM relation r JOIN reached x ON x.oid = r.oid JOIN view_leaks l ON l.view = r.oid
              WHERE r.kind = 'v' AND NOT r.invoker AND NOT r.known GROUP BY r.label, r.ident",
    },
    Probe {
        check: Check {
            code: "TNC061",
            severity: Severity::Error,
            title: "A view reads as its owner",
            explanation: "Its owner is bound for now, and stops being so with one ALTER ROLE or NO FORCE; and a table beneath that is neither \
                          protected nor declared is open through it.",
            example: "CREATE VIEW every_note AS SELECT * FROM note;\n\
                      ALTER VIEW every_note OWNER TO owner; GRANT SELECT ON every_note TO app;",
            cure: "Set `security_invoker`, or declare the view as shared.",
        },
        stage: Stage::Posture,
        sql: "SELECT r.label, r.label,
                     format('it is open to `%s`, reads as its owner rather than as the role, and is not declared', min(x.role)),
                     format('ALTER VIEW %s SET (security_invoker = true);', r.ident)
              FROM relation r JOIN reached x ON x.oid = r.oid JOIN view_reads v ON v.view = r.oid
              JOIN relation b ON b.oid = v.node
              WHERE r.kind = 'v' AND NOT r.invoker AND NOT r.known AND NOT r.of_extension
                AND NOT EXISTS (SELECT FROM view_leaks l WHERE l.view = r.oid)
                -- What tenants share anyway, a view may show them.
                AND (NOT b.known OR EXISTS (SELECT FROM tenant_table t WHERE t.oid = b.oid))
              GROUP BY r.label, r.ident",
    },
    Probe {
        check: Check {
            code: "TNC062",
            severity: Severity::Error,
            title: "A materialised view holds the rows of all tenants",
            explanation: "It is a copy that was made as its owner, and policies cannot be put on it.",
            example: "CREATE MATERIALIZED VIEW note_copy AS SELECT * FROM note; GRANT SELECT ON note_copy TO app;",
            cure: "Revoke it from the role and let a view or a function with a predicate stand before it, or declare it as shared.",
        },
        stage: Stage::Posture,
        sql: "SELECT r.label, r.label,
                     format('it is a copy of `%s` that no policy can protect, open to `%s`', string_agg(DISTINCT b.label, '`, `'), min(x.role)),
                     (SELECT string_agg(DISTINCT format('REVOKE ALL ON %s FROM %s;', r.ident, g.to_whom), E'\\n') FROM granted g
                      WHERE g.relid = r.oid
                        AND (g.grantee = 0 OR EXISTS (SELECT FROM plain j WHERE pg_has_role(j.oid, g.grantee, 'MEMBER'))))
              FROM relation r JOIN reached x ON x.oid = r.oid JOIN view_reads v ON v.view = r.oid JOIN relation b ON b.oid = v.node
              WHERE r.kind = 'm' AND NOT r.known AND NOT r.of_extension
                AND (NOT b.known OR EXISTS (SELECT FROM tenant_table t WHERE t.oid = b.oid))
              GROUP BY r.oid, r.label, r.ident",
    },
    Probe {
        check: Check {
            code: "TNC063",
            severity: Severity::Error,
            title: "A foreign table is open to the role",
            explanation: "Its rows are elsewhere, and policies cannot be put on it.",
            example: "CREATE FOREIGN TABLE note_elsewhere (tenant_id text, body text) SERVER elsewhere;\n\
                      GRANT SELECT ON note_elsewhere TO app;",
            cure: "Revoke it from the role, or declare it as shared.",
        },
        stage: Stage::Posture,
        sql: "SELECT r.label, r.label, format('it is a foreign table, which no policy can protect, open to `%s`', x.role),
                     (SELECT string_agg(DISTINCT format('REVOKE ALL ON %s FROM %s;', r.ident, g.to_whom), E'\\n') FROM granted g
                      WHERE g.relid = r.oid
                        AND (g.grantee = 0 OR EXISTS (SELECT FROM plain j WHERE pg_has_role(j.oid, g.grantee, 'MEMBER'))))
              FROM relation r JOIN reached x ON x.oid = r.oid
              WHERE r.kind = 'f' AND NOT r.known AND NOT r.of_extension AND NOT EXISTS (SELECT FROM family f WHERE f.oid = r.oid)",
    },
    Probe {
        check: Check {
            code: "TNC064",
            severity: Severity::Warning,
            title: "A view that is declared as shared shows the rows of all tenants",
            explanation: "The catalogue says that tenants share it, and it reads a tenant table past the policies. That may be meant: a count over \
                          all of them, say.",
            example: "-- catalog.shared_table(\"every_note\")\n\
                      CREATE VIEW every_note AS SELECT * FROM note; GRANT SELECT ON every_note TO app;",
            cure: "Set `security_invoker`, or allow the finding with the reason why it is meant.",
        },
        stage: Stage::Examination,
        sql: "SELECT r.label, r.label, format('it is declared as shared and shows the rows of all tenants of `%s`', string_agg(DISTINCT l.table_label, '`, `')),
                     CASE WHEN r.kind = 'v' THEN format('ALTER VIEW %s SET (security_invoker = true);', r.ident)
                       ELSE (SELECT string_agg(DISTINCT format('REVOKE ALL ON %s FROM %s;', r.ident, g.to_whom), E'\\n') FROM granted g
                             WHERE g.relid = r.oid
                               AND (g.grantee = 0 OR EXISTS (SELECT FROM plain j WHERE pg_has_role(j.oid, g.grantee, 'MEMBER')))) END
              FROM relation r JOIN reached x ON x.oid = r.oid JOIN view_leaks l ON l.view = r.oid
              WHERE r.known AND (r.kind = 'm' OR NOT r.invoker) GROUP BY r.oid, r.label, r.ident, r.kind",
    },
];
