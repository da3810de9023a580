//! Who may do what with the tables.

use super::{Rls, SCHEMA, block, regclass};
use crate::setting::{identifier, literal, qualified};

/// A role and what it is granted on the tenant tables.
struct Grantee<'a> {
    role: &'a str,
    writes: bool,
}

impl Rls<'_> {
    pub(super) fn grants_sql(&self) -> String {
        let application = self.application_role.as_deref();
        let application = application.map(|role| Grantee { role, writes: true });
        let stronger = self.all_tenants.iter().map(|all| Grantee {
            role: &all.role,
            writes: all.writes,
        });
        let mut roles = application.into_iter().chain(stronger).peekable();
        let mut sql = Vec::new();
        if roles.peek().is_some() {
            for table in self.catalog.tenant_tables() {
                sql.push(format!("REVOKE ALL ON {} FROM PUBLIC;\n", qualified(table)));
            }
        }
        for grantee in roles {
            sql.push(self.tables_sql(&grantee));
            sql.push(self.what_names_do_not_say(&grantee));
        }
        sql.concat()
    }

    fn tables_sql(&self, grantee: &Grantee<'_>) -> String {
        let role = identifier(grantee.role);
        let (may, must_not) = if grantee.writes {
            (
                "SELECT, INSERT, UPDATE, DELETE",
                "TRUNCATE, REFERENCES, TRIGGER",
            )
        } else {
            (
                "SELECT",
                "INSERT, UPDATE, DELETE, TRUNCATE, REFERENCES, TRIGGER",
            )
        };
        let mut sql = Vec::new();
        for table in self.catalog.tenant_tables() {
            let (schema, name) = (identifier(table.schema()), qualified(table));
            sql.push(format!(
                "GRANT USAGE ON SCHEMA {schema} TO {role};\n\
                 REVOKE {must_not} ON {name} FROM {role};\n\
                 GRANT {may} ON {name} TO {role};\n"
            ));
        }
        sql.concat()
    }

    /// Sequences and shared tables, which the database has to be asked for.
    fn what_names_do_not_say(&self, grantee: &Grantee<'_>) -> String {
        let mut body = Vec::new();
        if grantee.writes {
            body.extend(self.sequences(grantee.role));
        }
        let schemas = self.schemas();
        let shared = self.catalog.shared_tables();
        body.extend(shared.map(|table| read_shared(grantee.role, table, &schemas)));
        if body.is_empty() {
            return String::new();
        }
        block(&format!(
            "DECLARE\n    item pg_catalog.regclass;\n    found pg_catalog.oid[];\nBEGIN\n{}END\n",
            body.concat()
        ))
    }

    /// Those of `serial` columns; an identity column needs no grant.
    fn sequences(&self, role: &str) -> Option<String> {
        let tables: Vec<_> = self.catalog.tenant_tables().map(regclass).collect();
        let to = literal(&format!(" TO {}", identifier(role)));
        (!tables.is_empty()).then(|| {
            format!(
                "FOR item IN\n    \
                     SELECT s.oid FROM pg_catalog.pg_depend d\n    \
                     JOIN pg_catalog.pg_class s ON s.oid = d.objid AND s.relkind = 'S'\n    \
                     WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'a'\n      \
                       AND d.refclassid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.refobjid IN ({})\n\
                 LOOP\n    EXECUTE 'GRANT USAGE ON SEQUENCE ' || item || {to};\nEND LOOP;\n",
                tables.join(", "),
            )
        })
    }

    /// Where a shared table may be, as a list of SQL.
    fn schemas(&self) -> String {
        let declared = self.catalog.tenant_tables().map(|t| literal(t.schema()));
        let mut schemas: Vec<_> = declared.chain([literal("public")]).collect();
        schemas.sort();
        schemas.dedup();
        schemas.join(", ")
    }

    /// New tables of the owner are closed until they are declared (PostgreSQL manual, `ALTER DEFAULT PRIVILEGES`).
    /// What was revoked for all schemas can still be granted for one.
    pub(super) fn default_privileges_sql(&self) -> String {
        let Some(owner) = &self.owner_role else {
            return String::new();
        };
        let owner = identifier(owner);
        let from = match &self.application_role {
            Some(role) => format!("PUBLIC, {}", identifier(role)),
            None => "PUBLIC".to_owned(),
        };
        let declared = self.catalog.tenant_tables();
        let mut schemas: Vec<_> = declared
            .map(|table| format!(" IN SCHEMA {}", identifier(table.schema())))
            .chain([String::new(), format!(" IN SCHEMA {SCHEMA}")])
            .collect();
        schemas.sort();
        schemas.dedup();
        let revoke = |schema| {
            format!(
                "ALTER DEFAULT PRIVILEGES FOR ROLE {owner}{schema} REVOKE ALL ON TABLES FROM {from};\n"
            )
        };
        schemas.into_iter().map(revoke).collect::<Vec<_>>().concat()
    }
}

/// The catalogue knows the bare name only. Which of two tables is meant is not guessed.
fn read_shared(role: &str, table: &str, schemas: &str) -> String {
    let (name, table) = (literal(role), literal(table));
    let to = literal(&format!(" TO {}", identifier(role)));
    format!(
        "SELECT pg_catalog.array_agg(c.oid) INTO found\n\
         FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace\n\
         WHERE c.relname = {table} AND c.relkind IN ('r', 'p', 'v', 'm', 'f') AND n.nspname IN ({schemas});\n\
         IF pg_catalog.cardinality(found) = 1 THEN\n    \
             item := found[1];\n    \
             IF NOT pg_catalog.has_table_privilege({name}, item, 'SELECT') THEN\n        \
                 EXECUTE 'GRANT SELECT ON ' || item || {to};\n    \
             END IF;\n\
         ELSE\n    \
             RAISE WARNING 'shared table % is in none or in several of the schemas; GRANT SELECT on it to % yourself',\n        \
                 {table}, {name};\n\
         END IF;\n"
    )
}
