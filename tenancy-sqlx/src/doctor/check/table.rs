//! Whether row-level security is on, and which tables it leaves open.

use super::{Check, Probe, Stage};
use crate::doctor::Severity;

/// See the PostgreSQL manual, [Row Security Policies].
///
/// [Row Security Policies]: https://www.postgresql.org/docs/current/ddl-rowsecurity.html
pub(super) const PROBES: [Probe; 9] = [
    Probe {
        check: Check {
            code: "TNC020",
            severity: Severity::Error,
            title: "Row-level security is off",
            explanation: "Whoever may read the table reads the rows of all tenants.",
            example: "ALTER TABLE note DISABLE ROW LEVEL SECURITY; DROP POLICY tenant_isolation ON note;",
            cure: "Run the SQL of `Rls`.",
        },
        stage: Stage::Posture,
        sql: "SELECT t.label, t.label, 'row-level security is off, so the table shows the rows of all tenants',
                     format(E'ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY;\\nALTER TABLE %1$s FORCE ROW LEVEL SECURITY;\\n%2$s',
                            t.ident, t.policy_ddl)
              FROM tenant_table t
              WHERE NOT t.protected AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)",
    },
    Probe {
        check: Check {
            code: "TNC021",
            severity: Severity::Error,
            title: "There are policies, and row-level security is off",
            explanation: "Policies do nothing until row-level security is enabled on their table. In a listing of policies \
                          everything looks right.",
            example: "ALTER TABLE note DISABLE ROW LEVEL SECURITY;",
            cure: "Enable and force row-level security.",
        },
        stage: Stage::Posture,
        sql: "SELECT t.label, t.label, 'it has policies, and row-level security is off, so they do nothing',
                     format(E'ALTER TABLE %1$s ENABLE ROW LEVEL SECURITY;\\nALTER TABLE %1$s FORCE ROW LEVEL SECURITY;', t.ident)
              FROM tenant_table t
              WHERE NOT t.protected AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)",
    },
    Probe {
        check: Check {
            code: "TNC022",
            severity: Severity::Error,
            title: "The role is or can become an owner whom the policies do not bind",
            explanation: "Without FORCE ROW LEVEL SECURITY the owner of a table sees all its rows, and so does every member of \
                          the owner.",
            example: "GRANT owner TO app; ALTER TABLE note NO FORCE ROW LEVEL SECURITY;",
            cure: "Force row-level security, and let the service connect as another role.",
        },
        stage: Stage::Posture,
        sql: "SELECT t.label, t.label,
                     format('row-level security does not bind `%s`, which is or can become the owner: it is not forced', min(j.name)),
                     format('ALTER TABLE %s FORCE ROW LEVEL SECURITY;', t.ident)
              FROM tenant_table t JOIN plain j ON pg_has_role(j.oid, t.owner, 'MEMBER')
              WHERE t.protected AND NOT t.forced GROUP BY t.label, t.ident",
    },
    Probe {
        check: Check {
            code: "TNC023",
            severity: Severity::Warning,
            title: "Row-level security is not forced",
            explanation: "The owner sees all rows: migrations, views and SECURITY DEFINER functions of the owner do, and the service \
                          as soon as it connects as the owner.",
            example: "ALTER TABLE note NO FORCE ROW LEVEL SECURITY;",
            cure: "Force row-level security.",
        },
        stage: Stage::Examination,
        sql: "SELECT t.label, t.label, 'row-level security is not forced, so the owner and what it owns see the rows of all tenants',
                     format('ALTER TABLE %s FORCE ROW LEVEL SECURITY;', t.ident)
              FROM tenant_table t
              WHERE t.protected AND NOT t.forced
                AND NOT EXISTS (SELECT FROM plain j WHERE pg_has_role(j.oid, t.owner, 'MEMBER'))",
    },
    Probe {
        check: Check {
            code: "TNC024",
            severity: Severity::Warning,
            title: "Row-level security is on without a policy",
            explanation: "Without a policy nobody sees or writes a row: the table is closed to every tenant.",
            example: "DROP POLICY tenant_isolation ON note;",
            cure: "Run the SQL of `Rls`.",
        },
        stage: Stage::Examination,
        sql: "SELECT t.label, t.label, 'row-level security is on and there is no policy, so no tenant sees its rows', t.policy_ddl
              FROM tenant_table t
              WHERE t.protected AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)",
    },
    Probe {
        check: Check {
            code: "TNC025",
            severity: Severity::Warning,
            title: "A privilege is granted that no policy answers",
            explanation: "The role may send the command, and no permissive policy covers it: it touches no row, or fails. Somebody \
                          who mends that in haste opens the table.",
            example: "DROP POLICY tenant_isolation ON note;\n\
                      CREATE POLICY reading ON note FOR SELECT USING (tenant_id = (SELECT tenancy.current_tenant_id()));",
            cure: "Write a policy for the command, or revoke the privilege.",
        },
        stage: Stage::Examination,
        sql: "SELECT m.label, m.label, format('`%s` may %s, and no policy covers that', m.role, array_to_string(m.commands, ', ')),
                     (SELECT string_agg(DISTINCT format('REVOKE %s ON %s FROM %s;', g.privilege, m.ident, g.to_whom), E'\\n')
                      FROM granted g
                      WHERE g.relid = m.oid AND g.privilege = ANY (m.commands)
                        AND (g.grantee = 0 OR pg_has_role(m.role_oid, g.grantee, 'USAGE')))
              FROM (SELECT t.oid, t.label, t.ident, j.name AS role, j.oid AS role_oid, array_agg(c.command ORDER BY c.command) AS commands
                    FROM tenant_table t CROSS JOIN plain j
                    CROSS JOIN (VALUES ('r', 'SELECT'), ('a', 'INSERT'), ('w', 'UPDATE'), ('d', 'DELETE')) AS c(cmd, command)
                    WHERE t.protected AND has_table_privilege(j.oid, t.oid, c.command)
                      AND EXISTS (SELECT FROM policy p WHERE p.relid = t.oid AND p.permissive AND p.applies)
                      AND NOT EXISTS (SELECT FROM policy p WHERE p.relid = t.oid AND p.permissive AND p.applies
                                      AND p.cmd::text IN (c.cmd, '*'))
                    GROUP BY t.oid, t.label, t.ident, j.name, j.oid) m",
    },
    Probe {
        check: Check {
            code: "TNC026",
            severity: Severity::Warning,
            title: "Every policy is for other roles",
            explanation: "The policies of the table name roles that the service is not a member of, or only narrow: nobody sees a \
                          row through it.",
            example: "ALTER POLICY tenant_isolation ON note TO reporting;",
            cure: "Add the role to the policy.",
        },
        stage: Stage::Examination,
        sql: "SELECT t.label, t.label, format('none of its permissive policies is for `%s`, so it sees no row', j.name),
                     regexp_replace(t.policy_ddl, 'tenant_isolation ON (.*?) USING',
                                    format('%I ON \\1 TO %I USING', 'tenant_isolation_' || j.name, j.name))
              FROM tenant_table t CROSS JOIN plain j
              WHERE t.protected AND EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = t.oid)
                AND NOT EXISTS (SELECT FROM policy p WHERE p.relid = t.oid AND p.permissive AND p.applies)",
    },
    Probe {
        check: Check {
            code: "TNC027",
            severity: Severity::Error,
            title: "A table is open to the role and not declared",
            explanation: "The role may read or write it, no policy binds the role on it, and nobody said that tenants share it.",
            example: "CREATE TABLE invoice (total int); GRANT SELECT ON invoice TO app;",
            cure: "Declare it as a tenant table and protect it, declare it as shared, or revoke the privileges.",
        },
        stage: Stage::Posture,
        sql: "SELECT r.label, r.label,
                     format('it is open to `%s`, and neither protected nor declared', x.role),
                     (SELECT '-- if tenants share it, declare it as shared; if it is theirs, declare it and run the SQL of `Rls`; if neither:' || E'\\n' || string_agg(DISTINCT format('REVOKE ALL ON %s FROM %s;', r.ident, g.to_whom), E'\\n')
                      FROM granted g WHERE g.relid = r.oid
                        AND (g.grantee = 0 OR EXISTS (SELECT FROM plain j WHERE pg_has_role(j.oid, g.grantee, 'MEMBER'))))
              FROM relation r JOIN reached x ON x.oid = r.oid
              WHERE r.kind IN ('r', 'p') AND x.open AND NOT r.known AND NOT r.of_extension
                AND NOT EXISTS (SELECT FROM family f WHERE f.oid = r.oid)",
    },
    Probe {
        check: Check {
            code: "TNC028",
            severity: Severity::Error,
            title: "A partition or child table can be reached directly",
            explanation: "The policies of the parent bind only those who name the parent. A statement that names the partition \
                          or child is bound by the child's own.",
            example: "CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM (…) TO (…);\nGRANT SELECT ON event_2024 TO app;",
            cure: "Revoke the privileges on it; those on the parent are enough. Or protect it like the parent.",
        },
        stage: Stage::Posture,
        sql: "SELECT r.label, r.label,
                     format('it is a part of `%s`, open to `%s` by its own name, and the policies of the parent do not bind there',
                            f.parent, x.role),
                     (SELECT string_agg(DISTINCT format('REVOKE ALL ON %s FROM %s;', r.ident, g.to_whom), E'\\n')
                      FROM granted g WHERE g.relid = r.oid
                        AND (g.grantee = 0 OR EXISTS (SELECT FROM plain j WHERE pg_has_role(j.oid, g.grantee, 'MEMBER'))))
              FROM family f JOIN relation r ON r.oid = f.oid JOIN reached x ON x.oid = r.oid
              WHERE x.open AND NOT r.known",
    },
];
