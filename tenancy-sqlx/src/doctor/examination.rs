//! `Doctor` and how it examines.

use serde_json::{Value, json};
use sqlx::pool::PoolConnection;
use sqlx::postgres::PgConnection;
use sqlx::{PgPool, Postgres};
use tenancy_core::{TableCatalog, TenantId};

use super::allowance::{self, Allowance};
use super::canary::{self, Mend};
use super::check::Stage;
use super::report::in_order;
use super::statement::{self, Found, batch};
use super::{Finding, Report, Severity};
use crate::opening::Opening;
use crate::pool::connection;
use crate::setting::identifier;
use crate::{Error, Seal, Setting};

/// Examines a database: everything on which the separation of tenants rests, by the catalogues of Postgres and by
/// trying.
///
/// What it looks for is listed in the [manual](crate::manual::doctor), each with an example and its cure. A pool
/// asks the most important part of that before it starts; the doctor is for tests, for CI and for looking at a
/// database that one was given.
///
/// ```no_run
/// use tenancy_core::TableCatalog;
/// use tenancy_sqlx::Doctor;
///
/// # async fn example(admin: sqlx::PgPool) -> Result<(), Box<dyn std::error::Error>> {
/// let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
/// let report = Doctor::new(&catalog)
///     .role("app")
///     .allow("TNC042", "public.note", "ten rows, and it stays so")
///     .examine(&admin)
///     .await?;
/// report.assert_sound()?;
/// assert_eq!(report.findings(), []);
/// # Ok(())
/// # }
/// ```
///
/// It works in one transaction, which it rolls back, and changes nothing. Two things outlive that: where it inserts
/// rows to see whether another tenant meets them, sequences that a column or a trigger of yours draws from have gone on, and
/// what a trigger of yours did outside of the database is done. [`without_canary`](Self::without_canary) leaves that out.
#[derive(Debug, Clone)]
pub struct Doctor<'a> {
    catalog: &'a TableCatalog,
    role: Option<String>,
    setting: Setting,
    seal: Option<Seal>,
    allowances: Vec<Allowance>,
    strict: bool,
    canary: bool,
}

/// A connection that is closed unless the transaction on it is known to be over.
struct Patient {
    connection: PoolConnection<Postgres>,
    is_over: bool,
}

impl Drop for Patient {
    fn drop(&mut self) {
        if !self.is_over {
            self.connection.close_on_drop();
        }
    }
}

impl<'a> Doctor<'a> {
    /// A doctor for the tables of `catalog`.
    pub fn new(catalog: &'a TableCatalog) -> Self {
        Self {
            catalog,
            role: None,
            setting: Setting::default(),
            seal: None,
            allowances: Vec::new(),
            strict: false,
            canary: true,
        }
    }

    /// The role that the service connects as, which is judged. The connected one by default.
    ///
    /// A doctor that may become the role tries what it sees and may do; one that may not asks the catalogues only, and
    /// says in [`Report::unproven`] what that leaves open.
    pub fn role(mut self, role: &str) -> Self {
        self.role = Some(role.to_owned());
        self
    }

    /// The setting that carries the tenant. `app.current_tenant_id` by default.
    pub fn setting(mut self, setting: Setting) -> Self {
        self.setting = setting;
        self
    }

    /// The seal of policies that insist on one ([`Rls::sealed`](crate::Rls::sealed)), so that what is tried is tried as
    /// the service does it.
    pub fn seal(mut self, seal: Seal) -> Self {
        self.seal = Some(seal);
        self
    }

    /// Leaves out the finding `code` at `object`, which is meant for `reason`. When it is not found any more, that
    /// is told: the list may only shrink.
    pub fn allow(mut self, code: &str, object: &str, reason: &str) -> Self {
        self.allowances.push(Allowance {
            code: code.to_owned(),
            object: object.to_owned(),
            reason: reason.to_owned(),
        });
        self
    }

    /// Also reports what holds in every new database, for a service whose SQL others may write: `set_config`, large
    /// objects, advisory locks, the right to update the tenant column.
    pub fn strict(mut self) -> Self {
        self.strict = true;
        self
    }

    /// Tries nothing, and asks the catalogues only.
    pub fn without_canary(mut self) -> Self {
        self.canary = false;
        self
    }

    /// Examines the database behind `pool`, on one of its connections.
    ///
    /// # Errors
    /// [`Error::Allowance`] for an allowance that cannot be meant and [`Error::UnknownRole`] for a role that the
    /// server does not have; [`Error::Database`] when the database fails. A catalogue that is closed to the doctor is no
    /// error: the report says what that leaves unproven.
    pub async fn examine(&self, pool: &PgPool) -> Result<Report, Error> {
        for allowance in &self.allowances {
            allowance.check()?;
        }
        let mut patient = Patient {
            connection: connection(pool).await?,
            is_over: false,
        };
        let connection = &mut patient.connection;
        let opening = Opening {
            setting: self.setting.clone(),
            seal: self.seal.clone(),
            ..Opening::default()
        };
        let select_tenant = |tenant: &TenantId| opening.select_tenant(tenant);
        // Statements of the doctor must not stand in the way of the service for long.
        batch(
            connection,
            "BEGIN; SET LOCAL lock_timeout = '2s'; SET LOCAL statement_timeout = '60s'",
        )
        .await?;
        let mut found = self.ask(connection).await?;
        self.try_it(connection, &mut found, &select_tenant).await?;
        batch(connection, "ROLLBACK").await?;
        patient.is_over = true;
        drop(patient);
        allowance::apply(&self.allowances, &mut found.findings);
        in_order(&mut found.findings);
        Ok(Report {
            findings: found.findings,
            unproven: found.unproven,
        })
    }

