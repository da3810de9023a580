//! What the role reaches, by itself and through views.

use super::Source;

pub(super) const SOURCES: [Source; 7] = [
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
    // What views and materialised views read at any depth, the views between included, and as whom: a view without
    // `security_invoker` reads as its owner, and the views beneath it that have it do so too.
    Source {
        name: "view_walk",
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
              SELECT walk.view, walk.node, walk.reader, walk.stored, r.kind FROM walk JOIN relation r ON r.oid = walk.node
              WHERE walk.node <> walk.view",
    },
    Source {
        name: "view_reads",
        sql: "SELECT w.view, w.node, w.reader, w.stored FROM view_walk w WHERE w.kind NOT IN ('v', 'm')",
    },
    // The roles to which a policy of their own shows every row of a table.
    Source {
        name: "open_policy",
        sql: "SELECT DISTINCT p.polrelid AS relid, g AS role
              FROM pg_policy p JOIN kin t ON t.oid = p.polrelid CROSS JOIN unnest(p.polroles) AS g
              WHERE g <> 0 AND p.polpermissive AND pg_get_expr(p.polqual, p.polrelid) = 'true'",
    },
    // The roles that own something and that the policies do not bind, on all tables or on `relid`.
    Source {
        name: "unbound",
        sql: "SELECT o.oid AS role, o.rolname::text AS name, NULL::oid AS relid FROM pg_roles o WHERE o.rolsuper OR o.rolbypassrls
              UNION ALL
              SELECT o.oid, o.rolname::text, t.oid FROM kin t JOIN pg_roles o ON pg_has_role(o.oid, t.owner, 'USAGE')
              WHERE NOT t.forced AND NOT o.rolsuper AND NOT o.rolbypassrls
              UNION ALL
              SELECT o.oid, o.rolname::text, p.relid FROM open_policy p JOIN pg_roles o ON pg_has_role(o.oid, p.role, 'USAGE')
              WHERE NOT o.rolsuper AND NOT o.rolbypassrls",
    },
    // The tenant tables that a view shows past their policies.
    Source {
        name: "view_leaks",
        sql: "SELECT DISTINCT v.view, t.label AS table_label, v.stored, pg_get_userbyid(v.reader)::text AS reader
              FROM view_reads v JOIN kin t ON t.oid = v.node
              WHERE v.stored OR EXISTS (SELECT FROM unbound u WHERE u.role = v.reader AND (u.relid IS NULL OR u.relid = t.oid))",
    },
];
