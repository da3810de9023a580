//! `ClaimMap`, which claims hold the tenant, the subject, the roles and the permissions.

mod reading;
#[cfg(test)]
mod tests;

use super::ClaimPath;
use super::condition::Condition;
use super::memberships::Memberships;

pub(crate) use self::reading::{MapProblem, OneProblem};

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
}
