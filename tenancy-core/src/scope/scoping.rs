//! `Scoping`, to what the rows of a table are narrowed.

use sea_query::Value;

use super::{Dialect, ScopeError, TableCatalog, TenantColumnType, TenantTable};
use crate::{ProjectId, TenantId};

/// For whom a statement is scoped.
#[derive(Debug)]
pub(super) struct Scoping<'a> {
    pub(super) catalog: &'a TableCatalog,
    project: ProjectLevel,
    /// The tenant and, where there is one, the project.
    stamps: Vec<Stamp>,
}

/// A value of the scope, such as the tenant, and how a parameter of it is written: `$1` or `CAST($1 AS uuid)`.
#[derive(Debug, Clone)]
pub(super) struct Stamp {
    pub(super) value: Value,
    pub(super) cast: Option<&'static str>,
    /// A text, which some databases compare without regard to case.
    pub(super) is_text: bool,
}

/// What becomes of tables that have a column for the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProjectLevel {
    /// The context has no project, and nobody said that all are meant.
    Unknown,
    One(ProjectId),
    All,
}

impl<'a> Scoping<'a> {
    pub(super) fn new(
        catalog: &'a TableCatalog,
        tenant: &TenantId,
        project: &ProjectLevel,
    ) -> Result<Self, ScopeError> {
        let dialect = catalog.dialect();
        catalog.tenant_column_type().check(tenant)?;
        let mut stamps = vec![catalog.tenant_column_type().stamp(tenant.as_str(), dialect)];
        if let ProjectLevel::One(id) = project {
            let expected = catalog.project_column_type();
            if !expected.fits(id.as_str()) {
                let project = id.as_str().to_owned();
                return Err(ScopeError::ProjectType { project, expected });
            }
            stamps.push(expected.stamp(id.as_str(), dialect));
        }
        Ok(Self {
            catalog,
            project: project.clone(),
            stamps,
        })
    }

    pub(super) fn stamps(&self) -> &[Stamp] {
        &self.stamps
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.catalog.dialect()
    }

    /// Refuses a table that has a level more than the context.
    pub(super) fn admits(&self, table: &TenantTable) -> Result<(), ScopeError> {
        if table.project().is_some() && self.project == ProjectLevel::Unknown {
            Err(ScopeError::NoProject(table.name().to_owned()))
        } else {
            Ok(())
        }
    }

    /// The columns of `table` that are bound, in the order of their stamps.
    pub(super) fn columns<'t>(
        &self,
        table: &'t TenantTable,
    ) -> impl Iterator<Item = &'t str> + Clone + use<'t> {
        let project = match self.project {
            ProjectLevel::One(_) => table.project(),
            ProjectLevel::Unknown | ProjectLevel::All => None,
        };
        [Some(table.tenant_column()), project].into_iter().flatten()
    }

    /// Whether `column` is a bound one of `table`, or may be one by another name: in SQLite an integer that is the
    /// primary key is the number of the row.
    pub(super) fn binds(&self, table: &TenantTable, column: &str) -> bool {
        const ROW_NUMBERS: [&str; 3] = ["rowid", "oid", "_rowid_"];
        let same = |bound: &str| self.dialect().same(bound, column);
        self.columns(table).any(same)
            || self.dialect() == Dialect::Sqlite
                && self.catalog.tenant_column_type() == TenantColumnType::Bigint
                && ROW_NUMBERS.into_iter().any(same)
    }
}
