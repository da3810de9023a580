//! `Scoping`, to what the rows of a table are narrowed, and how that is written.

use super::text::{Edits, Insert, Stamp};
use super::{Dialect, ScopeError, TableCatalog, TenantTable};
use crate::{ProjectId, TenantId};

/// For whom a statement is scoped.
#[derive(Debug)]
pub(super) struct Scoping<'a> {
    pub(super) catalog: &'a TableCatalog,
    project: ProjectLevel,
    /// The tenant and, where there is one, the project.
    stamps: Vec<Stamp>,
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
        catalog.column_type().check(tenant)?;
        let mut stamps = vec![catalog.column_type().stamp(tenant.as_str(), dialect)];
        if let ProjectLevel::One(id) = project {
            let expected = catalog.project_type();
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

    /// The columns of `table` that are bound, in the order of their stamps.
    pub(super) fn columns<'t>(
        &self,
        table: &'t TenantTable,
    ) -> Result<impl Iterator<Item = &'t str> + Clone + use<'t>, ScopeError> {
        let project = match (table.project(), &self.project) {
            (Some(_), ProjectLevel::Unknown) => {
                return Err(ScopeError::NoProject(table.name().to_owned()));
            }
            (project, ProjectLevel::One(_)) => project,
            (_, ProjectLevel::All) | (None, ProjectLevel::Unknown) => None,
        };
        Ok([Some(table.tenant_column()), project].into_iter().flatten())
    }

    /// The stamp of `column`, if it is a bound one of `table`.
    pub(super) fn stamp_of(
        &self,
        table: &TenantTable,
        column: &str,
    ) -> Result<Option<usize>, ScopeError> {
        let same = |bound: &str| self.dialect().same(bound, column);
        Ok(self.columns(table)?.position(same))
    }

    /// Puts the condition in that a row of `table` is within the scope.
    pub(super) fn condition(
        &self,
        edits: &mut Edits,
        at: usize,
        table: &TenantTable,
        qualifier: Option<&str>,
    ) -> Result<(), ScopeError> {
        for (stamp, column) in self.columns(table)?.enumerate() {
            let and = if stamp == 0 { "" } else { " AND " };
            let column = self.dialect().identifier(column);
            edits.insert(
                at,
                match qualifier {
                    Some(qualifier) => format!("{and}{qualifier}.{column} = "),
                    None => format!("{and}{column} = "),
                },
            );
            edits.insert(at, Insert::Stamp(stamp));
        }
        Ok(())
    }

    /// Puts the rows of `table` that are within the scope in, as a query in parentheses, in the place of what
    /// stands between `at` and `until`.
    pub(super) fn rows(
        &self,
        edits: &mut Edits,
        (at, until): (usize, usize),
        table: &TenantTable,
    ) -> Result<(), ScopeError> {
        let rows = table.qualified(self.dialect());
        edits.replace(at, until, format!("(SELECT * FROM {rows} WHERE "));
        self.condition(edits, at, table, None)?;
        edits.insert(at, ")");
        Ok(())
    }
}
