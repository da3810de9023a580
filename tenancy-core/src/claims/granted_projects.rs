//! `GrantedProjects`, the projects that a credential may be used for.

use crate::json::Json;
use crate::{ProjectId, TenantId};

/// The projects that a token may be used for in each of its tenants: a project means something only together with its
/// tenant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct GrantedProjects(Vec<(TenantId, Vec<ProjectId>)>);

impl GrantedProjects {
    /// In a tenant of which nothing is said, none.
    pub(crate) fn of(&self, tenant: &TenantId) -> &[ProjectId] {
        let mut tenants = self.0.iter();
        let found = tenants.find(|(granted_in, _)| granted_in == tenant);
        found.map_or(&[], |(_, projects)| projects)
    }

    /// In any tenant.
    pub(super) fn contains(&self, project: &ProjectId) -> bool {
        self.0
            .iter()
            .any(|(_, projects)| projects.contains(project))
    }

    pub(crate) fn count(&self) -> usize {
        self.0.iter().map(|(_, projects)| projects.len()).sum()
    }

    /// A project without its tenant. `None` when the token is for several, of which it may be anyone's.
    pub(super) fn one(project: ProjectId, tenants: &[TenantId]) -> Option<Self> {
        Self::flat(vec![project], tenants)
    }

    pub(crate) fn in_tenant(tenant: TenantId, projects: Vec<ProjectId>) -> Self {
        Self(vec![(tenant, projects)])
    }

    /// A claim that lists projects, or lists of projects by tenant. `None` when it is neither, or when it does not say
    /// whose projects they are. The tenants are sorted.
    pub(super) fn read(claim: &Json<'_>, tenants: &[TenantId]) -> Option<Self> {
        let Json::Object(by_tenant) = claim else {
            return Self::flat(list(claim)?, tenants);
        };
        let by_tenant = by_tenant
            .iter()
            .map(|(tenant, projects)| Some((TenantId::parse(tenant).ok()?, list(projects)?)));
        let mut by_tenant: Vec<_> = by_tenant.collect::<Option<_>>()?;
        by_tenant.retain(|(tenant, _)| tenants.binary_search(tenant).is_ok());
        by_tenant.sort_unstable();
        Some(Self(by_tenant))
    }

    fn flat(projects: Vec<ProjectId>, tenants: &[TenantId]) -> Option<Self> {
        match tenants {
            [only] => Some(Self::in_tenant(only.clone(), projects)),
            _ => None,
        }
    }
}

/// The identifiers of an array, or a single one.
fn list(claim: &Json<'_>) -> Option<Vec<ProjectId>> {
    let project = |item: &Json<'_>| ProjectId::parse(item.as_str()?).ok();
    let projects: Option<Vec<_>> = match claim {
        Json::Array(items) => items.iter().map(project).collect(),
        single => project(single).map(|project| vec![project]),
    };
    let mut projects = projects?;
    projects.sort_unstable();
    projects.dedup();
    Some(projects)
}
