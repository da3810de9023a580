//! Views over tenant tables, which are to show what their reader may see.

use super::{Rls, block, regclass};

impl Rls<'_> {
    /// `security_invoker` of Postgres 15 (manual, `CREATE VIEW`). A view depends on what it reads through its rule.
    pub(super) fn invoker_views_sql(&self) -> String {
        let tables: Vec<_> = self.catalog.tenant_tables().map(regclass).collect();
        if tables.is_empty() {
            return String::new();
        }
        let tables = tables.join(", ");
        block(&format!(
            "DECLARE\n    item pg_catalog.regclass;\n\
             BEGIN\n\
             FOR item IN\n    \
                 WITH RECURSIVE reads (oid, kind) AS (\n        \
                     SELECT c.oid, c.relkind FROM pg_catalog.pg_class c WHERE c.oid IN ({tables})\n        \
                     UNION\n        \
                     SELECT c.oid, c.relkind\n        \
                     FROM reads\n        \
                     CROSS JOIN LATERAL (\n            \
                         SELECT i.inhrelid AS oid FROM pg_catalog.pg_inherits i WHERE i.inhparent = reads.oid\n            \
                         UNION\n            \
                         SELECT r.ev_class FROM pg_catalog.pg_depend d\n            \
                         JOIN pg_catalog.pg_rewrite r ON r.oid = d.objid\n            \
                         WHERE d.classid = 'pg_catalog.pg_rewrite'::pg_catalog.regclass\n              \
                           AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid = reads.oid) next\n        \
                     JOIN pg_catalog.pg_class c ON c.oid = next.oid)\n    \
                 SELECT oid FROM reads WHERE kind = 'v'\n\
             LOOP\n    EXECUTE 'ALTER VIEW ' || item || ' SET (security_invoker = true)';\nEND LOOP;\nEND\n"
        ))
    }
}
