//! The functions of the schema `tenancy`: which tenant is set, and the refusal to change the tenant of a row.

use tenancy_core::TableCatalog;

use super::{Choice, Rls, SCHEMA};
use crate::Setting;
use crate::seal::{domain, seal_setting};
use crate::setting::{identifier, literal};

/// What the policies call.
pub(super) const CURRENT: &str = "tenancy.current_tenant_id()";
/// What the trigger calls.
pub(super) const REFUSE: &str = "tenancy.refuse_tenant_change()";

impl Rls<'_> {
    pub(super) fn functions_sql(&self) -> String {
        let (header, body) = self.current_header_and_body();
        let mut sql = vec![format!(
            "CREATE OR REPLACE FUNCTION {CURRENT} RETURNS text STABLE PARALLEL SAFE {header}\n\
             AS $${body}$$;\n"
        )];
        if !self.chose(Choice::MutableTenantColumn) {
            sql.push(refuse_sql());
        }
        if let Some(owner) = self.owner_role.as_deref().map(identifier) {
            sql.push(format!("ALTER FUNCTION {CURRENT} OWNER TO {owner};\n"));
            if !self.chose(Choice::MutableTenantColumn) {
                sql.push(format!("ALTER FUNCTION {REFUSE} OWNER TO {owner};\n"));
            }
        }
        sql.concat()
    }

    fn current_header_and_body(&self) -> (&'static str, String) {
        match (self.chose(Choice::Sealed), self.chose(Choice::Strict)) {
            (false, false) => ("LANGUAGE sql", format!(" SELECT {} ", self.tenant_sql())),
            (false, true) => ("LANGUAGE plpgsql", self.strict_body("tenant IS NOT NULL")),
            (true, false) => (SEALED, self.lenient_body()),
            (true, true) => (SEALED, self.strict_body(&self.seal_fits())),
        }
    }

    /// A setting that was never set is NULL; after a transaction that set it, it is the empty string. Both
    /// mean no tenant.
    fn tenant_sql(&self) -> String {
        format!("nullif({}, '')", current_setting(self.setting.as_str()))
    }

    /// PL/pgSQL, because it keeps its plans for the session. A function in SQL that cannot be inlined, and one with
    /// the rights of its owner cannot, is planned anew in every statement.
    fn lenient_body(&self) -> String {
        let (tenant, fits) = (self.tenant_sql(), self.seal_fits());
        format!(
            "\nDECLARE\n    tenant text := {tenant};\n\
             BEGIN\n    IF {fits} THEN\n        RETURN tenant;\n    END IF;\n    RETURN NULL;\nEND\n"
        )
    }

    fn strict_body(&self, condition: &str) -> String {
        let tenant = self.tenant_sql();
        format!(
            "\nDECLARE\n    tenant text := {tenant};\n\
             BEGIN\n    IF {condition} THEN\n        RETURN tenant;\n    END IF;\n    \
             RAISE EXCEPTION 'no tenant is set' USING ERRCODE = '{}',\n        \
             HINT = {};\nEND\n",
            Self::NO_TENANT,
            literal(&self.hint()),
        )
    }

    fn hint(&self) -> String {
        let setting = &self.setting;
        if self.chose(Choice::Sealed) {
            let seal = seal_setting(setting);
            format!("set {setting} and its {seal} in the transaction, as TenantPool does")
        } else {
            format!("set {setting} in the transaction, as TenantPool does")
        }
    }

    /// HMAC-SHA256 (RFC 2104) with what core Postgres offers. The two blocks are the key, padded and combined with
    /// the constants of the HMAC beforehand.
    fn seal_fits(&self) -> String {
        let domain = domain(&self.setting);
        let seal = current_setting(&seal_setting(&self.setting));
        format!(
            "tenant IS NOT NULL AND EXISTS (\n        \
                 SELECT FROM {SCHEMA}.seal_key key\n        \
                 WHERE {seal} = pg_catalog.encode(pg_catalog.sha256(key.outer_block || pg_catalog.sha256(\n            \
                     key.inner_block || '\\x{domain}'::bytea || pg_catalog.convert_to(tenant, 'UTF8'))), 'hex'))"
        )
    }
}

/// Whether `body` is that of a function which answers with the tenant in `setting`, as `Rls` writes it with any choices.
pub(crate) fn is_tenant_function(setting: &Setting, body: &str) -> bool {
    let catalog = TableCatalog::new();
    let plain = Rls::new(&catalog).setting(setting.clone());
    let choices = [
        plain.clone().strict(),
        plain.clone().sealed(),
        plain.clone().strict().sealed(),
        plain,
    ];
    let written = choices.map(|rls| rls.current_header_and_body().1);
    written.iter().any(|written| written == body)
}

/// With the rights of the owner, who alone reads the key (PostgreSQL manual, `CREATE FUNCTION`, "Writing SECURITY
/// DEFINER Functions Safely").
const SEALED: &str = "LANGUAGE plpgsql SECURITY DEFINER\nSET search_path = pg_catalog, pg_temp";

fn current_setting(name: &str) -> String {
    format!("pg_catalog.current_setting({}, true)", literal(name))
}

/// The SQLSTATE is that of a policy which refuses a row, `insufficient_privilege`.
fn refuse_sql() -> String {
    format!(
        "CREATE OR REPLACE FUNCTION {REFUSE} RETURNS trigger LANGUAGE plpgsql\n\
         AS $$\nBEGIN\n    \
             RAISE EXCEPTION 'the tenant of a row in table \"%\" cannot be changed', TG_TABLE_NAME\n        \
             USING ERRCODE = 'insufficient_privilege';\nEND\n$$;\n"
    )
}
