//! Reading who acts for whom out of the claims, as a `ClaimMap` says.

use super::{ClaimMap, Dialect};
use crate::claims::path::WrongShape;
use crate::claims::{ClaimPath, GrantedProjects, GrantedWords, Identity, presets};
use crate::json::Object;
use crate::{ProjectId, SubjectId, TenantId};

impl ClaimMap {
    pub(crate) fn identify(&self, claims: &Object<'_>) -> Result<Identity, MapProblem> {
        self.check_values(claims).ok_or(MapProblem::Value)?;
        let mut identity = self.read(claims)?;
        match self.dialect {
            Dialect::None => {}
            Dialect::Clerk => presets::unpack_clerk(claims, &mut identity)?,
        }
        Ok(identity)
    }

    fn check_values(&self, claims: &Object<'_>) -> Option<()> {
        for required in &self.required {
            let value = required.path.find(claims).ok()??;
            required.is_met_by(value)?.then_some(())?;
        }
        for refused in &self.refused {
            if let Some(value) = refused.path.find(claims).ok()? {
                (!refused.is_met_by(value)?).then_some(())?;
            }
        }
        Some(())
    }

    fn read(&self, claims: &Object<'_>) -> Result<Identity, MapProblem> {
        let tenants = self.tenants(claims).map_err(MapProblem::Tenant)?;
        let lists_hold = tenants.len() == 1 || self.roles_in_every_tenant;
        let roles =
            GrantedWords::read(&self.roles, claims, &tenants, lists_hold, |role| vec![role]);
        let permissions =
            GrantedWords::read(&self.permissions, claims, &tenants, lists_hold, |scope| {
                scope.split_ascii_whitespace().collect()
            });
        Ok(Identity {
            projects: self.granted_projects(claims, &tenants)?,
            tenants,
            subject: one(&self.subject, claims, SubjectId::parse).map_err(MapProblem::Subject)?,
            roles: roles.ok_or(MapProblem::Roles)?,
            permissions: permissions.ok_or(MapProblem::Permissions)?,
        })
    }

    /// The tenant that the token names, or those that it lists.
    fn tenants(&self, claims: &Object<'_>) -> Result<Vec<TenantId>, OneProblem> {
        let listed = self.listed(claims)?;
        match one(&self.tenant, claims, TenantId::parse) {
            Ok(tenant) => match listed {
                Some(listed) if !listed.contains(&tenant) => Err(OneProblem::Conflict),
                _ => Ok(vec![tenant]),
            },
            Err(OneProblem::Missing) => listed
                .filter(|listed| !listed.is_empty())
                .ok_or(OneProblem::Missing),
            Err(problem) => Err(problem),
        }
    }

    /// What the token says of projects, if anything.
    fn granted_projects(
        &self,
        claims: &Object<'_>,
        tenants: &[TenantId],
    ) -> Result<Option<GrantedProjects>, MapProblem> {
        let mut listed: Option<GrantedProjects> = None;
        for path in &self.projects {
            let found = path.find(claims);
            let Some(claim) = found.map_err(|WrongShape| MapProblem::Project)? else {
                continue;
            };
            let granted = GrantedProjects::read(claim, tenants).ok_or(MapProblem::Project)?;
            if listed.as_ref().is_some_and(|earlier| *earlier != granted) {
                return Err(MapProblem::Project);
            }
            listed = Some(granted);
        }
        let project = match one(&self.project, claims, ProjectId::parse) {
            Ok(project) => project,
            Err(OneProblem::Missing) => return Ok(listed),
            Err(_) => return Err(MapProblem::Project),
        };
        if listed.is_some_and(|listed| !listed.contains(&project)) {
            return Err(MapProblem::Project);
        }
        let granted = GrantedProjects::one(project, tenants).ok_or(MapProblem::Project)?;
        Ok(Some(granted))
    }

    /// The tenants of every membership claim that is present; those that are must agree.
    fn listed(&self, claims: &Object<'_>) -> Result<Option<Vec<TenantId>>, OneProblem> {
        let mut agreed: Option<Vec<TenantId>> = None;
        for memberships in &self.memberships {
            let found = memberships.path.find(claims);
            let Some(value) = found.map_err(|WrongShape| OneProblem::Invalid)? else {
                continue;
            };
            let mut tenants = memberships.read(value).ok_or(OneProblem::Invalid)?;
            tenants.sort_unstable();
            tenants.dedup();
            if agreed.as_ref().is_some_and(|earlier| *earlier != tenants) {
                return Err(OneProblem::Conflict);
            }
            agreed = Some(tenants);
        }
        Ok(agreed)
    }
}

/// What the claims lack to say who acts for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum MapProblem {
    Tenant(OneProblem),
    Project,
    Subject(OneProblem),
    Roles,
    Permissions,
    /// A claim does not have the value that it must have, or has one that it must not have.
    Value,
}

/// Why aliases do not yield exactly one identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum OneProblem {
    Missing,
    Invalid,
    Conflict,
}

/// The one identifier on which all aliases that are present agree.
fn one<T: PartialEq, E>(
    aliases: &[ClaimPath],
    claims: &Object<'_>,
    parse: impl Fn(&str) -> Result<T, E>,
) -> Result<T, OneProblem> {
    let mut found = None;
    for alias in aliases {
        let value = alias.find(claims);
        let Some(value) = value.map_err(|WrongShape| OneProblem::Invalid)? else {
            continue;
        };
        let text = value.as_str().ok_or(OneProblem::Invalid)?;
        let identifier = parse(text).map_err(|_| OneProblem::Invalid)?;
        if found.as_ref().is_some_and(|earlier| *earlier != identifier) {
            return Err(OneProblem::Conflict);
        }
        found = Some(identifier);
    }
    found.ok_or(OneProblem::Missing)
}
