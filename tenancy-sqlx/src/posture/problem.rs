//! What can be wrong with a database, each with what to do about it.

use std::fmt;

/// The database would not keep tenants apart. Nothing is served until that is mended.
#[derive(Clone, PartialEq, Eq)]
pub struct PostureError {
    pub(super) problems: Vec<PostureProblem>,
}

/// One reason why the database would not keep tenants apart.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PostureProblem {
    /// The catalogue declares no tenant table, so nothing would be checked.
    #[error("no tenant table is declared; declare the tables of the service in the `TableCatalog`")]
    NothingDeclared,
    /// The role ignores row-level security, or can become one that does.
    #[error(
        "role `{role}` {}, which row-level security does not bind; connect as a role with NOSUPERUSER and \
         NOBYPASSRLS that is a member of no such role",
        if role == becomes { "is a superuser or has BYPASSRLS".to_owned() } else { format!("can become `{becomes}`") }
    )]
    RoleNotBound {
        /// The connected role.
        role: String,
        /// The role that is not bound: the same, or one that it is a member of.
        becomes: String,
    },
    /// A table is declared twice, differently.
    #[error("table `{0}` is declared twice and differently in the `TableCatalog`; declare it once")]
    Contradictory(String),
    /// The role may create temporary tables, which outlive the transaction and stand in the way of tables of
    /// the same name for the next user of the connection.
    #[error(
        "role `{role}` may create temporary tables, which outlive a transaction; run REVOKE TEMPORARY ON \
         DATABASE … FROM PUBLIC, as `Rls` does"
    )]
    TemporaryTables {
        /// The connected role.
        role: String,
    },
    /// The role may create tables, which no policy protects.
    #[error(
        "the connected role may create tables in schema `{0}`, which no policy would protect; run REVOKE CREATE ON \
         SCHEMA … FROM PUBLIC, or from the role"
    )]
    NewTables(String),
    /// The role can reach a table or view that is neither protected nor declared as shared.
    #[error(
        "`{0}` is open to the role and neither protected nor declared; declare it as a tenant table and protect it, \
         declare it as a shared table, or revoke the privileges on it"
    )]
    Undeclared(String),
    /// A policy of a declared table admits rows whatever their tenant.
    #[error(
        "policy `{policy}` on table `{table}` does not look at the tenant, and permissive policies add up; drop \
         it or make it AS RESTRICTIVE"
    )]
    OpenPolicy {
        /// The table.
        table: String,
        /// The policy.
        policy: String,
    },
    /// A tenant that does not exist sees rows of a declared table.
    #[error(
        "table `{table}` shows rows to a tenant that does not exist; its policies do not compare the tenant column \
         with the setting `{setting}`"
    )]
    ShowsForeignRows {
        /// The table.
        table: String,
        /// The setting that the pool uses.
        setting: String,
    },
    /// The collation of a tenant column takes different texts for the same.
    #[error(
        "column `{column}` of table `{table}` has a nondeterministic collation, to which `Acme` may be `acme`; give it another"
    )]
    Collation {
        /// The table.
        table: String,
        /// The tenant column.
        column: String,
    },
    /// A declared table does not exist.
    #[error("table `{0}` is declared and does not exist; create it or mend the `TableCatalog`")]
    TableMissing(String),
    /// Row-level security is off for this role on a declared table.
    #[error(
        "row-level security does not bind this role on table `{0}`; run ALTER TABLE … ENABLE ROW LEVEL SECURITY \
         and ALTER TABLE … FORCE ROW LEVEL SECURITY, as `Rls` does"
    )]
    TableNotProtected(String),
    /// A declared table has no tenant column of the declared name.
    #[error("table `{table}` has no column `{column}`; add it or mend the `TableCatalog`")]
    TenantColumnMissing {
        /// The table.
        table: String,
        /// The declared column.
        column: String,
    },
}

impl PostureError {
    /// Everything that was found.
    pub fn problems(&self) -> &[PostureProblem] {
        &self.problems
    }
}

impl fmt::Display for PostureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database would not keep tenants apart")?;
        for (index, problem) in self.problems.iter().enumerate() {
            write!(f, "{} {problem}", if index == 0 { ":" } else { ";" })?;
        }
        Ok(())
    }
}

/// The sentence, because a `main` that returns the error shows it by `Debug`.
impl fmt::Debug for PostureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for PostureError {}
