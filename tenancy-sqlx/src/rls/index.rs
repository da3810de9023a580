//! The index that a tenant table wants, and the keys that leave the tenant out.

use tenancy_core::TenantTable;

use super::{block, regclass};
use crate::setting::{identifier, literal};

/// An index counts when it is led by the column, whole, valid and of a kind that finds one value. Keys are only
/// spoken of: to change one is to change what the service means by it.
pub(super) fn index_sql(table: &TenantTable) -> String {
    let root = regclass(table);
    let create = literal(&format!(" ({})", identifier(table.tenant_column())));
    let column = literal(table.tenant_column());
    block(&format!(
        "DECLARE\n    item pg_catalog.regclass := {root};\n    col smallint;\n    key text;\n\
         BEGIN\n\
         SELECT a.attnum INTO STRICT col FROM pg_catalog.pg_attribute a\n\
         WHERE a.attrelid = item AND a.attname = {column} AND a.attnum > 0 AND NOT a.attisdropped;\n\
         IF NOT EXISTS (\n    \
             SELECT FROM pg_catalog.pg_index i\n    \
             JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid JOIN pg_catalog.pg_am m ON m.oid = c.relam\n    \
             WHERE i.indrelid = item AND i.indkey[0] = col AND i.indisvalid AND i.indpred IS NULL\n      \
               AND m.amname IN ('btree', 'hash')) THEN\n    \
             EXECUTE 'CREATE INDEX ON ' || item || {create};\n\
         END IF;\n\
         FOR key IN\n    \
             SELECT i.indexrelid::pg_catalog.regclass::text FROM pg_catalog.pg_index i\n    \
             WHERE i.indrelid = item AND (i.indisunique OR i.indisexclusion) AND NOT col = ANY (i.indkey::smallint[])\n\
         LOOP\n    \
             RAISE NOTICE 'unique key % of table % leaves out column %: it tells a tenant which values others have', key, item, {column};\n\
         END LOOP;\n\
         FOR key IN\n    \
             SELECT f.conname FROM pg_catalog.pg_constraint f\n    \
             JOIN pg_catalog.pg_class other ON other.oid = f.confrelid AND other.relrowsecurity\n    \
             WHERE f.conrelid = item AND f.contype = 'f' AND NOT col = ANY (f.conkey)\n\
         LOOP\n    \
             RAISE NOTICE 'foreign key % of table % leaves out column %: it can point at a row of another tenant', key, item, {column};\n\
         END LOOP;\nEND\n"
    ))
}
