//! Whether the `TableCatalog` and the database speak of the same tables.

use super::{Check, Probe, Stage};
use crate::doctor::Severity;

pub(super) const PROBES: [Probe; 8] = [
    Probe {
        check: Check {
            code: "TNC010",
            severity: Severity::Error,
            title: "No tenant table is declared",
            explanation: "Without a declared table nothing would be checked, and nothing could be scoped.",
            example: "-- let catalog = TableCatalog::new();",
            cure: "Declare the tables of the service in the `TableCatalog`.",
        },
        stage: Stage::Posture,
        sql: "SELECT 'catalogue', NULL::text,
                     'no tenant table is declared; declare the tables of the service in the `TableCatalog`',
                     '-- TableCatalog::new().tenant_table(…, …)'
              FROM input WHERE NOT EXISTS (SELECT FROM declared)",
    },
    Probe {
        check: Check {
            code: "TNC011",
            severity: Severity::Error,
            title: "A table is declared twice and differently",
            explanation: "Which of the two is meant is not guessed, so every statement on the table is refused.",
            example: "-- catalog.tenant_table(\"note\", \"tenant_id\").shared_table(\"note\")",
            cure: "Declare it once. Statements name a table by its bare name, so two schemas cannot each have one.",
        },
        stage: Stage::Posture,
        sql: "SELECT name, NULL::text, 'it is declared twice and differently in the `TableCatalog`',
                     '-- declare it once in the `TableCatalog`'
              FROM input, jsonb_array_elements_text(given->'contradictions') AS name",
    },
    Probe {
        check: Check {
            code: "TNC012",
            severity: Severity::Error,
            title: "A declared table does not exist",
            explanation: "The catalogue names a table that the database does not have, or that is a view or a foreign table \
                          there, which no policy protects.",
            example: "-- catalog.tenant_table(\"nope\", \"tenant_id\")",
            cure: "Create the table, by running the migrations, or mend the catalogue.",
        },
        stage: Stage::Posture,
        sql: "SELECT d.label, d.label, 'it is declared as a tenant table and is no table of the database',
                     '-- create the table, or mend the `TableCatalog`'
              FROM declared d CROSS JOIN input
              WHERE NOT EXISTS (SELECT FROM relation r WHERE r.schema = d.schema AND r.name = d.name AND r.kind IN ('r', 'p'))
                AND NOT given->'too_long' ? d.name
              UNION ALL
              SELECT name, NULL, 'its name is longer than 63 bytes, of which Postgres keeps no more',
                     '-- declare the name that the table has in the database'
              FROM input, jsonb_array_elements_text(given->'too_long') AS name",
    },
    Probe {
        check: Check {
            code: "TNC013",
            severity: Severity::Error,
            title: "A declared table has no tenant column",
            explanation: "No policy can compare a column that is not there.",
            example: "ALTER TABLE note RENAME COLUMN tenant_id TO org_id;",
            cure: "Add the column or mend the catalogue.",
        },
        stage: Stage::Posture,
        sql: "SELECT d.label, d.label, format('it has no column `%s`, which is declared to hold the tenant', d.column_name),
                     format('ALTER TABLE %s ADD COLUMN %I %s NOT NULL;', r.ident, d.column_name, given->>'type')
              FROM declared d
              JOIN relation r ON r.schema = d.schema AND r.name = d.name AND r.kind IN ('r', 'p')
              CROSS JOIN input
              WHERE NOT EXISTS (SELECT FROM tenant_table t WHERE t.oid = r.oid)",
    },
    Probe {
        check: Check {
            code: "TNC014",
            severity: Severity::Error,
            title: "A tenant column has another type than the catalogue says",
            explanation: "Statements compare the column with a value of the declared type: they fail or, with types that \
                          take different texts for the same such as `citext` and `char`, meet the rows of another tenant.",
            example: "CREATE TABLE invoice (tenant_id bigint NOT NULL, …);",
            cure: "Change the column, or declare its type by `TableCatalog::with_tenant_column_type`.",
        },
        stage: Stage::Posture,
        sql: "SELECT t.label, t.label,
                     format('column `%s` is of type %s, and the catalogue says %s', t.column_name,
                            format_type(t.atttypid, t.atttypmod), given->>'type'),
                     concat((SELECT string_agg(format('DROP POLICY %I ON %s;', p.polname, t.ident), E'\\n' ORDER BY p.polname) || E'\\n'
                             FROM pg_policy p WHERE p.polrelid = t.oid),
                            format(E'ALTER TABLE %s ALTER COLUMN %I TYPE %s USING %2$I::text::%3$s;\\n%s', t.ident, t.column_name,
                                   given->>'type', t.policy_ddl))
              FROM tenant_table t CROSS JOIN input WHERE NOT t.type_fits",
    },
    Probe {
        check: Check {
            code: "TNC015",
            severity: Severity::Error,
            title: "A tenant column has a nondeterministic collation",
            explanation: "To such a collation different texts may be equal, `Acme` and `acme` for one: two tenants would share \
                          their rows.",
            example: "CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);\n\
                      CREATE TABLE invoice (tenant_id text COLLATE loose NOT NULL, …);",
            cure: "Give the column a deterministic collation.",
        },
        stage: Stage::Posture,
        sql: "SELECT t.label, t.label,
                     format('column `%s` has a nondeterministic collation, to which `Acme` may be `acme`', t.column_name),
                     concat((SELECT string_agg(format('DROP POLICY %I ON %s;', p.polname, t.ident), E'\\n' ORDER BY p.polname) || E'\\n'
                             FROM pg_policy p WHERE p.polrelid = t.oid),
                            format(E'ALTER TABLE %s ALTER COLUMN %I TYPE %s COLLATE pg_catalog.\"default\";\\n', t.ident, t.column_name,
                                   format_type(t.atttypid, t.atttypmod)),
                            (SELECT string_agg(p.ddl, E'\\n' ORDER BY p.polname) FROM policy p WHERE p.relid = t.oid))
              FROM tenant_table t JOIN pg_collation c ON c.oid = t.attcollation
              WHERE NOT c.collisdeterministic",
    },
    Probe {
        check: Check {
            code: "TNC016",
            severity: Severity::Warning,
            title: "A table has a tenant column and is not declared",
            explanation: "It looks like a tenant table that somebody forgot: no other check looks at it, and the query builder \
                          refuses it.",
            example: "CREATE TABLE invoice (tenant_id text NOT NULL, total int);",
            cure: "Declare it as a tenant table and protect it, or declare it as shared.",
        },
        stage: Stage::Examination,
        sql: "SELECT r.label, r.label,
                     format('it has a column `%s` like a tenant table, and is not declared', a.attname),
                     '-- declare it in the `TableCatalog` and run the SQL of `Rls`, or declare it as shared'
              FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped
              WHERE r.kind IN ('r', 'p') AND NOT r.of_extension AND NOT r.known
                AND a.attname IN (SELECT d.column_name FROM declared d) AND a.attname <> 'id' AND r.label NOT LIKE 'tenancy.%'
                AND NOT EXISTS (SELECT FROM family f WHERE f.oid = r.oid)
                -- Open to the role, it is TNC027.
                AND NOT EXISTS (SELECT FROM reached x WHERE x.oid = r.oid AND x.open)",
    },
    Probe {
        check: Check {
            code: "TNC017",
            severity: Severity::Error,
            title: "A shared name is that of several tables",
            explanation: "A shared table is declared by its bare name. Where several schemas have a table of that name, each counts as \
                          shared, also one that nobody meant.",
            example: "CREATE TABLE billing.plan AS SELECT * FROM note; GRANT SELECT ON billing.plan TO app;",
            cure: "Rename one of them, or revoke the privileges on it.",
        },
        stage: Stage::Posture,
        sql: "SELECT r.label, r.label, format('`%s` is declared as shared, and several tables that `%s` reaches have that name', r.name, x.role),
                     format(E'-- if this is not the one that is meant:\\nREVOKE ALL ON %s FROM PUBLIC, %I;', r.ident, x.role)
              FROM relation r JOIN reached x ON x.oid = r.oid CROSS JOIN input
              WHERE given->'shared' ? r.name AND NOT r.of_extension
                AND NOT EXISTS (SELECT FROM declared d WHERE d.schema = r.schema AND d.name = r.name)
                AND EXISTS (SELECT FROM relation o JOIN reached y ON y.oid = o.oid
                            WHERE o.name = r.name AND o.oid <> r.oid AND NOT o.of_extension)",
    },
];
