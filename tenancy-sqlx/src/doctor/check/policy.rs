//! Whether the policies look at the tenant.

use super::{Check, Probe, Stage};
use crate::doctor::Severity;

/// See the PostgreSQL manual, [`CREATE POLICY`].
///
/// [`CREATE POLICY`]: https://www.postgresql.org/docs/current/sql-createpolicy.html
pub(super) const PROBES: [Probe; 6] = [
    Probe {
        check: Check {
            code: "TNC030",
            severity: Severity::Error,
            title: "A policy does not look at the tenant",
            explanation: "Permissive policies add up: a row is seen when one of them admits it. One that does not depend on the \
                          tenant column admits rows of every tenant.",
            example: "CREATE POLICY published ON note USING (body <> '');",
            cure: "Drop it, or make it `AS RESTRICTIVE` so that it only narrows.",
        },
        stage: Stage::Posture,
        sql: "SELECT p.object, p.label,
                     format('policy `%s` does not look at the tenant, and permissive policies add up', p.polname),
                     format('DROP POLICY %I ON %s;', p.polname, p.ident)
                     || CASE WHEN EXISTS (SELECT FROM policy o WHERE o.relid = p.relid AND o.oid <> p.oid AND o.permissive AND o.applies)
                          THEN E'\\n' || p.narrow_ddl ELSE E'\\n' || p.policy_ddl END
              FROM policy p WHERE p.unfounded AND NOT coalesce(p.always, false)",
    },
    Probe {
        check: Check {
            code: "TNC031",
            severity: Severity::Error,
            title: "A policy is always true",
            explanation: "Permissive policies add up, so this one admits every row whatever the others say.",
            example: "CREATE POLICY everything ON note FOR SELECT USING (true);",
            cure: "Drop it.",
        },
        stage: Stage::Posture,
        sql: "SELECT p.object, p.label, format('policy `%s` is always true and admits the rows of every tenant', p.polname),
                     format('DROP POLICY %I ON %s;', p.polname, p.ident)
                     || CASE WHEN EXISTS (SELECT FROM policy o WHERE o.relid = p.relid AND o.oid <> p.oid AND o.permissive AND o.applies)
                          THEN '' ELSE E'\\n' || p.policy_ddl END
              FROM policy p WHERE p.always",
    },
    Probe {
        check: Check {
            code: "TNC032",
            severity: Severity::Error,
            title: "A policy lets a tenant write rows of another",
            explanation: "Its USING compares the tenant and its WITH CHECK does not: a tenant can insert rows for another, or give \
                          it rows. Without a WITH CHECK of its own, USING would hold for both.",
            example: "ALTER POLICY tenant_isolation ON note WITH CHECK (true);",
            cure: "Let WITH CHECK compare the tenant column too.",
        },
        stage: Stage::Posture,
        sql: "SELECT p.object, p.label,
                     format('WITH CHECK of policy `%s` does not look at the tenant, so a tenant can write rows of another', p.polname),
                     format('ALTER POLICY %I ON %s WITH CHECK (%s);', p.polname, p.ident, p.own)
              FROM policy p
              WHERE p.permissive AND p.applies AND p.cmd <> 'a' AND NOT p.unfounded AND NOT coalesce(p.always, false)
                AND NOT p.check_mentions",
    },
    Probe {
        check: Check {
            code: "TNC033",
            severity: Severity::Warning,
            title: "Several permissive policies for one command",
            explanation: "They add up: whoever loosens one of them loosens the table, whatever the others say.",
            example: "CREATE POLICY own_drafts ON note FOR SELECT USING (tenant_id = (SELECT tenancy.current_tenant_id()) AND body = '');",
            cure: "Keep the one that compares the tenant and make the others `AS RESTRICTIVE`.",
        },
        stage: Stage::Examination,
        sql: "SELECT d.label, d.label, format('permissive policies %s add up for the same command', string_agg(DISTINCT d.polname, ', ')),
                     (SELECT string_agg(format(E'DROP POLICY %I ON %s;\\n%s', q.polname, q.ident, q.narrow_ddl), E'\\n' ORDER BY q.oid)
                      FROM policy q WHERE q.oid = ANY (array_agg(d.oid)) AND q.oid <> min(d.first))
              FROM (SELECT p.*, min(p.oid) OVER (PARTITION BY p.relid, c.cmd) AS first, count(*) OVER (PARTITION BY p.relid, c.cmd) AS policies
                    FROM policy p JOIN (VALUES ('r'), ('a'), ('w'), ('d')) AS c(cmd) ON p.cmd::text IN (c.cmd, '*')
                    WHERE p.permissive AND p.applies AND NOT p.unfounded AND NOT coalesce(p.always, false)) d
              WHERE d.policies > 1
              GROUP BY d.label",
    },
    Probe {
        check: Check {
            code: "TNC034",
            severity: Severity::Warning,
            title: "It cannot be proved that a policy admits the rows of one tenant only",
            explanation: "A policy is proved when it compares the tenant column by `=` with the value of the setting, or is a conjunction with \
                          that in it; so is a function that answers with the setting and nothing else. With OR, IN, LIKE, a call or a sub-query \
                          it may be as sound, and it may admit rows that nobody has seen yet.",
            example: "ALTER POLICY tenant_isolation ON note\n    USING (tenant_id = (SELECT tenancy.current_tenant_id()) OR body LIKE 'public %');",
            cure: "Write the comparison first and the rest behind AND, or leave it to `Rls` and put the rest into a policy `AS RESTRICTIVE`. \
                   Where it is meant, allow it with the reason.",
        },
        stage: Stage::Examination,
        sql: "SELECT e.object, e.label, e.evidence, e.fix FROM policy_evidence e",
    },
    Probe {
        check: Check {
            code: "TNC035",
            severity: Severity::Error,
            title: "A policy is opened by another setting",
            explanation: "Whoever may send a statement may set it, and so may whatever forgets to reset it: no setting should admit rows beside \
                          the one that carries the tenant.",
            example: "ALTER POLICY tenant_isolation ON note\n    USING (tenant_id = (SELECT tenancy.current_tenant_id()) OR \
                      current_setting('app.is_admin', true) = 'on');",
            cure: "Give work across tenants a role of its own, as `danger::AllTenants` wants it.",
        },
        stage: Stage::Posture,
        // Most name one setting only, that of the tenant.
        sql: "SELECT e.object, e.label, e.evidence, e.fix FROM policy_evidence e CROSS JOIN input
              WHERE replace(replace(e.evidence, 'current_setting(''' || (given->>'setting') || '''', ''),
                            'current_setting(E''' || (given->>'setting') || '''', '') ~* 'current_setting\\s*\\('",
    },
];
