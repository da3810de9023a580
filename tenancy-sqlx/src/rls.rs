//! `Rls`, the DDL that makes Postgres keep tenants apart.

use tenancy_core::{TableCatalog, TenantTable};

use crate::Setting;
use crate::setting::{identifier, literal};

/// Writes the DDL of row-level security for the tenant tables of a catalogue.
///
/// ```
/// use tenancy_core::TableCatalog;
/// use tenancy_sqlx::Rls;
///
/// let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
/// let rls = Rls::new(&catalog).application_role("app");
/// let sql = rls.set_up_sql();
/// assert!(sql.contains(r#"ALTER TABLE "public"."note" FORCE ROW LEVEL SECURITY;"#));
/// ```
///
/// Put the text into a migration, or run it with `sqlx::raw_sql` as the owner of the tables. It may run
/// again at any time. See the PostgreSQL manual, [Row Security Policies].
///
/// [Row Security Policies]: https://www.postgresql.org/docs/current/ddl-rowsecurity.html
#[derive(Debug, Clone)]
pub struct Rls<'a> {
    catalog: &'a TableCatalog,
    setting: Setting,
    application_role: Option<String>,
}

/// The schema of the function that the policies call.
const SCHEMA: &str = "tenancy";
const FUNCTION: &str = "tenancy.current_tenant_id";
const POLICY: &str = "tenant_isolation";

/// A temporary table outlives the transaction that made it: the next tenant on the connection would find the
/// rows of the last one in it.
const REVOKE_TEMPORARY: &str = "\
DO $do$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $do$;
";

impl<'a> Rls<'a> {
    /// DDL for the tenant tables of `catalog`.
    pub fn new(catalog: &'a TableCatalog) -> Self {
        Self {
            catalog,
            setting: Setting::default(),
            application_role: None,
        }
    }

    /// The setting that carries the tenant, one for the whole database. `app.current_tenant_id` by default.
    pub fn setting(mut self, setting: Setting) -> Self {
        self.setting = setting;
        self
    }

    /// Grants `role`, which the service connects as, to read and write the tenant tables and to call the
    /// function of the policies. Shared tables and the sequences of `serial` columns are yours to grant; identity
    /// columns need no grant. The role must exist, must not own the tables, and should be made
    /// with `NOSUPERUSER NOBYPASSRLS`.
    pub fn application_role(mut self, role: &str) -> Self {
        self.application_role = Some(role.to_owned());
        self
    }

    /// Creates the schema `tenancy` with its function, takes the right to create temporary tables from
    /// everybody but the owner of the database, and protects each table:
    ///
    /// - `ENABLE` and `FORCE ROW LEVEL SECURITY`, so that the owner is bound as well;
    /// - one policy for all commands with `USING` and `WITH CHECK`: a tenant sees its own rows and cannot
    ///   give one to another. The function stands in a sub-query, so that Postgres asks once a statement and
    ///   not once a row.
    pub fn set_up_sql(&self) -> String {
        let mut sql = vec![self.function_sql(), REVOKE_TEMPORARY.to_owned()];
        sql.extend(self.catalog.tenant_tables().map(protect_sql));
        if let Some(role) = &self.application_role {
            sql.extend(self.grants_sql(&identifier(role)));
        }
        sql.concat()
    }

    /// Takes the policies away again. Whoever has privileges then sees every row. The schema `tenancy` stays,
    /// for other tables may use it.
    pub fn take_down_sql(&self) -> String {
        self.catalog.tenant_tables().map(release_sql).collect()
    }

    /// A setting that was never set is NULL; after a transaction that set it, it is the empty string. Both
    /// mean no tenant.
    fn function_sql(&self) -> String {
        let setting = literal(self.setting.as_str());
        format!(
            "CREATE SCHEMA IF NOT EXISTS {SCHEMA};\n\
             CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE\n\
             AS $$ SELECT nullif(pg_catalog.current_setting({setting}, true), '') $$;\n"
        )
    }

    fn grants_sql(&self, role: &str) -> Vec<String> {
        let mut sql = vec![format!(
            "GRANT USAGE ON SCHEMA {SCHEMA} TO {role};\n\
             GRANT EXECUTE ON FUNCTION {FUNCTION}() TO {role};\n"
        )];
        for table in self.catalog.tenant_tables() {
            let (schema, name) = (identifier(table.schema()), qualified(table));
            sql.push(format!(
                "GRANT USAGE ON SCHEMA {schema} TO {role};\n\
                 GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {role};\n"
            ));
        }
        sql
    }
}

fn protect_sql(table: &TenantTable) -> String {
    let name = qualified(table);
    let is_own = format!(
        "{} = (SELECT {FUNCTION}())",
        identifier(table.tenant_column())
    );
    format!(
        "ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;\n\
         ALTER TABLE {name} FORCE ROW LEVEL SECURITY;\n\
         DROP POLICY IF EXISTS {POLICY} ON {name};\n\
         CREATE POLICY {POLICY} ON {name}\n    USING ({is_own})\n    WITH CHECK ({is_own});\n"
    )
}

fn release_sql(table: &TenantTable) -> String {
    let name = qualified(table);
    format!(
        "DROP POLICY IF EXISTS {POLICY} ON {name};\n\
         ALTER TABLE {name} NO FORCE ROW LEVEL SECURITY;\n\
         ALTER TABLE {name} DISABLE ROW LEVEL SECURITY;\n"
    )
}

fn qualified(table: &TenantTable) -> String {
    format!(
        "{}.{}",
        identifier(table.schema()),
        identifier(table.name())
    )
}
