//! The policies of those tables, and what they call.

use super::Source;

pub(super) const SOURCES: [Source; 7] = [
    // `applies`: to a role that is judged, or that it can become. `mentions`: by the tree of the expression, because
    // `pg_depend` does not tell USING from WITH CHECK.
    Source {
        name: "policy",
        sql: "SELECT p.*, format('CREATE POLICY %I ON %s%s FOR %s TO %s%s%s;', p.polname, p.ident,
                            CASE WHEN p.permissive THEN '' ELSE ' AS RESTRICTIVE' END, p.command, p.to_whom,
                            ' USING (' || p.qual || ')', ' WITH CHECK (' || p.checks || ')') AS ddl,
                     format('CREATE POLICY %I ON %s AS RESTRICTIVE FOR %s TO %s%s%s;', p.polname, p.ident, p.command, p.to_whom,
                            ' USING (' || p.qual || ')', ' WITH CHECK (' || p.checks || ')') AS narrow_ddl,
                     p.permissive AND p.applies AND CASE WHEN p.cmd = 'a' THEN p.checks = 'true' ELSE p.qual = 'true' END AS always,
                     p.permissive AND p.applies
                       AND NOT coalesce(p.looks AND CASE WHEN p.cmd = 'a' THEN p.check_mentions ELSE p.qual_mentions END,
                                        p.qual IS NULL AND p.checks IS NULL) AS unfounded
              FROM (SELECT p.oid, p.polname::text, p.polrelid AS relid, p.polcmd AS cmd, p.polpermissive AS permissive, p.polroles AS roles,
                           t.label, t.ident, t.column_name, t.attnum, t.own, t.policy_ddl,
                           format('policy %s on %s', p.polname, t.label) AS object,
                           CASE p.polcmd WHEN 'r' THEN 'SELECT' WHEN 'a' THEN 'INSERT' WHEN 'w' THEN 'UPDATE' WHEN 'd' THEN 'DELETE'
                             ELSE 'ALL' END AS command,
                           (SELECT string_agg(CASE WHEN g = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(g)) END, ', ')
                            FROM unnest(p.polroles) AS g) AS to_whom,
                           pg_get_expr(p.polqual, p.polrelid) AS qual, pg_get_expr(p.polwithcheck, p.polrelid) AS checks,
                           p.polqual::text AS qual_tree, p.polwithcheck::text AS check_tree,
                           p.polqual::text ~ format('\\{VAR :varno 1 :varattno %s ', t.attnum) AS qual_mentions,
                           p.polwithcheck::text ~ format('\\{VAR :varno 1 :varattno %s ', t.attnum) AS check_mentions,
                           EXISTS (SELECT FROM pg_depend d
                                   WHERE d.classid = 'pg_policy'::regclass AND d.objid = p.oid
                                     AND d.refclassid = 'pg_class'::regclass AND d.refobjid = t.oid AND d.refobjsubid = t.attnum) AS looks,
                           EXISTS (SELECT FROM unnest(p.polroles) AS g
                                   WHERE g = 0 OR EXISTS (SELECT FROM plain j WHERE pg_has_role(j.oid, g, 'MEMBER'))) AS applies
                    FROM pg_policy p JOIN guarded t ON t.oid = p.polrelid OFFSET 0) p",
    },
    // Which policy calls which function.
    Source {
        name: "policy_call",
        sql: "SELECT DISTINCT p.oid AS policy, p.relid, d.refobjid AS function
              FROM policy p JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_proc'::regclass
              WHERE p.applies",
    },
    // Those functions, with what they consist of.
    Source {
        name: "policy_function",
        sql: "SELECT f.oid, f.oid::regprocedure::text AS signature, f.proname::text AS name, f.provolatile AS volatility,
                     f.proparallel AS parallel, f.prosecdef AS definer, f.proconfig AS config, f.proowner AS owner,
                     f.pronamespace AS namespace, f.prokind AS kind, l.lanname AS language,
                     f.pronargs AS arguments, f.proretset AS returns_set, f.prorettype AS type,
                     CASE WHEN l.lanname IN ('sql', 'plpgsql')
                       THEN coalesce(nullif(f.prosrc, ''), pg_get_function_sqlbody(f.oid)) END AS body
              FROM pg_proc f JOIN pg_language l ON l.oid = f.prolang
              WHERE f.oid IN (SELECT c.function FROM policy_call c)",
    },
    // What decides about the tenant: the expressions of policies, and the functions that they call.
    Source {
        name: "policy_text",
        sql: "SELECT p.object, p.label, concat(p.qual, ' ', p.checks) AS body, p.qual, p.checks,
                     format('ALTER POLICY %I ON %s', p.polname, p.ident) AS policy, NULL::oid AS function
              FROM policy p WHERE p.applies
              UNION ALL
              SELECT 'function ' || f.signature, NULL, f.body, NULL, NULL, NULL, f.oid
              FROM policy_function f WHERE f.body IS NOT NULL AND f.kind = 'f'",
    },
    // The restrictive policies that bind every role that is judged.
    Source {
        name: "narrowing",
        sql: "SELECT p.relid, p.cmd, p.qual, p.checks FROM policy p
              WHERE NOT p.permissive
                AND (0 = ANY (p.roles) OR NOT EXISTS (SELECT FROM plain j WHERE NOT EXISTS (
                       SELECT FROM unnest(p.roles) AS g WHERE pg_has_role(j.oid, g, 'USAGE'))))",
    },
    // The functions of policies as `policy_proof` reads them. A type with a length could cut the text of a tenant, and what a
    // function sets for itself could be the tenant.
    Source {
        name: "described_function",
        sql: "SELECT f.oid, jsonb_build_object('name', format('%I.%I', n.nspname, f.name), 'signature', f.signature, 'body', f.body,
                       'takes_nothing', f.arguments = 0 AND NOT f.returns_set,
                       'is_plain', f.type = ANY ('{text,varchar,uuid,int8}'::regtype[])
                         AND NOT EXISTS (SELECT FROM unnest(f.config) AS c WHERE c NOT LIKE 'search_path=%'),
                       'fix', format(E'CREATE OR REPLACE FUNCTION %s RETURNS %s LANGUAGE sql STABLE PARALLEL SAFE\nAS $$ SELECT nullif(pg_catalog.current_setting(%L, true), '''')%s $$;',
                                     f.signature, format_type(f.type, NULL), given->>'setting',
                                     CASE WHEN f.type = 'text'::regtype THEN '' ELSE '::' || format_type(f.type, NULL) END)) AS written
              FROM policy_function f JOIN pg_namespace n ON n.oid = f.namespace CROSS JOIN input",
    },
    // What `policy_proof` needs to judge a permissive policy of which no other check tells.
    Source {
        name: "policy_evidence",
        sql: "SELECT p.object, p.label, w.ddl AS fix,
                     jsonb_build_object('policy', p.polname, 'column', p.column_name, 'setting', given->>'setting',
                       'using', CASE WHEN p.cmd <> 'a' THEN p.qual END, 'check', p.checks, 'is_shadowed', s.is_shadowed,
                       'narrowing', coalesce((SELECT jsonb_agg(jsonb_build_object('using', q.qual, 'check', q.checks)) FROM narrowing q
                                              WHERE q.relid = p.relid AND q.cmd::text IN ('*', p.cmd::text)), '[]'),
                       'functions', coalesce(f.functions, '[]'))::text AS evidence
              FROM policy p CROSS JOIN input
              CROSS JOIN (SELECT EXISTS (SELECT FROM pg_proc f WHERE f.proname = 'current_setting'
                                         AND f.pronamespace <> 'pg_catalog'::regnamespace) AS is_shadowed) s
              LEFT JOIN (SELECT c.relid, jsonb_agg(d.written) AS functions
                         FROM (SELECT DISTINCT relid, function FROM policy_call) c JOIN described_function d ON d.oid = c.function
                         GROUP BY c.relid) f ON f.relid = p.relid
              CROSS JOIN LATERAL (SELECT concat(format('ALTER POLICY %I ON %s', p.polname, p.ident),
                                                CASE WHEN p.qual IS NOT NULL THEN format(' USING (%s)', p.own) END,
                                                CASE WHEN p.checks IS NOT NULL THEN format(' WITH CHECK (%s)', p.own) END, ';') AS ddl) w
              WHERE p.permissive AND p.applies AND NOT p.unfounded AND NOT coalesce(p.always, false)
                AND (p.cmd = 'a' OR coalesce(p.check_mentions, true))
                AND p.relid NOT IN (SELECT t.oid FROM tenant_table t WHERE NOT t.type_fits)",
    },
];
