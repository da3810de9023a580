//! What the checks ask: queries over the system catalogues, by name, which one statement shares.

/// A query that others may name. It may use those before it.
pub(super) struct Source {
    pub(super) name: &'static str,
    pub(super) sql: &'static str,
}

/// Names without a schema mean `pg_catalog`: the statement runs with that as its search path. Privileges are asked
/// by role, because the doctor may be another than the patient. See the PostgreSQL manual, [System Catalogs] and
/// [Access Privilege Inquiry Functions].
///
/// `OFFSET 0` keeps the planner from moving a sub-query's expressions to each place that names them, where they would be
/// evaluated anew.
///
/// [System Catalogs]: https://www.postgresql.org/docs/current/catalogs.html
/// [Access Privilege Inquiry Functions]: https://www.postgresql.org/docs/current/functions-info.html
pub(super) const SOURCES: [Source; 16] = [
    Source {
        name: "input",
        sql: "SELECT $1::text::jsonb AS given",
    },
    // Those who are judged: the role that was asked about or, of the connection, both the role that logged in and
    // the one in force, for `RESET ROLE` leads back to the former.
    Source {
        name: "judged",
        sql: "SELECT r.oid, r.rolname::text AS name, r.rolsuper, r.rolbypassrls, r.rolcreaterole, r.rolreplication
              FROM pg_roles r CROSS JOIN input
              WHERE CASE WHEN given->>'role' IS NULL THEN r.rolname IN (current_user, session_user)
                    ELSE r.rolname = given->>'role' END",
    },
    // A superuser has every privilege. That is said once, and not again for each object. With those whom a role can
    // become without having their privileges at once, by its own name.
    Source {
        name: "plain",
        sql: "SELECT * FROM judged WHERE NOT rolsuper
              UNION
              SELECT m.oid, j.name, m.rolsuper, m.rolbypassrls, m.rolcreaterole, m.rolreplication
              FROM judged j JOIN pg_roles m ON pg_has_role(j.oid, m.oid, 'MEMBER') AND NOT pg_has_role(j.oid, m.oid, 'USAGE')
              WHERE NOT j.rolsuper AND NOT m.rolsuper",
    },
    Source {
        name: "declared",
        sql: "SELECT t->>'schema' AS schema, t->>'name' AS name, t->>'column' AS column_name,
                     (t->>'schema') || '.' || (t->>'name') AS label
              FROM input CROSS JOIN jsonb_array_elements(given->'tables') AS t",
    },
    // `known`: declared as shared, or contradictory, which is an error of its own.
    Source {
        name: "relation",
        sql: "SELECT c.oid, n.nspname::text AS schema, c.relname::text AS name, n.oid AS namespace,
                     n.nspname || '.' || c.relname AS label, format('%I.%I', n.nspname, c.relname) AS ident,
                     c.relkind AS kind, c.relowner AS owner, c.relacl AS acl,
                     c.relrowsecurity AS protected, c.relforcerowsecurity AS forced,
                     EXISTS (SELECT FROM pg_options_to_table(c.reloptions) o
                             WHERE o.option_name = 'security_invoker' AND o.option_value::boolean) AS invoker,
                     EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid
                             AND d.deptype = 'e') AS of_extension,
                     (SELECT given->'shared' ? c.relname OR given->'contradictions' ? c.relname FROM input)
                       OR EXISTS (SELECT FROM declared d WHERE d.schema = n.nspname AND d.name = c.relname) AS known
              FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
              WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'",
    },
    // The declared tables that exist. `own`: the expression of a sound policy. Domains count as what they are over.
    Source {
        name: "tenant_table",
        sql: "SELECT t.*, format('CREATE POLICY tenant_isolation ON %s USING (%s) WITH CHECK (%2$s);', t.ident, t.own) AS policy_ddl
              FROM (SELECT r.*, d.column_name, a.attnum, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull,
                           (coalesce(nullif(y.typbasetype, 0), y.oid)) = ANY (CASE given->>'type' WHEN 'uuid' THEN '{uuid}'
                             WHEN 'bigint' THEN '{int8}' ELSE '{text,varchar}' END::regtype[]) AS type_fits,
                           format('%I = (SELECT %s%s)', d.column_name,
                             CASE WHEN EXISTS (SELECT FROM pg_proc f JOIN pg_namespace s ON s.oid = f.pronamespace
                                               WHERE s.nspname = 'tenancy' AND f.proname = 'current_tenant_id' AND f.pronargs = 0)
                               THEN 'tenancy.current_tenant_id()'
                             ELSE format('nullif(pg_catalog.current_setting(%L, true), '''')', given->>'setting') END,
                             CASE given->>'type' WHEN 'text' THEN '' ELSE '::' || (given->>'type') END) AS own
                    FROM declared d JOIN relation r ON r.schema = d.schema AND r.name = d.name AND r.kind IN ('r', 'p')
                    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attname = d.column_name AND a.attnum > 0 AND NOT a.attisdropped
                    JOIN pg_type y ON y.oid = a.atttypid CROSS JOIN input OFFSET 0) t",
    },
    Source {
        name: "spelled_tenant",
        sql: "SELECT t.oid, t.label, t.ident, t.column_name, t.type_fits,
                     concat(format_type(t.atttypid, t.atttypmod),
                            (SELECT format(' COLLATE %I.%I', n.nspname, c.collname) FROM pg_collation c
                             JOIN pg_namespace n ON n.oid = c.collnamespace
                             WHERE c.oid = t.attcollation AND c.collisdeterministic AND c.collname <> 'default')) AS spelled
              FROM tenant_table t WHERE t.type_fits",
    },
    // Partitions and children of declared tables, at any depth.
    Source {
        name: "family",
        sql: "WITH RECURSIVE tree AS (
                  SELECT t.oid AS root, t.oid FROM tenant_table t
                  UNION
                  SELECT tree.root, i.inhrelid FROM tree JOIN pg_inherits i ON i.inhparent = tree.oid)
              SELECT tree.oid, min(t.label) AS parent FROM tree JOIN tenant_table t ON t.oid = tree.root
              WHERE tree.oid <> tree.root AND NOT EXISTS (SELECT FROM tenant_table d WHERE d.oid = tree.oid)
              GROUP BY tree.oid",
    },
    // Tables whose policies have to be sound: the declared ones, and children with policies of their own.
    Source {
        name: "guarded",
        sql: "SELECT t.oid, t.label, t.ident, t.attnum, t.own, t.policy_ddl, t.owner, t.forced, true AS is_declared FROM tenant_table t
              UNION ALL
              SELECT r.oid, r.label, r.ident, a.attnum, t.own,
                     format('CREATE POLICY tenant_isolation ON %s USING (%s) WITH CHECK (%2$s);', r.ident, t.own), r.owner, r.forced, false
              FROM family f JOIN relation r ON r.oid = f.oid
              JOIN tenant_table t ON t.label = f.parent
              JOIN pg_attribute a ON a.attrelid = r.oid AND a.attname = t.column_name AND NOT a.attisdropped
              WHERE r.kind IN ('r', 'p') AND r.protected",
    },
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
                           t.label, t.ident, t.attnum, t.own, t.policy_ddl,
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
    // The functions that policies call, with what they consist of.
    Source {
        name: "policy_function",
        sql: "SELECT DISTINCT f.oid, f.oid::regprocedure::text AS signature, f.proname::text AS name, f.provolatile AS volatility,
                     f.proparallel AS parallel, f.prosecdef AS definer, f.proconfig AS config, f.proowner AS owner,
                     f.pronamespace AS namespace, f.prokind AS kind, l.lanname AS language,
                     CASE WHEN l.lanname IN ('sql', 'plpgsql')
                       THEN coalesce(nullif(f.prosrc, ''), pg_get_function_sqlbody(f.oid)) END AS body, p.oid AS policy
              FROM policy p JOIN pg_depend d ON d.classid = 'pg_policy'::regclass AND d.objid = p.oid AND d.refclassid = 'pg_proc'::regclass
              JOIN pg_proc f ON f.oid = d.refobjid JOIN pg_language l ON l.oid = f.prolang
              WHERE p.applies",
    },
    // What decides about the tenant: the expressions of policies, and the functions that they call.
    Source {
        name: "policy_text",
        sql: "SELECT p.object, p.label, concat(p.qual, ' ', p.checks) AS body, p.qual, p.checks,
                     format('ALTER POLICY %I ON %s', p.polname, p.ident) AS policy, NULL::oid AS function
              FROM policy p WHERE p.applies
              UNION ALL
              SELECT DISTINCT 'function ' || f.signature, NULL, f.body, NULL, NULL, NULL, f.oid
              FROM policy_function f WHERE f.body IS NOT NULL AND f.kind = 'f'",
    },
    // What the role reaches. `open`: no policy binds it there. A table that is not declared and whose policies say
    // `true` is open as well.
    Source {
        name: "reached",
        sql: "SELECT r.oid, min(j.name) AS role,
                     NOT (r.kind IN ('r', 'p') AND r.protected)
                       OR NOT r.forced AND bool_or(pg_has_role(j.oid, r.owner, 'MEMBER'))
                       OR EXISTS (SELECT FROM pg_policy p
                                  WHERE p.polrelid = r.oid AND p.polpermissive AND pg_get_expr(p.polqual, p.polrelid) = 'true'
                                    AND EXISTS (SELECT FROM unnest(p.polroles) AS g
                                                WHERE g = 0 OR EXISTS (SELECT FROM plain k WHERE pg_has_role(k.oid, g, 'MEMBER')))) AS open
              FROM relation r CROSS JOIN plain j
              WHERE has_schema_privilege(j.oid, r.namespace, 'USAGE')
                AND (has_table_privilege(j.oid, r.oid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
                     OR has_any_column_privilege(j.oid, r.oid, 'SELECT, INSERT, UPDATE'))
              GROUP BY r.oid, r.kind, r.protected, r.forced",
    },
    // Who was granted what, owners aside.
    Source {
        name: "granted",
        sql: "SELECT r.oid AS relid, a.privilege_type AS privilege, a.grantee,
                     CASE WHEN a.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(a.grantee)) END AS to_whom
              FROM relation r CROSS JOIN aclexplode(r.acl) AS a WHERE a.grantee <> r.owner
              UNION
              SELECT r.oid, x.privilege_type, x.grantee,
                     CASE WHEN x.grantee = 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END
              FROM relation r JOIN pg_attribute a ON a.attrelid = r.oid AND a.attacl IS NOT NULL
              CROSS JOIN aclexplode(a.attacl) AS x WHERE x.grantee <> r.owner",
    },
    // What views and materialised views read at any depth, and as whom: a view without `security_invoker` reads as
    // its owner, and the views beneath it that have it do so too.
    Source {
        name: "view_reads",
        sql: "WITH RECURSIVE direct AS (
                  SELECT DISTINCT w.ev_class AS reader, d.refobjid AS target
                  FROM pg_rewrite w JOIN pg_depend d ON d.classid = 'pg_rewrite'::regclass AND d.objid = w.oid
                    AND d.refclassid = 'pg_class'::regclass AND d.deptype = 'n' AND d.refobjid <> w.ev_class
                  WHERE w.ev_type = '1'),
                walk AS (
                  SELECT r.oid AS view, r.oid AS node, NULL::oid AS reader, false AS stored FROM relation r WHERE r.kind IN ('v', 'm')
                  UNION
                  SELECT walk.view, direct.target, CASE WHEN n.invoker THEN walk.reader ELSE n.owner END, walk.stored OR n.kind = 'm'
                  FROM walk JOIN relation n ON n.oid = walk.node JOIN direct ON direct.reader = walk.node)
              SELECT walk.view, walk.node, walk.reader, walk.stored FROM walk JOIN relation r ON r.oid = walk.node
              WHERE walk.node <> walk.view AND r.kind NOT IN ('v', 'm')",
    },
    // The tenant tables that a view shows past their policies.
    Source {
        name: "view_leaks",
        sql: "SELECT v.view, t.label AS table_label, v.stored, pg_get_userbyid(v.reader)::text AS reader
              FROM view_reads v JOIN (SELECT oid, label, owner, forced FROM tenant_table
                                      UNION ALL SELECT r.oid, r.label, r.owner, r.forced FROM family f JOIN relation r ON r.oid = f.oid) t
                ON t.oid = v.node JOIN pg_roles o ON o.oid = v.reader
              WHERE v.stored OR o.rolsuper OR o.rolbypassrls OR NOT t.forced AND pg_has_role(o.oid, t.owner, 'USAGE')",
    },
];
