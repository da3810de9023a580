//! What is done to each tenant table, its partitions and its children by inheritance.

use tenancy_core::TenantTable;

use super::{Choice, Rls, block, column, policy, regclass};
use crate::setting::{identifier, literal, qualified};

/// A statement about a table, without the table: it is written out for the declared one, and a block runs it for
/// each of those beneath. `after` begins with white space.
pub(super) struct OnTable {
    before: String,
    after: String,
}

impl OnTable {
    pub(super) fn new(before: impl Into<String>, after: impl Into<String>) -> Self {
        Self {
            before: before.into(),
            after: after.into(),
        }
    }

    fn sql(&self, table: &str) -> String {
        format!("{} {table}{};\n", self.before, self.after)
    }

    /// The same in PL/pgSQL, for the table whose `regclass` is in `variable`.
    pub(super) fn execute(&self, variable: &str) -> String {
        format!(
            "EXECUTE {} || {variable} || {};\n",
            literal(&format!("{} ", self.before)),
            literal(&self.after)
        )
    }
}

impl Rls<'_> {
    pub(super) fn protect_sql(&self, table: &TenantTable) -> String {
        let name = qualified(table);
        let mut statements = vec![
            OnTable::new("ALTER TABLE", " ENABLE ROW LEVEL SECURITY"),
            OnTable::new("ALTER TABLE", " FORCE ROW LEVEL SECURITY"),
        ];
        statements.extend(self.policies(table));
        if self.chose(Choice::ColumnDefault) {
            let column = identifier(table.tenant_column());
            // No sub-query: Postgres allows none in a default.
            let rest = format!(
                " ALTER COLUMN {column} SET DEFAULT {}",
                self.current_sql(true)
            );
            statements.push(OnTable::new("ALTER TABLE", rest));
        }
        let mut sql = String::new();
        if let Some(owner) = &self.owner_role {
            sql.push_str(&hand_over(table, owner));
        }
        sql.push_str(&clear(table, &[]));
        sql.extend(statements.iter().map(|statement| statement.sql(&name)));
        let mut beneath: String = statements.iter().map(|s| s.execute("item")).collect();
        beneath = format!("IF item <> root THEN\n{beneath}END IF;\n");
        if !self.chose(Choice::MutableTenantColumn) {
            beneath.push_str(&column::keep_tenant(table));
        }
        sql.push_str(&for_each(table, "", &beneath));
        sql
    }
}

pub(super) fn release(table: &TenantTable) -> String {
    clear(
        table,
        &[
            OnTable::new("ALTER TABLE", " NO FORCE ROW LEVEL SECURITY"),
            OnTable::new("ALTER TABLE", " DISABLE ROW LEVEL SECURITY"),
        ],
    )
}

/// Removes whatever a set-up with any choices left on the table, and goes on with `then`.
fn clear(table: &TenantTable, then: &[OnTable]) -> String {
    let names = policy::NAMES.map(|name| format!("'{name}'")).join(", ");
    let then: String = then.iter().map(|s| s.execute("item")).collect();
    let body = format!(
        "FOR name IN SELECT p.polname FROM pg_catalog.pg_policy p\n            \
             WHERE p.polrelid = item AND p.polname IN ({names})\n\
         LOOP\n    EXECUTE pg_catalog.format('DROP POLICY %I ON %s', name, item);\nEND LOOP;\n\
         {}{then}",
        column::forget(table)
    );
    for_each(table, "    name text;\n", &body)
}

/// The tables under the new owner. Whoever is to own a table needs CREATE on its schema.
fn hand_over(table: &TenantTable, owner: &str) -> String {
    let (role, schema) = (identifier(owner), identifier(table.schema()));
    let owner = literal(owner);
    let alter = OnTable::new("ALTER TABLE", format!(" OWNER TO {role}")).execute("item");
    for_each(
        table,
        "",
        &format!(
            "IF (SELECT pg_catalog.pg_get_userbyid(c.relowner) <> {owner} FROM pg_catalog.pg_class c WHERE c.oid = item) THEN\n    \
                 IF NOT pg_catalog.has_schema_privilege({owner}, {}, 'CREATE') THEN\n        \
                     GRANT USAGE, CREATE ON SCHEMA {schema} TO {role};\n    \
                 END IF;\n    {alter}\
             END IF;\n",
            literal(table.schema()),
        ),
    )
}

/// A block that runs `body` with `item`, a `regclass`, for the table and everything beneath, the table itself
/// (`root`) first. Foreign tables know no row-level security and are left out.
fn for_each(table: &TenantTable, declare: &str, body: &str) -> String {
    let root = regclass(table);
    block(&format!(
        "DECLARE\n    root pg_catalog.regclass := {root};\n    item pg_catalog.regclass;\n{declare}\
         BEGIN\n\
         FOR item IN\n    \
             WITH RECURSIVE tree (oid, depth) AS (\n        \
                 SELECT root::pg_catalog.oid, 0\n        \
                 UNION ALL\n        \
                 SELECT i.inhrelid, t.depth + 1 FROM pg_catalog.pg_inherits i JOIN tree t ON i.inhparent = t.oid)\n    \
             SELECT c.oid FROM pg_catalog.pg_class c JOIN tree t ON t.oid = c.oid\n    \
             WHERE c.relkind IN ('r', 'p') GROUP BY c.oid ORDER BY pg_catalog.min(t.depth), c.oid\n\
         LOOP\n{body}END LOOP;\nEND\n"
    ))
}
