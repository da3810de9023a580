//! What can be said to the command.

use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueEnum};
use tenancy_core::{TableCatalog, TenantTable};
use tenancy_sqlx::{Discovery, ReportFormat, Setting, Severity};

/// Keeps the tenants of a Postgres database apart by row-level security, and shows that they are.
#[derive(Debug, Parser)]
#[command(name = "tenancy", bin_name = "tenancy", version)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Doctor(DoctorArguments),
    Policies(PoliciesArguments),
}

/// Examine whether a database keeps its tenants apart
///
/// Ends with 0 if it does, with 1 if something was found that --fail-on counts, and with 2 if it could not be
/// examined.
#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    #[command(flatten)]
    pub(crate) tables: Tables,

    /// How the report is written
    #[arg(long, value_enum, default_value = "text")]
    pub(crate) format: Format,

    /// The mildest finding that ends the command with 1
    #[arg(long, value_enum, default_value = "error", value_name = "SEVERITY")]
    pub(crate) fail_on: Threshold,

    /// A finding that is meant to be, such as TNC042:public.note=reason; may be repeated
    #[arg(long, value_name = "CODE:OBJECT=REASON")]
    pub(crate) allow: Vec<Allowance>,

    /// Also report what holds in every new database
    #[arg(long)]
    pub(crate) strict: bool,

    /// Look only, and do not try in a transaction that is rolled back what another tenant sees
    #[arg(long)]
    pub(crate) without_canary: bool,
}

/// Print the policies for the tables that have the tenant column
///
/// Nothing is changed. The text can go into a migration or, as the owner of the tables, to
/// `psql --single-transaction --set ON_ERROR_STOP=1`.
#[derive(Debug, Args)]
pub(crate) struct PoliciesArguments {
    #[command(flatten)]
    pub(crate) tables: Tables,

    /// Print what takes the policies away again
    #[arg(long)]
    pub(crate) down: bool,
}

/// Where the tables are, and which belong to tenants.
#[derive(Debug, Args)]
pub(crate) struct Tables {
    /// The database, as `postgres://user:password@host/name`. From the environment, a list of processes does not
    /// show it
    #[arg(long, env = "DATABASE_URL", hide_env_values = true, value_name = "URL")]
    pub(crate) database_url: String,

    /// The role that the service connects as; the doctor judges the connected one if none is named
    #[arg(long)]
    pub(crate) role: Option<String>,

    /// Where to look for tables; may be repeated
    #[arg(long, default_value = "public", num_args = 1.., value_name = "SCHEMA")]
    pub(crate) schema: Vec<String>,

    /// The column that holds the tenant
    #[arg(long, default_value = "tenant_id", value_name = "COLUMN")]
    pub(crate) tenant_column: String,

    /// The setting that carries the tenant
    #[arg(long, default_value = "app.current_tenant_id", value_parser = Setting::new)]
    pub(crate) setting: Setting,

    /// Tables that all tenants share; may be repeated
    #[arg(long, num_args = 1.., value_name = "TABLE")]
    pub(crate) shared: Vec<String>,
}

impl Tables {
    pub(crate) fn discovery(&self) -> Discovery {
        Discovery::new(&self.tenant_column)
            .schemas(self.schema.iter().map(String::as_str))
            .shared(self.shared.iter().map(String::as_str))
    }
}

/// The tenant tables of `catalog`, as `schema.table`.
pub(crate) fn names(catalog: &TableCatalog) -> Vec<String> {
    let name = |table: &TenantTable| format!("{}.{}", table.schema(), table.name());
    let mut names: Vec<_> = catalog.tenant_tables().map(name).collect();
    names.sort();
    names
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Json,
    Sarif,
    Html,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
pub(crate) enum Threshold {
    Error,
    Warning,
    Performance,
    Info,
}

/// A finding that somebody took the responsibility for.
#[derive(Debug, Clone)]
pub(crate) struct Allowance {
    pub(crate) code: String,
    pub(crate) object: String,
    pub(crate) reason: String,
}

impl From<Format> for ReportFormat {
    fn from(format: Format) -> Self {
        match format {
            Format::Text => Self::Text,
            Format::Json => Self::Json,
            Format::Sarif => Self::Sarif,
            Format::Html => Self::Html,
        }
    }
}

impl From<Threshold> for Severity {
    fn from(threshold: Threshold) -> Self {
        match threshold {
            Threshold::Error => Self::Error,
            Threshold::Warning => Self::Warning,
            Threshold::Performance => Self::Performance,
            Threshold::Info => Self::Info,
        }
    }
}

impl FromStr for Allowance {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts = text.split_once(':').and_then(|(code, rest)| {
            let (object, reason) = rest.split_once('=')?;
            Some([code.trim(), object.trim(), reason.trim()])
        });
        match parts {
            Some([code, object, reason])
                if !code.is_empty() && !object.is_empty() && !reason.is_empty() =>
            {
                Ok(Self {
                    code: code.to_owned(),
                    object: object.to_owned(),
                    reason: reason.to_owned(),
                })
            }
            _ => Err("write a code, an object and a reason, such as TNC042:public.note=reason"),
        }
    }
}
