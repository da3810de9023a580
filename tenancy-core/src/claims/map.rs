//! `ClaimMap`, which claims hold the tenant, the subject, the roles and the permissions.

use super::condition::Condition;
use super::memberships::Memberships;
use super::path::WrongShape;
use super::{ClaimPath, GrantedProjects, GrantedWords, Identity};
use crate::json::Object;
use crate::{ProjectId, SubjectId, TenantId};

/// Which claims of an issuer hold the tenant, the project, the subject, the roles and the permissions.
///
/// Each may have several aliases. Aliases that are present must agree: a token that names two tenants is
/// refused rather than resolved by the order of a list. Nothing is guessed: a claim that is not
/// configured is never read.
///
/// ```
/// use tenancy_core::ClaimMap;
///
/// let map = ClaimMap::new("tenant_id")
///     .project("project_id")
///     .roles(["realm_access", "roles"])
///     .permissions("scope");
/// # let _ = map;
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimMap {
    tenant: Vec<ClaimPath>,
    memberships: Vec<Memberships>,
    project: Vec<ClaimPath>,
    projects: Vec<ClaimPath>,
    subject: Vec<ClaimPath>,
    roles: Vec<ClaimPath>,
    permissions: Vec<ClaimPath>,
    roles_in_every_tenant: bool,
    required: Vec<Condition>,
    refused: Vec<Condition>,
    pub(super) dialect: Dialect,
}

/// How an identity provider departs from claims that can be mapped one by one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Dialect {
    #[default]
    None,
    /// Session tokens of version 2, whose permissions are packed.
    Clerk,
}

impl ClaimMap {
    /// Reads the tenant from `tenant`, the subject from `sub`, and neither project, roles nor permissions.
    pub fn new(tenant: impl Into<ClaimPath>) -> Self {
        Self {
            tenant: vec![tenant.into()],
            ..Self::without_tenant()
        }
    }

    /// For issuers whose tokens name no tenant but list those that the subject belongs to: see
    /// [`memberships`](Self::memberships).
    pub fn of_memberships(path: impl Into<ClaimPath>) -> Self {
        Self::without_tenant().memberships(path)
    }

    /// The same for an array or object of objects: see [`membership_ids`](Self::membership_ids).
    pub fn of_membership_ids(path: impl Into<ClaimPath>, id: impl Into<String>) -> Self {
        Self::without_tenant().membership_ids(path, id)
    }

    fn without_tenant() -> Self {
        Self {
            tenant: Vec::new(),
            memberships: Vec::new(),
            project: Vec::new(),
            projects: Vec::new(),
            subject: vec!["sub".into()],
            roles: Vec::new(),
            permissions: Vec::new(),
            roles_in_every_tenant: false,
            required: Vec::new(),
            refused: Vec::new(),
            dialect: Dialect::None,
        }
    }

    /// Adds another place for the tenant.
    pub fn or_tenant(mut self, path: impl Into<ClaimPath>) -> Self {
        self.tenant.push(path.into());
        self
    }

    /// Reads the tenants that the subject belongs to from `path`: an array of identifiers, an object whose member
    /// names are the identifiers, or a single identifier.
    ///
    /// Counts only while no claim names the tenant. A token of one membership is for that tenant; with several,
    /// the request has to name one of them.
    pub fn memberships(mut self, path: impl Into<ClaimPath>) -> Self {
        self.memberships.push(Memberships {
            path: path.into(),
            id: None,
        });
        self
    }

    /// The same for an array of objects, or an object of objects, each with its identifier in the member `id`:
    /// `[{"id": "acme"}]` or `{"acme-inc": {"id": "acme"}}`.
    pub fn membership_ids(mut self, path: impl Into<ClaimPath>, id: impl Into<String>) -> Self {
        self.memberships.push(Memberships {
            path: path.into(),
            id: Some(id.into()),
        });
        self
    }

    /// Reads the project, the second level below the tenant, from `path`. May be called for several places.
    ///
    /// A token that names its project is for that one only. A token of several tenants says whose it is: see
    /// [`projects`](Self::projects).
    pub fn project(mut self, path: impl Into<ClaimPath>) -> Self {
        self.project.push(path.into());
        self
    }

