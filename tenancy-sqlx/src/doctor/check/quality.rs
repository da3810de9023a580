//! Whether policies are fast, and hold in every state of the setting.

use super::{Check, Probe, Stage};
use crate::doctor::Severity;

/// See the PostgreSQL manual, [Function Volatility Categories] and [Writing SECURITY DEFINER Functions Safely].
///
/// [Function Volatility Categories]: https://www.postgresql.org/docs/current/xfunc-volatility.html
/// [Writing SECURITY DEFINER Functions Safely]: https://www.postgresql.org/docs/current/sql-createfunction.html
pub(super) const PROBES: [Probe; 9] = [
    Probe {
        check: Check {
            code: "TNC050",
            severity: Severity::Performance,
            title: "A policy asks for the tenant once a row",
            explanation: "A function that stands bare in a policy may be called for every row. Inside `(SELECT …)` it is called once a \
                          statement.",
            example: "ALTER POLICY tenant_isolation ON note USING (tenant_id = tenancy.current_tenant_id());",
            cure: "Wrap the call: `(SELECT tenancy.current_tenant_id())`. What `Rls::bare_function` sets up says that it is chosen, and is not \
                   reported.",
        },
        stage: Stage::Examination,
        sql: "SELECT b.object, b.label, format('policy `%s` may ask for the tenant once a row', b.polname),
                     concat(format('ALTER POLICY %I ON %s', b.polname, b.ident),
                            ' USING (' || regexp_replace(b.qual, b.call, '(SELECT \\1)', 'gi') || ')',
                            ' WITH CHECK (' || regexp_replace(b.checks, b.call, '(SELECT \\1)', 'gi') || ')', ';')
              FROM (SELECT p.*, c.call,
                           regexp_replace(concat(p.qual, ' ', p.checks), '\\(\\s*SELECT\\s' || n.nested || '\\)', '', 'g') AS bare
                    FROM policy p
                    LEFT JOIN (SELECT c.policy, string_agg(DISTINCT regexp_replace(f.name, '(\\W)', '\\\\\\1', 'g'), '|') AS names
                               FROM policy_call c JOIN policy_function f ON f.oid = c.function
                               WHERE f.volatility <> 'i' AND f.kind = 'f' GROUP BY c.policy) f ON f.policy = p.oid
                    CROSS JOIN LATERAL (SELECT format('((?:[a-z_0-9\"]+\\.)?\"?(?:%s)\"?\\([^()]*\\))', concat_ws('|', 'current_setting', f.names)) AS call) c
                    CROSS JOIN (SELECT replace('N(?:\\(N(?:\\(N(?:\\(N(?:\\(N(?:\\(N\\)N)*\\)N)*\\)N)*\\)N)*\\)N)*', 'N', '[^()]*') AS nested) n
                    WHERE p.applies) b
              -- `Rls::bare_function` writes this where it is chosen.
              WHERE b.bare ~* b.call AND obj_description(b.oid, 'pg_policy') IS DISTINCT FROM 'tenancy: the bare function is chosen'",
    },
    Probe {
        check: Check {
            code: "TNC051",
            severity: Severity::Performance,
            title: "A policy calls a VOLATILE or parallel-unsafe function",
            explanation: "VOLATILE keeps the planner from an index and from calling the function once; PARALLEL UNSAFE keeps every query on the \
                          table from parallel plans. Both are what a function is unless it says otherwise.",
            example: "ALTER FUNCTION tenancy.current_tenant_id() VOLATILE;",
            cure: "Declare the function STABLE and PARALLEL SAFE.",
        },
        stage: Stage::Examination,
        sql: "SELECT DISTINCT 'function ' || f.signature, NULL::text,
                     format('a policy calls it, and it is %s', concat_ws(' and ',
                       CASE WHEN f.volatility = 'v' THEN 'VOLATILE' END,
                       CASE f.parallel WHEN 'u' THEN 'PARALLEL UNSAFE' WHEN 'r' THEN 'PARALLEL RESTRICTED' END)),
                     format('ALTER FUNCTION %s STABLE PARALLEL SAFE;', f.signature)
              FROM policy_function f WHERE f.volatility = 'v' OR f.parallel = 'u'",
    },
    Probe {
        check: Check {
            code: "TNC052",
            severity: Severity::Performance,
            title: "A policy computes with the tenant column",
            explanation: "A cast or a function over the column keeps its index from being used: every statement reads the whole table.",
            example: "ALTER POLICY tenant_isolation ON note USING (lower(tenant_id) = (SELECT tenancy.current_tenant_id()));",
            cure: "Cast the setting instead of the column.",
        },
        stage: Stage::Examination,
        sql: "SELECT p.object, p.label, format('policy `%s` casts the tenant column or computes with it, so no index helps', p.polname),
                     concat(format('ALTER POLICY %I ON %s', p.polname, p.ident), CASE WHEN p.qual IS NOT NULL THEN format(' USING (%s)', p.own) END,
                            CASE WHEN p.checks IS NOT NULL THEN format(' WITH CHECK (%s)', p.own) END, ';')
              FROM policy p
              WHERE p.permissive AND p.applies
                AND concat(p.qual_tree, p.check_tree)
                    ~ format('(\\{COERCEVIAIO :arg |\\{FUNCEXPR [^{}]*:args \\()(\\{RELABELTYPE :arg )?\\{VAR :varno 1 :varattno %s ', p.attnum)",
    },
    Probe {
        check: Check {
            code: "TNC053",
            severity: Severity::Warning,
            title: "A policy fails where the setting was never set",
            explanation: "`current_setting` without `missing_ok` is an error on a connection that never had a tenant: a query that should see \
                          nothing fails, and somebody will mend that in haste.",
            example: "ALTER POLICY tenant_isolation ON note USING (tenant_id = (SELECT nullif(current_setting('app.current_tenant_id'), '')));",
            cure: "Write `current_setting('app.current_tenant_id', true)`.",
        },
        stage: Stage::Examination,
        sql: "SELECT DISTINCT s.object, s.label, 'it reads the setting without `missing_ok`, so it fails where none was ever set',
                     CASE WHEN s.policy IS NOT NULL THEN
                       concat(s.policy, ' USING (' || regexp_replace(s.qual, '(current_setting\\(''[^'']*''(?:::text)?)\\)', '\\1, true)', 'gi') || ')',
                              ' WITH CHECK (' || regexp_replace(s.checks, '(current_setting\\(''[^'']*''(?:::text)?)\\)', '\\1, true)', 'gi') || ')', ';')
                     ELSE regexp_replace(pg_get_functiondef(s.function), '(current_setting\\s*\\(\\s*''[^'']*''(?:::text)?)\\s*\\)', '\\1, true)', 'gi') || ';' END
              FROM policy_text s
              WHERE s.body ~* 'current_setting\\s*\\(\\s*''[^'']*''(::text)?\\s*\\)'",
    },
    Probe {
        check: Check {
            code: "TNC054",
            severity: Severity::Warning,
            title: "A policy does not take the empty setting for none",
            explanation: "After a transaction that set it, the setting is the empty text and not NULL. Unguarded, that is an error where it is cast, \
                          and otherwise a tenant without a name.",
            example: "ALTER POLICY tenant_isolation ON note USING (tenant_id = (SELECT current_setting('app.current_tenant_id', true)));",
            cure: "Write `nullif(current_setting('app.current_tenant_id', true), '')`.",
        },
        stage: Stage::Examination,
        sql: "SELECT DISTINCT s.object, s.label, 'it takes the empty setting, which is left after every transaction, for a tenant',
                     CASE WHEN s.policy IS NOT NULL THEN
                       concat(s.policy,
                              ' USING (' || regexp_replace(s.qual, 'current_setting\\((''[^'']*''(?:::text)?)(?:, *(?:true|false))?\\)', 'NULLIF(current_setting(\\1, true), '''')', 'gi') || ')',
                              ' WITH CHECK (' || regexp_replace(s.checks, 'current_setting\\((''[^'']*''(?:::text)?)(?:, *(?:true|false))?\\)', 'NULLIF(current_setting(\\1, true), '''')', 'gi') || ')', ';')
                     ELSE regexp_replace(pg_get_functiondef(s.function), '(?:pg_catalog\\.)?current_setting\\s*\\(\\s*(''[^'']*''(?:::text)?)\\s*(?:,\\s*(?:true|false)\\s*)?\\)',
                                         'nullif(pg_catalog.current_setting(\\1, true), '''')', 'gi') || ';' END
              FROM policy_text s
              WHERE s.body ~* 'current_setting' AND s.body !~* 'nullif|(=|<>|!=|FROM)\\s*'''''",
    },
    Probe {
        check: Check {
            code: "TNC055",
            severity: Severity::Error,
            title: "The role can replace a function of a policy",
            explanation: "The owner of a function may write it anew, and with it every policy that calls it.",
            example: "ALTER FUNCTION tenancy.current_tenant_id() OWNER TO app;",
            cure: "Let another role own it.",
        },
        stage: Stage::Posture,
        sql: "SELECT DISTINCT 'function ' || f.signature, NULL::text,
                     format('a policy calls it, and `%s` may replace it', j.name),
                     format('ALTER FUNCTION %s OWNER TO CURRENT_USER;', f.signature)
              FROM policy_function f JOIN plain j ON pg_has_role(j.oid, f.owner, 'MEMBER')",
    },
    Probe {
        check: Check {
            code: "TNC056",
            severity: Severity::Warning,
            title: "A SECURITY DEFINER function of a policy has no search path of its own",
            explanation: "It runs with the rights of its owner and finds names by the caller's search path: whoever can make an object that is \
                          found first runs code as the owner.",
            example: "ALTER FUNCTION tenancy.current_tenant_id() SECURITY DEFINER;",
            cure: "Give it a `search_path`, with `pg_temp` last.",
        },
        stage: Stage::Examination,
        sql: "SELECT DISTINCT 'function ' || f.signature, NULL::text,
                     'a policy calls it, and it is SECURITY DEFINER without a search path of its own',
                     format('ALTER FUNCTION %s SET search_path = pg_catalog, %I, pg_temp;', f.signature, n.nspname)
              FROM policy_function f JOIN pg_namespace n ON n.oid = f.namespace
              WHERE f.definer AND NOT EXISTS (SELECT FROM unnest(f.config) AS c WHERE c LIKE 'search_path=%')",
    },
    Probe {
        check: Check {
            code: "TNC057",
            severity: Severity::Error,
            title: "The setting is preset",
            explanation: "A value given to the role, the database or the server makes “no tenant” mean some tenant: what forgets to name one reads \
                          and writes its rows.",
            example: "ALTER ROLE app SET app.current_tenant_id = 'acme';",
            cure: "Reset it.",
        },
        stage: Stage::Posture,
        sql: "SELECT p.object, NULL::text, format('`%s` begins as `%s`, so a connection without a tenant has one', p.name, p.value), p.fix
              FROM preset p CROSS JOIN input WHERE p.name = given->>'setting' AND p.value <> ''",
    },
    Probe {
        check: Check {
            code: "TNC058",
            severity: Severity::Error,
            title: "A policy function is IMMUTABLE and asks who the tenant is",
            explanation: "Postgres computes such a function once and keeps the value in a prepared plan: the next tenant on the connection that \
                          runs the same statement sees the rows of the last one.",
            example: "ALTER FUNCTION tenancy.current_tenant_id() IMMUTABLE;",
            cure: "Declare the function STABLE.",
        },
        stage: Stage::Posture,
        sql: "SELECT DISTINCT 'function ' || f.signature, NULL::text,
                     'a policy calls it, and it is IMMUTABLE, so a prepared plan keeps the tenant of whoever ran it first',
                     format('ALTER FUNCTION %s STABLE;', f.signature)
              FROM policy_function f JOIN pg_proc p ON p.oid = f.oid
              WHERE f.volatility = 'i' AND f.kind = 'f' AND f.namespace <> 'pg_catalog'::regnamespace
                AND (p.pronargs = 0 OR f.body ~* 'current_setting|current_tenant_id')",
    },
];
