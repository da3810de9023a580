//! What becomes of the tenant column: it keeps its value, and may have a default.

use tenancy_core::TenantTable;

use super::function::{CURRENT, REFUSE};
use crate::setting::{identifier, literal};

/// Triggers of one kind fire in the order of their names, and this one wants to see what others made of the row.
const TRIGGER: &str = "zz_tenancy_immutable_tenant";

/// Creates the trigger on the table in `item`. A trigger AFTER UPDATE whose condition does not hold costs next to
/// nothing, while one BEFORE UPDATE locks each row a second time. But a row that an UPDATE moves to another
/// partition fires none AFTER it.
pub(super) fn keep_tenant(table: &TenantTable) -> String {
    let column = identifier(table.tenant_column());
    let before = literal(&format!("CREATE TRIGGER {TRIGGER} "));
    let after = literal(&format!(
        " FOR EACH ROW WHEN (OLD.{column} IS DISTINCT FROM NEW.{column}) EXECUTE FUNCTION {REFUSE}"
    ));
    // Partitions have theirs from the table above.
    format!(
        "IF NOT EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = item AND t.tgname = '{TRIGGER}') THEN\n    \
             EXECUTE {before} || CASE WHEN (SELECT c.relkind = 'p' OR c.relispartition FROM pg_catalog.pg_class c WHERE c.oid = item)\n        \
                 THEN 'BEFORE' ELSE 'AFTER' END || ' UPDATE ON ' || item || {after};\n\
         END IF;\n"
    )
}

/// Drops the trigger and a default of ours from the table in `item`. Another default stays.
pub(super) fn forget(table: &TenantTable) -> String {
    let (column, name) = (
        identifier(table.tenant_column()),
        literal(table.tenant_column()),
    );
    let drop_default = literal(&format!(" ALTER COLUMN {column} DROP DEFAULT"));
    format!(
        "IF EXISTS (SELECT FROM pg_catalog.pg_trigger t\n           \
                    WHERE t.tgrelid = item AND t.tgname = '{TRIGGER}' AND t.tgparentid = 0) THEN\n    \
             EXECUTE 'DROP TRIGGER {TRIGGER} ON ' || item;\n\
         END IF;\n\
         IF EXISTS (SELECT FROM pg_catalog.pg_attrdef d\n           \
                    JOIN pg_catalog.pg_attribute a ON a.attrelid = d.adrelid AND a.attnum = d.adnum\n           \
                    JOIN pg_catalog.pg_depend p ON p.classid = 'pg_catalog.pg_attrdef'::pg_catalog.regclass AND p.objid = d.oid\n           \
                    WHERE d.adrelid = item AND a.attname = {name}\n             \
                      AND p.refclassid = 'pg_catalog.pg_proc'::pg_catalog.regclass\n             \
                      AND p.refobjid = pg_catalog.to_regprocedure('{CURRENT}')) THEN\n    \
             EXECUTE 'ALTER TABLE ' || item || {drop_default};\n\
         END IF;\n"
    )
}
