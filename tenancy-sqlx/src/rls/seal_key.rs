//! The keys with which the database checks seals.

use super::{Choice, Rls, SCHEMA};
use crate::Seal;
use crate::setting::identifier;

impl Rls<'_> {
    /// Only its owner reads the table, and so does the function of the policies, with the owner's rights.
    pub(super) fn seal_key_table_sql(&self) -> String {
        if !self.chose(Choice::Sealed) {
            return String::new();
        }
        let mut sql = vec![format!(
            "CREATE TABLE IF NOT EXISTS {SCHEMA}.seal_key (\n    \
                 id text PRIMARY KEY,\n    \
                 inner_block bytea NOT NULL CHECK (pg_catalog.octet_length(inner_block) = 64),\n    \
                 outer_block bytea NOT NULL CHECK (pg_catalog.octet_length(outer_block) = 64),\n    \
                 added timestamptz NOT NULL DEFAULT pg_catalog.now()\n);\n\
             REVOKE ALL ON {SCHEMA}.seal_key FROM PUBLIC;\n"
        )];
        let roles = self.all_tenants.iter().map(|all| &all.role);
        for role in roles.chain(&self.application_role) {
            sql.push(format!(
                "REVOKE ALL ON {SCHEMA}.seal_key FROM {};\n",
                identifier(role)
            ));
        }
        if let Some(owner) = &self.owner_role {
            sql.push(format!(
                "ALTER TABLE {SCHEMA}.seal_key OWNER TO {};\n",
                identifier(owner)
            ));
        }
        sql.concat()
    }
}

pub(super) fn insert_sql(seal: &Seal) -> String {
    let [id, inner, outer] = seal.key();
    format!(
        "INSERT INTO {SCHEMA}.seal_key (id, inner_block, outer_block)\n\
         VALUES ('{id}', '\\x{inner}', '\\x{outer}')\nON CONFLICT (id) DO NOTHING;\n"
    )
}

pub(super) fn retire_sql(seal: &Seal) -> String {
    let [id, ..] = seal.key();
    format!("DELETE FROM {SCHEMA}.seal_key WHERE id <> '{id}';\n")
}
