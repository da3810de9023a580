//! `Scoping`, to what the rows of a table are narrowed.

use super::stamp::Stamp;
use super::{Dialect, ScopeError, TableCatalog, TenantColumnType, TenantTable};
use crate::{ProjectId, TenantId};

/// For whom a statement is scoped.
#[derive(Debug)]
pub(super) struct Scoping<'a> {
    pub(super) catalog: &'a TableCatalog,
    pub(super) project_level: &'a ProjectLevel,
    tenant: Stamp<'a>,
    project: Option<Stamp<'a>>,
}

/// What becomes of tables that have a column for the project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ProjectLevel {
    /// The context has no project, and nobody said that all are meant.
    Unknown,
    One(ProjectId),
    All,
    /// All were asked for, by a credential that reaches some only.
    Withheld,
}

impl<'a> Scoping<'a> {
    pub(super) fn new(
        catalog: &'a TableCatalog,
        tenant: &'a TenantId,
        project_level: &'a ProjectLevel,
    ) -> Result<Self, ScopeError> {
        catalog.tenant_column_type().check(tenant)?;
        let stamp = |text, column_type| Stamp {
            text,
            column_type,
            dialect: catalog.dialect(),
        };
        let project = match project_level {
            ProjectLevel::One(id) => {
                let expected = catalog.project_column_type();
                if !expected.fits(id.as_str()) {
                    let project = id.as_str().to_owned();
                    return Err(ScopeError::ProjectType { project, expected });
                }
                Some(stamp(id.as_str(), expected))
            }
            ProjectLevel::Unknown | ProjectLevel::All | ProjectLevel::Withheld => None,
        };
        Ok(Self {
            catalog,
            project_level,
            tenant: stamp(tenant.as_str(), catalog.tenant_column_type()),
            project,
        })
    }

    /// The tenant is the first, the project, where there is one, the second.
    pub(super) fn stamp(&self, index: usize) -> Option<Stamp<'a>> {
        match index {
            0 => Some(self.tenant),
            1 => self.project,
            _ => None,
        }
    }

    pub(super) fn dialect(&self) -> Dialect {
        self.catalog.dialect()
    }

    /// Refuses a table that has a level more than the context.
    pub(super) fn admits(&self, table: &TenantTable) -> Result<(), ScopeError> {
        let refusal = match self.project_level {
            _ if table.project_column().is_none() => return Ok(()),
            ProjectLevel::One(_) | ProjectLevel::All => return Ok(()),
            ProjectLevel::Unknown => ScopeError::NoProject,
            ProjectLevel::Withheld => ScopeError::LimitedToProjects,
        };
        Err(refusal(table.name().to_owned()))
    }

    /// The columns of `table` that are bound, in the order of their stamps.
    pub(super) fn columns<'t>(
        &self,
        table: &'t TenantTable,
    ) -> impl Iterator<Item = &'t str> + Clone + use<'t> {
        let project = self.project.and_then(|_| table.project_column());
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
