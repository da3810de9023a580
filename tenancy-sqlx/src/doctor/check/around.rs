//! What stands around the tables: functions, triggers, rules, privileges, publications, the server.

use super::{Check, Probe, Stage};
use crate::doctor::Severity;

/// The SQL that takes a privilege on a schema or a database from everybody by whom a role that is judged has it.
macro_rules! revocations {
    ($privilege:literal, $kind:literal, $name:literal, $acl:literal, $owner:literal) => {
        concat!(
            "(SELECT string_agg(DISTINCT format('REVOKE ", $privilege, " ON ", $kind, " %I FROM %s;', ", $name, ",
                      CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END), E'\\n')
              FROM aclexplode(", $acl, ") AS a
              WHERE a.privilege_type = '", $privilege, "' AND a.grantee <> ", $owner, "
                AND (a.grantee = 0 OR EXISTS (SELECT FROM plain k WHERE pg_has_role(k.oid, a.grantee, 'USAGE'))))"
        )
    };
}

/// See the PostgreSQL manual, [Privileges] and [Rules and Privileges].
///
/// [Privileges]: https://www.postgresql.org/docs/current/ddl-priv.html
/// [Rules and Privileges]: https://www.postgresql.org/docs/current/rules-privileges.html
pub(super) const PROBES: [Probe; 15] = [
    Probe {
        check: Check {
            code: "TNC065",
            severity: Severity::Warning,
            title: "A SECURITY DEFINER function runs past the policies",
            explanation: "It runs as its owner, whom row-level security does not bind, and the role may call it: whatever it reads, it reads of all \
                          tenants.",
            example: "CREATE FUNCTION every_body() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER AS 'SELECT body FROM note';",
            cure: "Make it SECURITY INVOKER, give it to an owner that the policies bind, or revoke EXECUTE.",
        },
        stage: Stage::Examination,
        sql: "SELECT 'function ' || f.oid::regprocedure, NULL::text,
                     format('`%s` may call it, and it runs as `%s`, whom row-level security does not bind', min(j.name), o.rolname),
                     format('ALTER ROUTINE %s SECURITY INVOKER;', f.oid::regprocedure)
              FROM pg_proc f JOIN pg_roles o ON o.oid = f.proowner JOIN pg_namespace n ON n.oid = f.pronamespace
              JOIN plain j ON has_function_privilege(j.oid, f.oid, 'EXECUTE') AND has_schema_privilege(j.oid, n.oid, 'USAGE')
              WHERE f.prosecdef AND f.prokind IN ('f', 'p') AND f.prorettype NOT IN ('trigger'::regtype, 'event_trigger'::regtype)
                AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
                AND NOT (n.nspname = 'tenancy' AND f.proname IN ('current_tenant_id', 'refuse_tenant_change'))
                AND NOT EXISTS (SELECT FROM policy_function p WHERE p.oid = f.oid)
                AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid AND d.deptype = 'e')
                AND EXISTS (SELECT FROM unbound u WHERE u.role = o.oid)
              GROUP BY f.oid, o.rolname",
    },
    Probe {
        check: Check {
            code: "TNC066",
            severity: Severity::Warning,
            title: "A trigger runs past the policies",
            explanation: "Its function is SECURITY DEFINER and its owner is not bound by row-level security: what a tenant writes makes it read and \
                          write rows of all tenants.",
            example: "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END';\n\
                      CREATE TRIGGER stamp BEFORE INSERT ON note FOR EACH ROW EXECUTE FUNCTION stamp();",
            cure: "Make the function SECURITY INVOKER, or give it to an owner that the policies bind.",
        },
        stage: Stage::Examination,
        sql: "SELECT format('trigger %s on %s', g.tgname, t.label), t.label,
                     format('its function %s runs as `%s`, whom row-level security does not bind', f.oid::regprocedure, o.rolname),
                     format('ALTER FUNCTION %s SECURITY INVOKER;', f.oid::regprocedure)
              FROM pg_trigger g JOIN relation t ON t.oid = g.tgrelid JOIN pg_proc f ON f.oid = g.tgfoid JOIN pg_roles o ON o.oid = f.proowner
              WHERE NOT g.tgisinternal AND g.tgenabled <> 'D' AND f.prosecdef AND NOT t.of_extension
                AND (EXISTS (SELECT FROM kin u WHERE u.oid = t.oid) OR EXISTS (SELECT FROM reached x WHERE x.oid = t.oid)
                     -- Writing a view writes what is beneath it.
                     OR EXISTS (SELECT FROM reached x JOIN view_walk v ON v.view = x.oid WHERE v.node = t.oid))
                AND EXISTS (SELECT FROM unbound u WHERE u.role = o.oid)",
    },
    Probe {
        check: Check {
            code: "TNC067",
            severity: Severity::Warning,
            title: "A rule rewrites statements on a table",
            explanation: "What a rule adds runs with the rights of the owner of the table, and may do so past the policies.",
            example: "CREATE RULE note_log AS ON INSERT TO note DO ALSO INSERT INTO log VALUES (NEW.body);",
            cure: "Write a trigger instead.",
        },
        stage: Stage::Examination,
        sql: "SELECT format('rule %s on %s', w.rulename, t.label), t.label, format('rule `%s` rewrites statements with the rights of the owner', w.rulename),
                     format('DROP RULE %I ON %s;', w.rulename, t.ident)
              FROM pg_rewrite w JOIN relation t ON t.oid = w.ev_class
              WHERE w.rulename <> '_RETURN' AND t.kind IN ('r', 'p') AND NOT t.of_extension
                AND (EXISTS (SELECT FROM kin u WHERE u.oid = t.oid) OR EXISTS (SELECT FROM reached x WHERE x.oid = t.oid)
                     OR EXISTS (SELECT FROM reached x JOIN view_walk v ON v.view = x.oid WHERE v.node = t.oid))",
    },
    Probe {
        check: Check {
            code: "TNC068",
            severity: Severity::Error,
            title: "The role may truncate a tenant table",
            explanation: "TRUNCATE asks no policy: it takes the rows of every tenant.",
            example: "GRANT TRUNCATE ON note TO app;",
            cure: "Revoke TRUNCATE. `GRANT ALL` grants it too.",
        },
        stage: Stage::Examination,
        sql: "SELECT t.label, t.label, format('`%s` may TRUNCATE it, which no policy holds back', min(j.name)),
                     string_agg(DISTINCT format('REVOKE TRUNCATE ON %s FROM %s;', t.ident, g.to_whom), E'\\n')
              FROM kin t JOIN plain j ON has_table_privilege(j.oid, t.oid, 'TRUNCATE')
              LEFT JOIN granted g ON g.relid = t.oid AND g.privilege = 'TRUNCATE' AND (g.grantee = 0 OR pg_has_role(j.oid, g.grantee, 'USAGE'))
              -- Of the owner, TNC006 speaks; of a child without policies of its own, TNC028.
              WHERE (t.is_declared OR t.protected) AND NOT pg_has_role(j.oid, t.owner, 'USAGE') GROUP BY t.label",
    },
    Probe {
        check: Check {
            code: "TNC069",
            severity: Severity::Warning,
            title: "The role may refer to a tenant table or put triggers on it",
            explanation: "A foreign key is checked past the policies and tells which values exist; a trigger runs in the transactions of all tenants.",
            example: "GRANT REFERENCES, TRIGGER ON note TO app;",
            cure: "Revoke both: a service that makes no tables needs neither.",
        },
        stage: Stage::Examination,
        sql: "SELECT t.label, t.label, format('`%s` has %s on it, which a service does not need', min(j.name), string_agg(DISTINCT c.privilege, ' and ')),
                     string_agg(DISTINCT format('REVOKE %s ON %s FROM %s;', c.privilege, t.ident, g.to_whom), E'\\n')
              FROM kin t CROSS JOIN plain j CROSS JOIN (VALUES ('REFERENCES'), ('TRIGGER')) AS c(privilege)
              LEFT JOIN granted g ON g.relid = t.oid AND g.privilege = c.privilege AND (g.grantee = 0 OR pg_has_role(j.oid, g.grantee, 'USAGE'))
              WHERE has_table_privilege(j.oid, t.oid, c.privilege) AND NOT pg_has_role(j.oid, t.owner, 'USAGE') GROUP BY t.label",
    },
    Probe {
        check: Check {
            code: "TNC070",
            severity: Severity::Error,
            title: "The role may create tables",
            explanation: "`SELECT … INTO` copies the rows of a tenant to a table that no policy protects, and an object of the role's own may be found \
                          in the place of yours.",
            example: "GRANT CREATE ON SCHEMA public TO app;",
            cure: "Revoke CREATE on every schema and on the database.",
        },
        stage: Stage::Posture,
        sql: concat!(
            "SELECT 'schema ' || n.nspname, NULL::text, format('`%s` may create tables in it, which no policy would protect', min(j.name)),
                     coalesce(",
            revocations!("CREATE", "SCHEMA", "n.nspname", "n.nspacl", "n.nspowner"),
            ",
                              format('ALTER SCHEMA %I OWNER TO CURRENT_USER;', n.nspname))
              FROM pg_namespace n JOIN plain j ON has_schema_privilege(j.oid, n.oid, 'CREATE')
              WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' GROUP BY n.nspname, n.nspacl, n.nspowner
              UNION ALL
              SELECT 'database ' || d.datname, NULL::text, format('`%s` may create schemas in it, and tables in those', min(j.name)),
                     coalesce(",
            revocations!("CREATE", "DATABASE", "d.datname", "d.datacl", "d.datdba"),
            ",
                              format('ALTER DATABASE %I OWNER TO CURRENT_USER;', d.datname))
              FROM pg_database d JOIN plain j ON has_database_privilege(j.oid, d.oid, 'CREATE')
              WHERE d.datname = current_database() GROUP BY d.datname, d.datacl, d.datdba",
        ),
    },
    Probe {
        check: Check {
            code: "TNC071",
            severity: Severity::Error,
            title: "The role may create temporary tables",
            explanation: "They outlive the transaction: the next tenant on the connection finds the rows of the last one, under the name of a table \
                          of yours if need be. By default everybody may.",
            example: "GRANT TEMPORARY ON DATABASE service TO PUBLIC;",
            cure: "Revoke TEMPORARY on the database, as `Rls` does.",
        },
        stage: Stage::Posture,
        sql: concat!(
            "SELECT 'database ' || d.datname, NULL::text, format('`%s` may create temporary tables, which outlive a transaction', min(j.name)),
                     coalesce(",
            revocations!("TEMPORARY", "DATABASE", "d.datname", "coalesce(d.datacl, acldefault('d', d.datdba))", "d.datdba"),
            ",
                              format('ALTER DATABASE %I OWNER TO CURRENT_USER;', d.datname))
              FROM pg_database d JOIN plain j ON has_database_privilege(j.oid, d.oid, 'TEMPORARY')
              WHERE d.datname = current_database() GROUP BY d.datname, d.datacl, d.datdba",
        ),
    },
    Probe {
        check: Check {
            code: "TNC072",
            severity: Severity::Warning,
            title: "A tenant table is granted to PUBLIC",
            explanation: "Every role of the server has the privilege, the next one to be made too, whatever its policies are.",
            example: "GRANT SELECT ON note TO PUBLIC;",
            cure: "Grant to the roles that need it.",
        },
        stage: Stage::Examination,
        sql: "SELECT t.label, t.label, format('every role has %s on it', string_agg(DISTINCT g.privilege, ', ')), format('REVOKE ALL ON %s FROM PUBLIC;', t.ident)
              FROM kin t JOIN granted g ON g.relid = t.oid AND g.grantee = 0 WHERE t.is_declared OR t.protected GROUP BY t.label, t.ident",
    },
    Probe {
        check: Check {
            code: "TNC073",
            severity: Severity::Warning,
            title: "Default privileges open new tables",
            explanation: "The next table that somebody creates is open to the role before anybody has put a policy on it.",
            example: "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO app;",
            cure: "Revoke the default and grant table by table, together with the policies.",
        },
        stage: Stage::Examination,
        sql: "SELECT concat('default privileges of ', pg_get_userbyid(d.defaclrole), ' in schema ' || n.nspname), NULL::text,
                     format('tables that `%s` creates are open to %s at once, before they have a policy', pg_get_userbyid(d.defaclrole),
                            string_agg(DISTINCT w.to_whom, ', ')),
                     string_agg(DISTINCT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I%s REVOKE ALL ON TABLES FROM %s;', pg_get_userbyid(d.defaclrole),
                                                ' IN SCHEMA ' || quote_ident(n.nspname), w.to_whom), E'\\n')
              FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace CROSS JOIN aclexplode(d.defaclacl) AS a
              CROSS JOIN LATERAL (SELECT CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS to_whom) w
              WHERE d.defaclobjtype = 'r' AND a.grantee <> d.defaclrole
                AND a.privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE')
                AND (a.grantee = 0 OR EXISTS (SELECT FROM plain j WHERE pg_has_role(j.oid, a.grantee, 'MEMBER')))
              GROUP BY d.defaclrole, n.nspname",
    },
    Probe {
        check: Check {
            code: "TNC074",
            severity: Severity::Info,
            title: "A publication carries tenant tables",
            explanation: "Logical replication sends the rows of all tenants: whoever subscribes has them, and its policies are its own affair.",
            example: "CREATE PUBLICATION everything FOR TABLE note;",
            cure: "Drop it if nobody subscribes; otherwise allow the finding and say who does.",
        },
        stage: Stage::Examination,
        sql: "SELECT 'publication ' || p.pubname, NULL::text, format('it sends the rows of all tenants of `%s`', string_agg(DISTINCT t.label, '`, `')),
                     format(E'-- if nobody subscribes:\\nDROP PUBLICATION %I;', p.pubname)
              FROM pg_publication_tables p JOIN relation r ON r.schema = p.schemaname AND r.name = p.tablename
              LEFT JOIN family f ON f.oid = r.oid
              JOIN tenant_table t ON t.oid = r.oid OR t.label = f.parent GROUP BY p.pubname",
    },
    Probe {
        check: Check {
            code: "TNC075",
            severity: Severity::Warning,
            title: "Large objects are open to the role",
            explanation: "A large object has an owner and no tenant: what one tenant stored, every tenant of the service reads.",
            example: "SET ROLE app; SELECT lo_from_bytea(0, 'secret'); RESET ROLE;",
            cure: "Keep bytes in a `bytea` column of a tenant table.",
        },
        stage: Stage::Examination,
        sql: "SELECT 'large objects of ' || j.name, NULL::text, format('%s large objects are open to `%s`, and have no tenant', count(DISTINCT l.oid), j.name),
                     string_agg(DISTINCT concat(
                       CASE WHEN l.lomowner = j.oid THEN format('ALTER LARGE OBJECT %s OWNER TO CURRENT_USER; ', l.oid) END,
                       format('REVOKE ALL ON LARGE OBJECT %s FROM PUBLIC, %I;', l.oid, j.name)), E'\\n')
              FROM plain j JOIN pg_largeobject_metadata l
                ON l.lomowner = j.oid OR EXISTS (SELECT FROM aclexplode(l.lomacl) AS a WHERE a.grantee IN (0, j.oid))
              GROUP BY j.name",
    },
    Probe {
        check: Check {
            code: "TNC076",
            severity: Severity::Warning,
            title: "An extension reaches past the policies",
            explanation: "dblink and the foreign data wrappers connect as somebody else, the untrusted languages and the inspecting extensions read \
                          files and pages, and those that speak HTTP carry rows away.",
            example: "CREATE EXTENSION dblink;",
            cure: "Drop it, or keep it in a database without tenants.",
        },
        stage: Stage::Examination,
        sql: "SELECT 'extension ' || e.extname, NULL::text, format('`%s` reaches past row-level security', e.extname), format('DROP EXTENSION %I;', e.extname)
              FROM pg_extension e
              WHERE e.extname IN ('dblink', 'postgres_fdw', 'file_fdw', 'plpython3u', 'plperlu', 'pltclu', 'adminpack', 'pageinspect', 'pg_surgery',
                                  'pg_walinspect', 'http', 'pg_net', 'pg_cron', 'lo')",
    },
    Probe {
        check: Check {
            code: "TNC077",
            severity: Severity::Performance,
            title: "An index works in part only under row-level security",
            explanation: "An operator that is not leakproof may not see a row before the policy has admitted it, so an index condition with it is not \
                          used: `@>` on jsonb and arrays, full text search, LIKE, and even `=` of enums and numerics.",
            example: "CREATE INDEX note_attributes ON note USING gin (attributes);",
            cure: "Search a generated column of a leakproof type beside the tenant column, or a scoped statement of a role without policies.",
        },
        stage: Stage::Examination,
        sql: "SELECT format('index %s.%s on %s', n.nspname, c.relname, t.label), t.label,
                     format(CASE WHEN i.indkey[0] = t.attnum
                            THEN 'for a role that policies bind, the index narrows by the columns before those of `%s` only, whose operators (LIKE for a pattern) are not leakproof'
                            ELSE 'the operators of `%s` are not leakproof, so a role that policies bind does not use the index for them' END,
                            string_agg(DISTINCT o.opcname, ', ')),
                     format(E'-- if no role without policies needs it, and nothing needs the columns before:\\nDROP INDEX %I.%I;', n.nspname, c.relname)
              FROM tenant_table t JOIN pg_index i ON i.indrelid = t.oid JOIN pg_class c ON c.oid = i.indexrelid
              JOIN pg_namespace n ON n.oid = c.relnamespace
              CROSS JOIN unnest(i.indclass) WITH ORDINALITY AS k(opclass, nr)
              JOIN pg_opclass o ON o.oid = k.opclass JOIN pg_am m ON m.oid = o.opcmethod
              WHERE t.protected AND NOT i.indisunique AND NOT i.indisexclusion AND i.indkey[k.nr - 1] <> t.attnum
                AND (o.opcname LIKE '%pattern\\_ops' AND m.amname = 'btree' OR m.amname = 'gin'
                     OR NOT EXISTS (SELECT FROM pg_amop a JOIN pg_operator r ON r.oid = a.amopopr JOIN pg_proc f ON f.oid = r.oprcode
                                    WHERE a.amopfamily = o.opcfamily AND a.amoppurpose = 's' AND f.proleakproof
                                      AND (m.amname NOT IN ('btree', 'hash') OR r.oprname = '=')))
              GROUP BY n.nspname, c.relname, t.label, i.indkey[0] = t.attnum",
    },
    Probe {
        check: Check {
            code: "TNC078",
            severity: Severity::Warning,
            title: "The server has a known hole in row-level security",
            explanation: "It is below the minor release that mended CVE-2025-8713 (15.14, 16.10, 17.6), CVE-2024-10976 (15.9, 16.5, 17.1) or \
                          CVE-2023-39418 (15.4): rows that a policy hides could be read, sampled or changed.",
            example: "-- PostgreSQL 15.8",
            cure: "Install the newest minor release. It needs a restart and nothing else.",
        },
        stage: Stage::Examination,
        sql: "SELECT 'server', NULL::text, format('PostgreSQL %s.%s has a hole in row-level security that %1$s.%s mends', v.major, v.minor, m.minor),
                     format('-- install PostgreSQL %s.%s or newer and restart', v.major, m.minor)
              FROM (SELECT (r.v)[1]::int AS major, (r.v)[2]::int AS minor
                    FROM (SELECT regexp_match(version(), '^PostgreSQL (\\d+)\\.(\\d+)') AS v) r) v
              JOIN (VALUES (15, 14), (16, 10), (17, 6)) AS m(major, minor) ON m.major = v.major AND v.minor < m.minor",
    },
    Probe {
        check: Check {
            code: "TNC079",
            severity: Severity::Warning,
            title: "The role owns a schema that holds tenant tables",
            explanation: "The owner of a schema may drop and rename what is in it, whoever owns that, and put something else in its place.",
            example: "ALTER SCHEMA billing OWNER TO app;",
            cure: "Let the role own nothing.",
        },
        stage: Stage::Examination,
        sql: "SELECT 'schema ' || n.nspname, NULL::text, format('`%s` owns it, and may drop what is in it', min(j.name)),
                     format('ALTER SCHEMA %I OWNER TO CURRENT_USER;', n.nspname)
              FROM pg_namespace n JOIN plain j ON pg_has_role(j.oid, n.nspowner, 'MEMBER')
              WHERE n.oid IN (SELECT t.namespace FROM tenant_table t) GROUP BY n.nspname",
    },
];