    /// Reads the projects that the token may be used for from `path`: an array of identifiers or a single one, or an
    /// object that has them for each tenant, `{"acme": ["apollo", "gemini"], "globex": []}`.
    ///
    /// A project means something only together with its tenant, so a token of several
    /// [`memberships`](Self::memberships) has to have the object; without it, it is refused. An empty array grants no
    /// project, and so does an object in which the tenant is missing. A token without the claim says nothing of projects:
    /// then [`Admission::project_access`](crate::Admission::project_access) decides.
    ///
    /// ```
    /// use tenancy_core::{Admission, ClaimMap, InvalidPattern};
    ///
    /// let claims = ClaimMap::new("org_id").projects("projects");
    /// # let _ = claims;
    /// # fn configure(admission: Admission) -> Result<Admission, InvalidPattern> {
    /// // Of several, the request names one.
    /// admission.tenant_path("/orgs/{tenant}")?.project_path("/orgs/{tenant}/projects/{project}")
    /// # }
    /// ```
    pub fn projects(mut self, path: impl Into<ClaimPath>) -> Self {
        self.projects.push(path.into());
        self
    }

    /// Reads the subject from `path` instead of `sub`.
    pub fn subject(mut self, path: impl Into<ClaimPath>) -> Self {
        self.subject = vec![path.into()];
        self
    }

    /// Adds another place for the subject.
    pub fn or_subject(mut self, path: impl Into<ClaimPath>) -> Self {
        self.subject.push(path.into());
        self
    }

    /// Reads roles from `path`: an array of strings or one string, which is one role whatever spaces it has in it, or an
    /// object that has them for each tenant, `{"acme": ["Owner"], "globex": "Viewer"}`. Roles of several places add up.
    ///
    /// A role means something only together with its tenant. Those of the object hold in the tenant whose exact id they stand
    /// under, and in a tenant that is missing in it nobody has any. Of a list in a token for several tenants nobody knows in
    /// which of them it holds, so there it grants nothing, unless its roles hold [in every tenant](Self::roles_in_every_tenant).
    ///
    /// ```
    /// use tenancy_core::ClaimMap;
    ///
    /// // {"orgs": ["acme", "globex"], "roles": {"acme": ["Owner"], "globex": ["Viewer"]}}
    /// let claims = ClaimMap::of_memberships("orgs").roles("roles");
    /// # let _ = claims;
    /// ```
    pub fn roles(mut self, path: impl Into<ClaimPath>) -> Self {
        self.roles.push(path.into());
        self
    }

    /// Reads permissions from `path`: an array of strings, or one string with spaces between them, as in
    /// the `scope` claim of [RFC 8693 §4.2](https://www.rfc-editor.org/rfc/rfc8693#section-4.2), or an object that has
    /// them for each tenant. They hold where [roles](Self::roles) do.
    pub fn permissions(mut self, path: impl Into<ClaimPath>) -> Self {
        self.permissions.push(path.into());
        self
    }

    /// Lets the roles and permissions that a token for several tenants lists hold in each of them: for providers whose roles
    /// are those of a user, whatever the organisation. An owner of one tenant is then an owner of every other that the token is
    /// for. What it has [for each tenant](Self::roles) holds in that one nevertheless.
    pub fn roles_in_every_tenant(mut self) -> Self {
        self.roles_in_every_tenant = true;
        self
    }

    /// Accepts only tokens in which the claim at `path` is one of `values`, as providers tell their kinds of tokens
    /// apart: `token_use` must be `access`, say. A boolean is compared as `true` or `false`.
    pub fn require<'a>(
        mut self,
        path: impl Into<ClaimPath>,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.required.push(Condition::new(path.into(), values));
        self
    }

    /// Refuses tokens in which the claim at `path` is one of `values`, or is neither text nor a boolean. A token
    /// without it passes.
    pub fn refuse<'a>(
        mut self,
        path: impl Into<ClaimPath>,
        values: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        self.refused.push(Condition::new(path.into(), values));
        self
    }

    pub(crate) fn identify(&self, claims: &Object<'_>) -> Result<Identity, MapProblem> {
        self.check_values(claims).ok_or(MapProblem::Value)?;
        let mut identity = self.read(claims)?;
        match self.dialect {
            Dialect::None => {}
            Dialect::Clerk => super::presets::unpack_clerk(claims, &mut identity)?,
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

#[cfg(test)]
mod tests;
