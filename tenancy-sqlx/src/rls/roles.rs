//! The roles: that they exist, and that the one of the service cannot become a stronger one.

use super::{Choice, Rls, SCHEMA, block, raise};
use crate::setting::{identifier, literal};

impl Rls<'_> {
    pub(super) fn roles_sql(&self) -> String {
        let mut body = Vec::new();
        if let Some(owner) = &self.owner_role {
            body.push(create(owner, "NOLOGIN NOSUPERUSER NOBYPASSRLS"));
            body.push(join(owner));
        }
        let stronger = self.all_tenants.iter().map(|all| all.role.as_str());
        if self.chose(Choice::CreateRoles) {
            for role in self
                .application_role
                .as_deref()
                .into_iter()
                .chain(stronger.clone())
            {
                let attributes =
                    "LOGIN NOSUPERUSER NOBYPASSRLS NOCREATEDB NOCREATEROLE NOREPLICATION";
                body.push(create(role, attributes));
            }
        }
        if let Some(application) = &self.application_role {
            let stronger = stronger.clone().map(|role| (role, "reaches every tenant"));
            let owner = self.owner_role.as_deref();
            let owner = owner.map(|role| (role, "may switch row-level security off"));
            for (role, what) in stronger.chain(owner) {
                body.push(must_not_become(application, role, what));
            }
        }
        let mut sql = Vec::new();
        if !body.is_empty() {
            sql.push(block(&format!("BEGIN\n{}END\n", body.concat())));
        }
        if let Some(owner) = self.owner_role.as_deref().map(identifier) {
            sql.push(format!("ALTER SCHEMA {SCHEMA} OWNER TO {owner};\n"));
        }
        for role in stronger.chain(self.application_role.as_deref()) {
            let role = identifier(role);
            sql.push(format!("GRANT USAGE ON SCHEMA {SCHEMA} TO {role};\n"));
        }
        sql.concat()
    }
}

/// Roles belong to the whole cluster, so another database may be making the same one.
fn create(role: &str, attributes: &str) -> String {
    format!(
        "    IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = {}) THEN\n        \
                 BEGIN\n            CREATE ROLE {} {attributes};\n        \
                 EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL;\n        END;\n    \
             END IF;\n",
        literal(role),
        identifier(role)
    )
}

/// Since Postgres 16, whoever made a role is a member of it without having its rights.
fn join(owner: &str) -> String {
    let (name, role) = (literal(owner), identifier(owner));
    format!(
        "    IF NOT pg_catalog.pg_has_role(current_user, {name}, 'USAGE') OR NOT pg_catalog.pg_has_role(current_user, {name},\n            \
                 CASE WHEN pg_catalog.current_setting('server_version_num')::int >= 160000 THEN 'SET' ELSE 'MEMBER' END) THEN\n        \
                 GRANT {role} TO CURRENT_USER;\n    END IF;\n"
    )
}

fn must_not_become(application: &str, role: &str, what: &str) -> String {
    let refusal = raise(&format!(
        "role {application} is or can become {role}, which {what}"
    ));
    format!(
        "    IF pg_catalog.pg_has_role({}, {}, 'MEMBER') THEN\n    {refusal}    END IF;\n",
        literal(application),
        literal(role)
    )
}