    async fn ask(&self, connection: &mut PgConnection) -> Result<Found, Error> {
        let mut files = Value::Null;
        if let Some(role) = &self.role {
            let (is_known, may_read_files): (bool, bool) = sqlx::query_as(
                "SELECT pg_catalog.to_regrole(pg_catalog.quote_ident($1)) IS NOT NULL, \
                        pg_catalog.has_table_privilege('pg_catalog.pg_file_settings', 'SELECT') \
                        AND pg_catalog.has_function_privilege('pg_catalog.pg_show_all_file_settings()', 'EXECUTE')",
            )
            .persistent(false)
            .bind(role)
            .fetch_one(&mut *connection)
            .await?;
            if !is_known {
                return Err(Error::UnknownRole(role.clone()));
            }
            if may_read_files {
                files = self.preset_in_files(connection).await?;
            }
        }
        let last = if self.strict {
            Stage::Strict
        } else {
            Stage::Examination
        };
        let input = input(self.catalog, &self.setting, self.role.as_deref(), &files);
        Ok(statement::run(connection, last, &input).await?)
    }

    /// What the configuration files give to every connection. The doctor's own need not show it: its role or its options
    /// may say otherwise, and the server may not have read the files yet.
    async fn preset_in_files(&self, connection: &mut PgConnection) -> Result<Value, Error> {
        let found: String = sqlx::query_scalar(
            "SELECT coalesce(pg_catalog.jsonb_agg(f), '[]')::text FROM ( \
                 SELECT DISTINCT ON (name) pg_catalog.lower(s.name) AS name, s.setting AS value, s.sourcefile AS file \
                 FROM pg_catalog.pg_file_settings s \
                 WHERE pg_catalog.lower(s.name) IN ($1, 'session_replication_role') ORDER BY name, s.seqno DESC) AS f",
        )
        .persistent(false)
        .bind(self.setting.as_str())
        .fetch_one(connection)
        .await?;
        let found = serde_json::from_str(&found);
        Ok(found.map_err(|error| sqlx::Error::Decode(error.into()))?)
    }

    async fn try_it(
        &self,
        connection: &mut PgConnection,
        found: &mut Found,
        select_tenant: &(dyn Fn(&TenantId) -> String + Sync),
    ) -> Result<(), Error> {
        let why_not = if !self.canary {
            Some("it was left out by `without_canary`".to_owned())
        } else if found
            .findings
            .iter()
            .any(|finding| matches!(finding.code, "TNC001" | "TNC002"))
        {
            Some("the role sees every row anyway".to_owned())
        } else {
            self.become_role(connection).await?
        };
        if let Some(why) = why_not {
            found.unproven.push(format!(
                "nothing was tried, because {why}, which leaves unproven that a tenant neither sees nor changes rows of another"
            ));
            return Ok(());
        }
        let mend = Mend {
            catalog: self.catalog,
            setting: &self.setting,
        };
        let tried = canary::everything(connection, &mend, select_tenant).await?;
        // What the catalogues have told of a table is not told again.
        let told: Vec<_> = found
            .findings
            .iter()
            .filter(|finding| ("TNC020".."TNC040").contains(&finding.code))
            .filter(|finding| finding.severity == Severity::Error)
            .filter_map(|finding| finding.table.clone())
            .collect();
        let is_told = |finding: &Finding| told.contains(&finding.object);
        // What is shown is no doubt any more.
        let shown = |table: &Option<String>| {
            let mut tried = tried.findings.iter();
            table.is_some() && tried.any(|finding| finding.table == *table)
        };
        found
            .findings
            .retain(|finding| finding.code != "TNC034" || !shown(&finding.table));
        let new = tried.findings.into_iter();
        found
            .findings
            .extend(new.filter(|finding| !is_told(finding)));
        found.unproven.extend(tried.unproven);
        Ok(())
    }

    /// Why it cannot be done, if it cannot.
    async fn become_role(&self, connection: &mut PgConnection) -> Result<Option<String>, Error> {
        let Some(role) = &self.role else {
            return Ok(None);
        };
        let set = format!(
            "SAVEPOINT tenancy_role; SET LOCAL ROLE {}",
            identifier(role)
        );
        match batch(connection, &set).await {
            Ok(()) => Ok(None),
            Err(error) if statement::is_refusal(&error) => {
                batch(connection, "ROLLBACK TO SAVEPOINT tenancy_role").await?;
                Ok(Some(format!("the doctor may not become `{role}`")))
            }
            Err(error) => Err(error.into()),
        }
    }
}

/// What the checks know of the catalogue.
pub(super) fn input(
    catalog: &TableCatalog,
    setting: &Setting,
    role: Option<&str>,
    files: &Value,
) -> String {
    json!({
        "tables": tables(catalog),
        "shared": catalog.shared_tables().collect::<Vec<_>>(),
        "contradictions": catalog.contradictions().collect::<Vec<_>>(),
        "too_long": catalog.names_too_long().collect::<Vec<_>>(),
        "type": catalog.tenant_column_type().sql(),
        "setting": setting.as_str(),
        "role": role,
        "files": files,
    })
    .to_string()
}

/// The declared tenant tables.
pub(super) fn tables(catalog: &TableCatalog) -> Vec<Value> {
    catalog
        .tenant_tables()
        .map(|table| json!({ "schema": table.schema(), "name": table.name(), "column": table.tenant_column() }))
        .collect()
}
