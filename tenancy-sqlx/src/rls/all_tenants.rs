//! Roles that reach every tenant, and the record of what they were used for.

use super::{Rls, SCHEMA};
use crate::setting::identifier;

/// A role that reaches every tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct AllTenants {
    pub(super) role: String,
    pub(super) writes: bool,
}

impl AllTenants {
    pub(super) fn writer(role: &str) -> Self {
        Self {
            role: role.to_owned(),
            writes: true,
        }
    }

    pub(super) fn reader(role: &str) -> Self {
        Self {
            role: role.to_owned(),
            writes: false,
        }
    }
}

impl Rls<'_> {
    /// The quoted names of the roles that write, or of those that only read; `None` if there are none.
    pub(super) fn all_tenants_roles(&self, writes: bool) -> Option<String> {
        let roles: Vec<_> = self
            .all_tenants
            .iter()
            .filter(|all| all.writes == writes)
            .map(|all| identifier(&all.role))
            .collect();
        (!roles.is_empty()).then(|| roles.join(", "))
    }

    /// Who, when and by which login is for Postgres to say: the roles may write the other two columns, and read or
    /// change no record.
    pub(super) fn record_sql(&self) -> String {
        if self.all_tenants.is_empty() {
            return String::new();
        }
        let table = format!("{SCHEMA}.all_tenants_record");
        let mut sql = vec![format!(
            "CREATE TABLE IF NOT EXISTS {table} (\n    \
                 id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,\n    \
                 at timestamptz NOT NULL DEFAULT pg_catalog.now(),\n    \
                 role text NOT NULL DEFAULT session_user,\n    \
                 application_name text NOT NULL DEFAULT pg_catalog.current_setting('application_name'),\n    \
                 reason text NOT NULL CHECK (reason <> ''),\n    \
                 read_only boolean NOT NULL\n);\n\
             REVOKE ALL ON {table} FROM PUBLIC;\n"
        )];
        if let Some(owner) = &self.owner_role {
            let owner = identifier(owner);
            sql.push(format!("ALTER TABLE {table} OWNER TO {owner};\n"));
        }
        for AllTenants { role, .. } in &self.all_tenants {
            let role = identifier(role);
            sql.push(format!(
                "REVOKE ALL ON {table} FROM {role};\n\
                 GRANT INSERT (reason, read_only) ON {table} TO {role};\n"
            ));
        }
        sql.concat()
    }
}
