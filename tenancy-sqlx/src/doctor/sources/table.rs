//! The tables, and which of them hold rows of tenants.

use super::Source;

pub(super) const SOURCES: [Source; 8] = [
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
    // What domains are over, at any depth.
    Source {
        name: "domain_base",
        sql: "WITH RECURSIVE base AS (
                  SELECT y.oid, y.typbasetype FROM pg_type y WHERE y.typtype = 'd'
                  UNION ALL
                  SELECT base.oid, y.typbasetype FROM base JOIN pg_type y ON y.oid = base.typbasetype AND y.typtype = 'd')
              SELECT base.oid, base.typbasetype AS base FROM base JOIN pg_type y ON y.oid = base.typbasetype AND y.typtype <> 'd'",
    },
    // The declared tables that exist. `own`: the expression of a sound policy. Domains count as what they are over.
    Source {
        name: "tenant_table",
        sql: "SELECT t.*, format('CREATE POLICY tenant_isolation ON %s USING (%s) WITH CHECK (%2$s);', t.ident, t.own) AS policy_ddl
              FROM (SELECT r.*, d.column_name, a.attnum, a.atttypid, a.atttypmod, a.attcollation, a.attnotnull,
                           coalesce(y.base, a.atttypid) = ANY (CASE given->>'type' WHEN 'uuid' THEN '{uuid}'
                             WHEN 'bigint' THEN '{int8}' ELSE '{text,varchar}' END::regtype[]) AS type_fits,
                           format('%I = (SELECT %s%s)', d.column_name,
                             CASE WHEN EXISTS (SELECT FROM pg_proc f JOIN pg_namespace s ON s.oid = f.pronamespace
                                               WHERE s.nspname = 'tenancy' AND f.proname = 'current_tenant_id' AND f.pronargs = 0)
                               THEN 'tenancy.current_tenant_id()'
                             ELSE format('nullif(pg_catalog.current_setting(%L, true), '''')', given->>'setting') END,
                             CASE given->>'type' WHEN 'text' THEN '' ELSE '::' || (given->>'type') END) AS own
                    FROM declared d JOIN relation r ON r.schema = d.schema AND r.name = d.name AND r.kind IN ('r', 'p')
                    JOIN pg_attribute a ON a.attrelid = r.oid AND a.attname = d.column_name AND a.attnum > 0 AND NOT a.attisdropped
                    LEFT JOIN domain_base y ON y.oid = a.atttypid CROSS JOIN input OFFSET 0) t",
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
    // The declared tables and what is beneath them, with the tenant column of each.
    Source {
        name: "kin",
        sql: "SELECT t.oid, t.label, t.ident, t.kind, t.column_name, t.attnum, t.own, t.owner, t.protected, t.forced, true AS is_declared
              FROM tenant_table t
              UNION ALL
              SELECT r.oid, r.label, r.ident, r.kind, t.column_name, a.attnum, t.own, r.owner, r.protected, r.forced, false
              FROM family f JOIN relation r ON r.oid = f.oid
              JOIN tenant_table t ON t.label = f.parent
              JOIN pg_attribute a ON a.attrelid = r.oid AND a.attname = t.column_name AND NOT a.attisdropped",
    },
    // Tables whose policies have to be sound: the declared ones, and children with policies of their own.
    Source {
        name: "guarded",
        sql: "SELECT k.*, format('CREATE POLICY tenant_isolation ON %s USING (%s) WITH CHECK (%2$s);', k.ident, k.own) AS policy_ddl
              FROM kin k WHERE k.is_declared OR k.kind IN ('r', 'p') AND k.protected",
    },
];
