//! The tenant column, and the keys and indexes that should carry it.

use super::{Check, Probe, Stage};
use crate::doctor::Severity;

/// See the PostgreSQL manual, [Constraints] and, about what keys tell, the notes of [Row Security Policies].
///
/// [Constraints]: https://www.postgresql.org/docs/current/ddl-constraints.html
/// [Row Security Policies]: https://www.postgresql.org/docs/current/ddl-rowsecurity.html
pub(super) const PROBES: [Probe; 8] = [
    Probe {
        check: Check {
            code: "TNC040",
            severity: Severity::Warning,
            title: "The tenant column may be null",
            explanation: "A row without a tenant is nobody's: no tenant sees it, and keys with NULL in them hold nothing together.",
            example: "ALTER TABLE note ALTER COLUMN tenant_id DROP NOT NULL;",
            cure: "Set it NOT NULL.",
        },
        stage: Stage::Examination,
        sql: "SELECT t.label, t.label, format('column `%s` may be null, and a row without a tenant is nobody''s', t.column_name),
                     format('ALTER TABLE %s ALTER COLUMN %I SET NOT NULL;', t.ident, t.column_name)
              FROM tenant_table t WHERE NOT t.attnotnull",
    },
    Probe {
        check: Check {
            code: "TNC041",
            severity: Severity::Warning,
            title: "Tenant columns differ in type or collation",
            explanation: "`text` here and `varchar(20)` there: one of them cuts or refuses what the other takes, and joins compare with a \
                          cast that may lose the index.",
            example: "CREATE TABLE invoice (tenant_id varchar(20) NOT NULL, …);",
            cure: "Give all of them the same type and collation.",
        },
        stage: Stage::Examination,
        sql: "SELECT t.label, t.label,
                     format('column `%s` is of type %s, and that of most tables is %s', t.column_name, t.spelled, t.usual),
                     concat((SELECT string_agg(format('DROP POLICY %I ON %s;', p.polname, t.ident), E'\\n' ORDER BY p.polname) || E'\\n'
                             FROM pg_policy p WHERE p.polrelid = t.oid),
                            format(E'ALTER TABLE %s ALTER COLUMN %I TYPE %s;\\n', t.ident, t.column_name, t.usual),
                            (SELECT string_agg(p.ddl, E'\\n' ORDER BY p.polname) FROM policy p WHERE p.relid = t.oid))
              FROM (SELECT s.*, (SELECT mode() WITHIN GROUP (ORDER BY o.spelled) FROM spelled_tenant o) AS usual
                    FROM spelled_tenant s) t
              WHERE t.type_fits AND t.spelled <> t.usual",
    },
    Probe {
        check: Check {
            code: "TNC042",
            severity: Severity::Performance,
            title: "No index is led by the tenant column",
            explanation: "Every query of a tenant reads the rows of all tenants to find its own. On a million rows that is tens of \
                          milliseconds for what takes a hundredth of one.",
            example: "CREATE TABLE invoice (tenant_id text NOT NULL, id bigint NOT NULL, PRIMARY KEY (id, tenant_id));",
            cure: "Make it the first column of the primary key or of an index.",
        },
        stage: Stage::Examination,
        sql: "SELECT t.label, t.label, format('no index is led by `%s`, so every query reads the rows of all tenants', t.column_name),
                     format('CREATE INDEX ON %s (%I);', t.ident, t.column_name)
              FROM tenant_table t
              WHERE NOT EXISTS (SELECT FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am m ON m.oid = c.relam
                                WHERE i.indrelid = t.oid AND i.indkey[0] = t.attnum AND i.indisvalid AND i.indpred IS NULL
                                  AND m.amname IN ('btree', 'hash'))",
    },
    Probe {
        check: Check {
            code: "TNC043",
            severity: Severity::Warning,
            title: "A unique key does not carry the tenant",
            explanation: "Uniqueness is checked past the policies. A tenant learns by error 23505 that another has the same value, and two \
                          tenants cannot have it at once.",
            example: "ALTER TABLE note ADD CONSTRAINT note_body_key UNIQUE (body);",
            cure: "Put the tenant column first into the key.",
        },
        stage: Stage::Examination,
        sql: "SELECT format('index %s.%s on %s', n.nspname, c.relname, t.label), t.label,
                     format('%s `%s` does not carry `%s`, so it tells a tenant which values another has',
                            CASE WHEN i.indisprimary THEN 'primary key' WHEN i.indisexclusion THEN 'exclusion constraint' ELSE 'unique key' END,
                            c.relname, t.column_name),
                     CASE WHEN k.referrers IS NOT NULL THEN format(E'-- first change the foreign keys that refer to it: %s\\n', k.referrers) ELSE '' END
                     || CASE WHEN i.indisexclusion THEN '-- write it again with the tenant column WITH ='
                          WHEN i.indpred IS NULL AND i.indexprs IS NULL AND NOT i.indisprimary
                            AND EXISTS (SELECT FROM pg_index o
                                        WHERE o.indrelid = t.oid AND o.indisunique AND o.indpred IS NULL AND o.indexprs IS NULL
                                          AND o.indnkeyatts = i.indnkeyatts + 1
                                          AND (o.indkey::int2[])[0:o.indnkeyatts - 1] @> (t.attnum || (i.indkey::int2[])[0:i.indnkeyatts - 1])) THEN
                            format(E'-- another key has the tenant column and these\n%s',
                                   CASE WHEN k.oid IS NOT NULL THEN format('ALTER TABLE %s DROP CONSTRAINT %I;', t.ident, k.conname)
                                     ELSE format('DROP INDEX %I.%I;', n.nspname, c.relname) END)
                          WHEN k.oid IS NOT NULL THEN
                            format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s;', t.ident, k.conname,
                                   regexp_replace(pg_get_constraintdef(k.oid), '\\(', format('(%I, ', t.column_name)))
                          ELSE format(E'DROP INDEX %I.%I;\\n%s;', n.nspname, c.relname,
                                      regexp_replace(pg_get_indexdef(c.oid), '(USING \\w+ )\\(', format('\\1(%I, ', t.column_name))) END
              FROM kin t JOIN pg_index i ON i.indrelid = t.oid
              JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
              LEFT JOIN LATERAL (SELECT k.oid, k.conname,
                                        (SELECT string_agg(format('%s on %s', f.conname, f.conrelid::regclass), ', ')
                                         FROM pg_constraint f WHERE f.contype = 'f' AND f.conindid = c.oid AND f.conparentid = 0) AS referrers
                                 FROM pg_constraint k WHERE k.conindid = c.oid AND k.contype IN ('p', 'u', 'x') AND k.conrelid = t.oid) k ON true
              -- Of what a partition has from its parent, the parent is told.
              WHERE (i.indisunique OR i.indisexclusion) AND NOT c.relispartition
                AND NOT t.attnum = ANY ((i.indkey::int2[])[0:i.indnkeyatts - 1])",
    },
    Probe {
        check: Check {
            code: "TNC044",
            severity: Severity::Error,
            title: "A foreign key does not carry the tenant",
            explanation: "Foreign keys are checked past the policies. A row of one tenant can refer to a row of another, which tells that \
                          the row exists, keeps its owner from deleting it or, with a cascade, lets its owner delete rows of the first.",
            example: "ALTER TABLE tag ADD CONSTRAINT tag_note FOREIGN KEY (note_id) REFERENCES note (id);",
            cure: "Refer to the tenant column and the key together.",
        },
        stage: Stage::Examination,
        sql: "SELECT format('constraint %s on %s', k.conname, t.label), t.label,
                     format('foreign key `%s` refers to `%s` without the tenant, so a row can refer to one of another tenant', k.conname, u.label),
                     CASE WHEN EXISTS (SELECT FROM pg_index i WHERE i.indrelid = u.oid AND i.indisunique AND i.indpred IS NULL
                                       AND i.indnkeyatts = cardinality(k.confkey) + 1
                                       AND (i.indkey::int2[])[0:i.indnkeyatts - 1] @> (k.confkey || u.attnum)) THEN ''
                       ELSE format(E'ALTER TABLE %s ADD UNIQUE (%I, %s);\\n', u.ident, u.column_name,
                                   (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY x.nr)
                                    FROM unnest(k.confkey) WITH ORDINALITY AS x(attnum, nr)
                                    JOIN pg_attribute a ON a.attrelid = u.oid AND a.attnum = x.attnum)) END
                     || format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s;', t.ident, k.conname,
                               regexp_replace(regexp_replace(regexp_replace(pg_get_constraintdef(k.oid),
                                 '^FOREIGN KEY \\((.*?)\\)', format('FOREIGN KEY (%I, \\1)', t.column_name)),
                                 '(REFERENCES [^(]*)\\(', format('\\1(%I, ', u.column_name)),
                                 '(ON DELETE SET (NULL|DEFAULT))(?! *\\()', format('\\1 (%s)',
                                   (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY x.nr)
                                    FROM unnest(k.conkey) WITH ORDINALITY AS x(attnum, nr)
                                    JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.attnum))))
              FROM pg_constraint k JOIN kin t ON t.oid = k.conrelid JOIN kin u ON u.oid = k.confrelid
              WHERE k.contype = 'f' AND k.conparentid = 0
                AND NOT EXISTS (SELECT FROM unnest(k.conkey, k.confkey) AS pair(child, parent)
                                WHERE pair.child = t.attnum AND pair.parent = u.attnum)",
    },
    Probe {
        check: Check {
            code: "TNC045",
            severity: Severity::Warning,
            title: "A foreign key rewrites the tenant column",
            explanation: "ON DELETE SET NULL and ON UPDATE CASCADE change rows past the policies: deleting or renaming one row takes others from \
                          their tenant.",
            example: "ALTER TABLE tag ADD CONSTRAINT tag_note FOREIGN KEY (tenant_id, note_id)\n    REFERENCES note (tenant_id, id) ON DELETE SET NULL;",
            cure: "Name the columns, `ON DELETE SET NULL (note_id)`, and leave ON UPDATE at its default.",
        },
        stage: Stage::Examination,
        sql: "SELECT format('constraint %s on %s', k.conname, t.label), t.label,
                     format('foreign key `%s` rewrites `%s` when what it refers to is %s', k.conname, t.column_name,
                            CASE WHEN w.on_delete AND w.on_update THEN 'deleted or changed' WHEN w.on_delete THEN 'deleted' ELSE 'changed' END),
                     format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s;', t.ident, k.conname,
                            regexp_replace(CASE WHEN w.on_delete THEN
                                regexp_replace(pg_get_constraintdef(k.oid), ' ON DELETE SET (NULL|DEFAULT)( \\([^)]*\\))?',
                                               coalesce(format(' ON DELETE SET \\1 (%s)',
                                                 (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY x.nr)
                                                  FROM unnest(k.conkey) WITH ORDINALITY AS x(attnum, nr)
                                                  JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = x.attnum
                                                  WHERE x.attnum <> t.attnum HAVING count(*) > 0)), ' ON DELETE RESTRICT'))
                              ELSE pg_get_constraintdef(k.oid) END,
                              ' ON UPDATE (CASCADE|SET NULL|SET DEFAULT)', CASE WHEN w.on_update THEN '' ELSE '\\&' END))
              FROM pg_constraint k JOIN kin t ON t.oid = k.conrelid
              CROSS JOIN LATERAL (SELECT k.confdeltype IN ('n', 'd') AND (k.confdelsetcols IS NULL OR t.attnum = ANY (k.confdelsetcols)) AS on_delete,
                                         k.confupdtype IN ('c', 'n', 'd') AS on_update) w
              WHERE k.contype = 'f' AND k.conparentid = 0 AND t.attnum = ANY (k.conkey) AND (w.on_delete OR w.on_update)",
    },
    Probe {
        check: Check {
            code: "TNC046",
            severity: Severity::Error,
            title: "A table without a tenant refers to a tenant table",
            explanation: "Foreign keys are checked past the policies. Whoever may write the table that refers learns, by whether the row is \
                          taken, which rows other tenants have, and keeps them from deleting these.",
            example: "ALTER TABLE plan ADD sample_tenant text, ADD sample bigint,\n    \
                      ADD FOREIGN KEY (sample_tenant, sample) REFERENCES note (tenant_id, id);\n\
                      GRANT UPDATE ON plan TO app;",
            cure: "Drop the foreign key, or take the privilege to write its columns from the role.",
        },
        stage: Stage::Examination,
        sql: "SELECT format('constraint %s on %s', k.conname, r.label), r.label,
                     format('foreign key `%s` tells `%s`, which may write it, what rows other tenants have in `%s`', k.conname, min(j.name), u.label),
                     format('ALTER TABLE %s DROP CONSTRAINT %I;', r.ident, k.conname)
              FROM pg_constraint k JOIN kin u ON u.oid = k.confrelid JOIN relation r ON r.oid = k.conrelid
              JOIN plain j ON has_schema_privilege(j.oid, r.namespace, 'USAGE')
                AND EXISTS (SELECT FROM unnest(k.conkey) AS c(attnum) WHERE has_column_privilege(j.oid, r.oid, c.attnum, 'INSERT, UPDATE'))
              WHERE k.contype = 'f' AND k.conparentid = 0 AND NOT r.of_extension
                AND NOT EXISTS (SELECT FROM kin t WHERE t.oid = r.oid)
              GROUP BY k.conname, r.label, r.ident, u.label",
    },
    Probe {
        check: Check {
            code: "TNC047",
            severity: Severity::Error,
            title: "The role changes rows of all tenants through a shared table",
            explanation: "ON DELETE CASCADE, SET NULL and their like run past the policies. Whoever may delete or change a row that tenants share \
                          deletes or changes the rows of every tenant that refer to it.",
            example: "ALTER TABLE note DROP CONSTRAINT note_plan_fkey,\n    \
                      ADD CONSTRAINT note_plan_fkey FOREIGN KEY (plan) REFERENCES plan (name) ON DELETE CASCADE;\n\
                      GRANT DELETE ON plan TO app;",
            cure: "Leave ON DELETE and ON UPDATE at their defaults, or take the privilege from the role.",
        },
        stage: Stage::Examination,
        sql: "WITH RECURSIVE chain AS (
                  SELECT k.oid, k.confrelid AS shared, k.confdeltype IN ('c', 'n', 'd') AS on_delete,
                         CASE WHEN k.confupdtype IN ('c', 'n', 'd') AND NOT t.attnum = ANY (k.conkey) THEN k.confkey END AS on_update
                  FROM pg_constraint k JOIN kin t ON t.oid = k.conrelid
                  WHERE k.contype = 'f' AND k.conparentid = 0 AND (k.confdeltype IN ('c', 'n', 'd') OR k.confupdtype IN ('c', 'n', 'd'))
                  UNION
                  SELECT chain.oid, k.confrelid, true, NULL
                  FROM chain JOIN pg_constraint k ON k.conrelid = chain.shared
                  WHERE chain.on_delete AND k.contype = 'f' AND k.confdeltype = 'c'
                    AND NOT EXISTS (SELECT FROM kin t WHERE t.oid = chain.shared))
              SELECT format('constraint %s on %s', k.conname, t.label), t.label,
                     format('`%s` may %s, and foreign key `%s` then does so past the policies', min(w.role),
                            string_agg(DISTINCT format('%s rows of `%s`', CASE WHEN w.deletes AND w.updates THEN 'delete and change'
                                                       WHEN w.deletes THEN 'delete' ELSE 'change' END, w.label), ' and '), k.conname),
                     format('ALTER TABLE %s DROP CONSTRAINT %I, ADD CONSTRAINT %2$I %s;', t.ident, k.conname,
                            regexp_replace(pg_get_constraintdef(k.oid),
                              format(' ON (%s) (CASCADE|SET NULL|SET DEFAULT)( \\([^)]*\\))?',
                                     concat_ws('|', CASE WHEN bool_or(w.deletes) THEN 'DELETE' END, CASE WHEN bool_or(w.updates) THEN 'UPDATE' END)),
                              '', 'g'))
              FROM (SELECT c.oid, j.name AS role, r.label, c.on_delete AND has_table_privilege(j.oid, r.oid, 'DELETE') AS deletes,
                           EXISTS (SELECT FROM unnest(c.on_update) AS u(attnum)
                                   WHERE has_column_privilege(j.oid, r.oid, u.attnum, 'UPDATE')) AS updates
                    FROM chain c JOIN relation r ON r.oid = c.shared JOIN reached x ON x.oid = r.oid CROSS JOIN plain j
                    WHERE (x.open OR r.known) AND has_schema_privilege(j.oid, r.namespace, 'USAGE')
                      AND NOT EXISTS (SELECT FROM kin t WHERE t.oid = r.oid)) w
              JOIN pg_constraint k ON k.oid = w.oid JOIN kin t ON t.oid = k.conrelid
              WHERE w.deletes OR w.updates
              GROUP BY k.oid, k.conname, t.label, t.ident",
    },
];
