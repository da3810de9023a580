//! What the role is and what it can become.

use super::{Check, Probe, Stage};
use crate::doctor::Severity;

/// The SQL that takes from role `j` whatever makes it role `o`.
macro_rules! memberships_that_lead_there {
    () => {
        "(SELECT string_agg(format('REVOKE %I FROM %I;', g.rolname, j.name), E'\\n' ORDER BY g.rolname)
          FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
          WHERE m.member = j.oid AND (g.oid = o.oid OR pg_has_role(g.oid, o.oid, 'MEMBER')))"
    };
}

/// See the PostgreSQL manual, [Role Attributes] and [Predefined Roles].
///
/// [Role Attributes]: https://www.postgresql.org/docs/current/role-attributes.html
/// [Predefined Roles]: https://www.postgresql.org/docs/current/predefined-roles.html
pub(super) const PROBES: [Probe; 9] = [
    Probe {
        check: Check {
            code: "TNC001",
            severity: Severity::Error,
            title: "The role is a superuser",
            explanation: "No policy binds a superuser, forced or not: every statement sees every tenant.",
            example: "ALTER ROLE app SUPERUSER;",
            cure: "Connect as a role that is none.",
        },
        stage: Stage::Posture,
        sql: "SELECT 'role ' || j.name, NULL::text,
                     format('`%s` is a superuser, whom row-level security does not bind', j.name),
                     format('ALTER ROLE %I NOSUPERUSER;', j.name)
              FROM judged j WHERE j.rolsuper",
    },
    Probe {
        check: Check {
            code: "TNC002",
            severity: Severity::Error,
            title: "The role bypasses row-level security",
            explanation: "A role with BYPASSRLS sees and changes the rows of every tenant.",
            example: "ALTER ROLE app BYPASSRLS;",
            cure: "Take BYPASSRLS from it; leave that to a role for work across tenants.",
        },
        stage: Stage::Posture,
        sql: "SELECT 'role ' || j.name, NULL::text,
                     format('`%s` has BYPASSRLS, so row-level security does not bind it', j.name),
                     format('ALTER ROLE %I NOBYPASSRLS;', j.name)
              FROM judged j WHERE j.rolbypassrls AND NOT j.rolsuper",
    },
    Probe {
        check: Check {
            code: "TNC003",
            severity: Severity::Error,
            title: "The role can become one that is not bound",
            explanation: "A member of a superuser or of a role with BYPASSRLS becomes it by SET ROLE, whether it \
                          inherits from it or not.",
            example: "CREATE ROLE strong BYPASSRLS; GRANT strong TO app;",
            cure: "Revoke the membership.",
        },
        stage: Stage::Posture,
        sql: "SELECT 'role ' || j.name, NULL::text,
                     format('`%s` can become `%s`, which row-level security does not bind', j.name, o.rolname),
                     (SELECT string_agg(format('REVOKE %I FROM %I;', g.rolname, j.name), E'\\n' ORDER BY g.rolname)
                      FROM pg_auth_members m JOIN pg_roles g ON g.oid = m.roleid
                      WHERE m.member = j.oid AND NOT g.rolsuper AND pg_has_role(g.oid, o.oid, 'MEMBER')
                         OR m.member = j.oid AND g.oid = o.oid)
              FROM plain j, pg_roles o
              WHERE (o.rolsuper OR o.rolbypassrls) AND NOT j.rolbypassrls
                AND pg_has_role(j.oid, o.oid, 'MEMBER')",
    },
    Probe {
        check: Check {
            code: "TNC004",
            severity: Severity::Error,
            title: "The role may make roles",
            explanation: "With CREATEROLE it can make itself a member of others: up to Postgres 15 of any that is not a \
                          superuser, the owner of the tables among them, and later of those it administers.",
            example: "ALTER ROLE app CREATEROLE;",
            cure: "Take CREATEROLE from it.",
        },
        stage: Stage::Posture,
        sql: "SELECT 'role ' || j.name, NULL::text,
                     format('`%s` has CREATEROLE and can make itself a member of roles that see more', j.name),
                     format('ALTER ROLE %I NOCREATEROLE;', j.name)
              FROM plain j WHERE j.rolcreaterole",
    },
    Probe {
        check: Check {
            code: "TNC005",
            severity: Severity::Error,
            title: "The role may replicate",
            explanation: "Replication and logical decoding read the rows of all tenants out of the write-ahead log, \
                          where no policy applies.",
            example: "ALTER ROLE app REPLICATION;",
            cure: "Take REPLICATION from it; replicate with a role of its own.",
        },
        stage: Stage::Posture,
        sql: "SELECT 'role ' || j.name, NULL::text,
                     format('`%s` has REPLICATION and can read the rows of all tenants from the log', j.name),
                     format('ALTER ROLE %I NOREPLICATION;', j.name)
              FROM plain j WHERE j.rolreplication",
    },
    Probe {
        check: Check {
            code: "TNC006",
            severity: Severity::Warning,
            title: "The role is or can become the owner of a tenant table",
            explanation: "FORCE ROW LEVEL SECURITY binds an owner until the owner takes it away, which one statement \
                          does. An owner may also truncate the table and drop its policies.",
            example: "ALTER TABLE note OWNER TO app;",
            cure: "Let a role own the tables that nobody connects as but migrations.",
        },
        stage: Stage::Examination,
        sql: concat!(
            "SELECT t.label, t.label,
                     CASE WHEN o.oid = j.oid THEN format('`%s` owns the table and can switch its policies off', j.name)
                     ELSE format('`%s` can become `%s`, which owns the table and can switch its policies off', j.name, o.rolname) END,
                     CASE WHEN o.oid = j.oid THEN format('ALTER TABLE %s OWNER TO CURRENT_USER;', t.ident)
                     ELSE ",
            memberships_that_lead_there!(),
            " END
              FROM tenant_table t JOIN pg_roles o ON o.oid = t.owner JOIN plain j ON pg_has_role(j.oid, o.oid, 'MEMBER')",
        ),
    },
    Probe {
        check: Check {
            code: "TNC007",
            severity: Severity::Error,
            title: "The role reaches the files of the server",
            explanation: "Members of `pg_read_server_files`, `pg_write_server_files` and `pg_execute_server_program` read the \
                          files that hold every table, or become the server's own user.",
            example: "GRANT pg_read_server_files TO app;",
            cure: "Revoke the membership.",
        },
        stage: Stage::Posture,
        sql: concat!(
            "SELECT 'role ' || j.name, NULL::text,
                     format('`%s` is a member of `%s`, which reaches the files beneath all tables', j.name, o.rolname),
                     ",
            memberships_that_lead_there!(),
            "
              FROM plain j JOIN pg_roles o ON pg_has_role(j.oid, o.oid, 'MEMBER')
              WHERE o.rolname IN ('pg_read_server_files', 'pg_write_server_files', 'pg_execute_server_program')",
        ),
    },
    Probe {
        check: Check {
            code: "TNC008",
            severity: Severity::Warning,
            title: "The role is a member of a predefined role that sees more than a service needs",
            explanation: "`pg_read_all_data` and `pg_write_all_data` open every table that has no policy, now and in future; \
                          `pg_monitor` and its parts show the statements of other sessions with the values in them; \
                          `pg_create_subscription` writes rows past policies.",
            example: "GRANT pg_read_all_stats TO app;",
            cure: "Revoke the membership and grant what the service uses, table by table.",
        },
        stage: Stage::Examination,
        sql: concat!(
            "SELECT 'role ' || j.name, NULL::text,
                     format('`%s` is a member of `%s`, which sees more than the rows of a tenant', j.name, o.rolname),
                     ",
            memberships_that_lead_there!(),
            "
              FROM plain j JOIN pg_roles o ON pg_has_role(j.oid, o.oid, 'MEMBER')
              WHERE o.rolname IN ('pg_read_all_data', 'pg_write_all_data', 'pg_monitor', 'pg_read_all_stats',
                                  'pg_stat_scan_tables', 'pg_create_subscription')
                -- pg_monitor contains two of the others: one mistake, one finding.
                AND NOT (o.rolname IN ('pg_read_all_stats', 'pg_stat_scan_tables')
                         AND EXISTS (SELECT FROM pg_roles m WHERE m.rolname = 'pg_monitor'
                                     AND pg_has_role(j.oid, m.oid, 'MEMBER')))",
        ),
    },
    Probe {
        check: Check {
            code: "TNC009",
            severity: Severity::Warning,
            title: "The role may switch off triggers and foreign keys",
            explanation: "Under `session_replication_role = replica` no foreign key is checked and no ordinary trigger runs, the one that keeps the \
                          tenant of a row among them. The policies still hold.",
            example: "GRANT SET ON PARAMETER session_replication_role TO app;",
            cure: "Revoke it, and reset what is preset.",
        },
        stage: Stage::Examination,
        sql: "SELECT 'role ' || j.name, NULL::text,
                     format('`%s` may set `session_replication_role`, which switches off foreign keys and triggers', j.name),
                     (SELECT string_agg(DISTINCT format('REVOKE ALL ON PARAMETER session_replication_role FROM %s;',
                                          CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END), E'\\n')
                      FROM pg_parameter_acl p CROSS JOIN aclexplode(p.paracl) AS a
                      WHERE p.parname = 'session_replication_role' AND (a.grantee = 0 OR pg_has_role(j.oid, a.grantee, 'MEMBER')))
              FROM plain j WHERE has_parameter_privilege(j.oid, 'session_replication_role', 'SET')
              UNION ALL
              SELECT p.object, NULL::text, format('`session_replication_role` begins as `%s`, which switches off foreign keys and triggers', p.value), p.fix
              FROM preset p WHERE p.name = 'session_replication_role' AND p.value = 'replica'",
    },
];
