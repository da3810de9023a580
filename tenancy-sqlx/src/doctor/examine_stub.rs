//! Stands in for the engine of the doctor until it is merged: looks at one thing only.

use sqlx::PgPool;
use tenancy_core::TableCatalog;

use super::{Finding, Report, Severity};
use crate::{Error, Setting};

/// Examines a database.
#[derive(Debug)]
pub struct Doctor<'a> {
    catalog: &'a TableCatalog,
    allowed: Vec<(String, String)>,
}

#[derive(Debug)]
pub(crate) struct Check {
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    pub(crate) title: &'static str,
    pub(crate) explanation: &'static str,
    pub(crate) example: &'static str,
    pub(crate) cure: &'static str,
}

pub(crate) fn checks() -> &'static [Check] {
    &[Check {
        code: "TNC010",
        severity: Severity::Error,
        title: "Row-level security is off",
        explanation: "Policies do nothing on a table until row-level security is enabled on it.",
        example: "CREATE TABLE note (tenant_id text NOT NULL, body text);",
        cure: "Enable row-level security on the table.",
    }]
}

impl<'a> Doctor<'a> {
    /// A doctor for the tables of `catalog`.
    pub fn new(catalog: &'a TableCatalog) -> Self {
        Self {
            catalog,
            allowed: Vec::new(),
        }
    }

    /// The role that the service connects as.
    pub fn role(self, _role: &str) -> Self {
        self
    }

    /// The setting that carries the tenant.
    pub fn setting(self, _setting: Setting) -> Self {
        self
    }

    /// Leaves out a finding that is meant.
    pub fn allow(mut self, code: &str, object: &str, _reason: &str) -> Self {
        self.allowed.push((code.to_owned(), object.to_owned()));
        self
    }

    /// Reports more.
    pub fn strict(self) -> Self {
        self
    }

    /// Tries nothing.
    pub fn without_canary(self) -> Self {
        self
    }

    /// Examines the database.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn examine(&self, pool: &PgPool) -> Result<Report, Error> {
        let mut findings = Vec::new();
        for table in self.catalog.tenant_tables() {
            let off: bool = sqlx::query_scalar(
                "SELECT NOT c.relrowsecurity FROM pg_catalog.pg_class c \
                 JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
                 WHERE n.nspname = $1 AND c.relname = $2",
            )
            .bind(table.schema())
            .bind(table.name())
            .fetch_one(pool)
            .await?;
            let name = format!("{}.{}", table.schema(), table.name());
            let allowed = self
                .allowed
                .iter()
                .any(|(code, object)| code == "TNC010" && *object == name);
            if off && !allowed {
                findings.push(Finding {
                    code: "TNC010",
                    severity: Severity::Error,
                    message: format!(
                        "Row-level security is off on {name}: its policies do nothing."
                    ),
                    fix: format!("ALTER TABLE {name} ENABLE ROW LEVEL SECURITY;"),
                    object: name.clone(),
                    table: Some(name),
                });
            }
        }
        Ok(Report {
            findings,
            unproven: Vec::new(),
        })
    }
}
