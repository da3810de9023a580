//! `TenantContext`, the one value that says for whom a piece of work is done.

use std::fmt;
use std::sync::Arc;

use crate::claims::{Claims, Identity};
use crate::job::Job;
use crate::scope::{Scope, TableCatalog};
use crate::{
    Admission, ApiKeyRecord, Guard, ProjectId, Refusal, RefusalCause, SubjectId, TenantId,
    TenantRecord, UnixTime, Verified, watch,
};

/// For which tenant, and for whom in it, a request or job acts.
///
/// Only [`Admission`](crate::Admission) makes one, from verified claims or an API key, and
/// [`JobEnvelopes`](crate::JobEnvelopes) from what was sealed in one; tests and tools say so with
/// [`danger::assume`](crate::danger::assume). It is passed as an argument: nothing is kept in a task-local,
/// which a spawned task would lose and a stream would outlive. Cheap to clone.
///
/// ```
/// use tenancy_core::{TenantContext, TenantId, danger};
///
/// let job = danger::assume(TenantId::parse("acme")?, "nightly report")?;
/// assert_eq!(job.tenant().as_str(), "acme");
/// assert!(job.subject().is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct TenantContext {
    inner: Arc<Inner>,
    /// Which one made it. It says what roles grant, and how refusals are worded.
    admission: Option<Admission>,
    project: Option<ProjectId>,
    limited_to_projects: bool,
}

struct Inner {
    tenant: TenantId,
    record: Option<TenantRecord>,
    origin: Origin,
}

/// What vouches for the tenant.
enum Origin {
    Token(Claims),
    ApiKey(ApiKeyRecord),
    Job(Job),
    Assumed { reason: String },
}

impl Origin {
    /// What the credential says of whoever presented it.
    fn identity(&self) -> Option<&Identity> {
        match self {
            Self::Token(claims) => Some(claims.identity()),
            Self::ApiKey(key) => Some(key.identity()),
            Self::Job(_) | Self::Assumed { .. } => None,
        }
    }

    fn projects_of(&self, tenant: &TenantId) -> Option<&[ProjectId]> {
        let granted = self.identity()?.projects.as_ref()?;
        Some(granted.of(tenant))
    }
}

impl TenantContext {
    /// For `tenant`, which has to be one of those that the claims are for.
    pub(crate) fn admitted(
        claims: Verified<Claims>,
        tenant: TenantId,
        record: Option<TenantRecord>,
    ) -> Self {
        Self::from_origin(tenant, record, Origin::Token(claims.into_inner()))
    }

    /// For the tenant that the key is for.
    pub(crate) fn of_api_key(key: Verified<ApiKeyRecord>, record: Option<TenantRecord>) -> Self {
        let tenant = key.tenant().clone();
        Self::from_origin(tenant, record, Origin::ApiKey(key.into_inner()))
    }

    /// For the tenant of an envelope that was opened, with no more of its projects than whoever sealed it had.
    pub(crate) fn of_job(job: Job, record: TenantRecord) -> Self {
        let (project, is_limited) = (job.project.clone(), job.is_limited_to_projects);
        let context = Self::from_origin(job.tenant.clone(), Some(record), Origin::Job(job));
        match project {
            Some(project) => context.in_project(project),
            None if is_limited => context.limited_to_projects(),
            None => context,
        }
    }

    pub(crate) fn assumed(tenant: TenantId, reason: String, record: Option<TenantRecord>) -> Self {
        Self::from_origin(tenant, record, Origin::Assumed { reason })
    }

    fn from_origin(tenant: TenantId, record: Option<TenantRecord>, origin: Origin) -> Self {
        let limited_to_projects = origin.projects_of(&tenant).is_some();
        let inner = Inner {
            tenant,
            record,
            origin,
        };
        Self {
            inner: Arc::new(inner),
            admission: None,
            project: None,
            limited_to_projects,
        }
    }

    pub(crate) fn admitted_by(mut self, admission: &Admission) -> Self {
        self.admission = Some(admission.clone());
        self
    }

    /// Never in all projects of the tenant.
    pub(crate) fn limited_to_projects(mut self) -> Self {
        self.limited_to_projects = true;
        self
    }

    /// In this project, which the credential has to grant.
    pub(crate) fn in_project(self, project: ProjectId) -> Self {
        Self {
            project: Some(project),
            ..self.limited_to_projects()
        }
    }

    /// The tenant.
    pub fn tenant(&self) -> &TenantId {
        &self.inner.tenant
    }

    /// What the directory knew about the tenant when the request was admitted. `None` where admission has no
    /// [`directory`](crate::Admission::directory).
    pub fn record(&self) -> Option<&TenantRecord> {
        self.inner.record.as_ref()
    }

    /// The project within the tenant: the one that the request names and its credential grants, or the only one that the
    /// credential grants. See the [manual](crate::manual::admission).
    pub fn project(&self) -> Option<&ProjectId> {
        self.project.as_ref()
    }

    /// The projects of the tenant that the credential grants. `None` when it says nothing of projects.
    pub(crate) fn granted_projects(&self) -> Option<&[ProjectId]> {
        self.inner.origin.projects_of(self.tenant())
    }

    /// Whether the credential reaches certain projects of the tenant only, be it that it lists them, or that
    /// [`Admission::project_access`](crate::Admission::project_access) decides about each. Such a context never works
    /// [across projects](Scope::across_projects), also where it has no [`project`](Self::project) now.
    pub fn is_limited_to_projects(&self) -> bool {
        self.limited_to_projects
    }

    /// Who acts. `None` for work that nobody asked for, such as a job.
    pub fn subject(&self) -> Option<&SubjectId> {
        match &self.inner.origin {
            Origin::Job(job) => job.subject.as_ref(),
            origin => origin.identity().map(|identity| &identity.subject),
        }
    }

    /// The roles of the subject in this tenant.
    pub fn roles(&self) -> &[String] {
        let identity = self.inner.origin.identity();
        identity.map_or(&[], |identity| identity.roles.of(self.tenant()))
    }

    /// The permissions of the subject in this tenant that the credential names. For what its roles grant as well, ask
    /// [`has_permission`](Self::has_permission).
    pub fn permissions(&self) -> &[String] {
        let identity = self.inner.origin.identity();
        identity.map_or(&[], |identity| identity.permissions.of(self.tenant()))
    }

    /// Who vouches for the tenant: the issuer of the token.
    pub fn issuer(&self) -> Option<&str> {
        self.claims().map(Claims::issuer)
    }

    /// When the credential, or the envelope of the job, expires.
    pub fn expires_at(&self) -> Option<UnixTime> {
        match &self.inner.origin {
            Origin::Token(claims) => Some(claims.expires_at()),
            Origin::ApiKey(key) => key.expires_at(),
            Origin::Job(job) => Some(job.expires_at),
            Origin::Assumed { .. } => None,
        }
    }

    /// The verified claims, for what this type does not name. `None` where there was no token.
    pub fn claims(&self) -> Option<&Claims> {
        match &self.inner.origin {
            Origin::Token(claims) => Some(claims),
            _ => None,
        }
    }

    /// The API key that was presented. `None` where there was none, as with a token.
    ///
    /// A guard for people only: `Guard::custom("no API key", |tenant| tenant.api_key().is_none())`.
    pub fn api_key(&self) -> Option<&ApiKeyRecord> {
        match &self.inner.origin {
            Origin::ApiKey(key) => Some(key),
            _ => None,
        }
    }

    /// Whether the subject has `permission`, be it in the credential or granted to one of its roles by
    /// [`Admission::role_permissions`](crate::Admission::role_permissions). Compared byte for byte.
    pub fn has_permission(&self, permission: &str) -> bool {
        let mut roles = self.roles().iter();
        self.permissions().iter().any(|one| one == permission)
            || self
                .admission
                .as_ref()
                .is_some_and(|admission| roles.any(|role| admission.grants(role, permission)))
    }

    /// Insists that the subject has what `guard` needs.
    ///
    /// # Errors
    /// A refusal that answers 403 `insufficient_scope`, which has been recorded as a `tracing` event.
    ///
    /// ```
    /// use tenancy_core::{Guard, RefusalKind, TenantId, danger};
    ///
    /// let job = danger::assume(TenantId::parse("acme")?, "nightly report")?;
    /// let refusal = job.require(&Guard::role("Admin")).unwrap_err();
    /// assert_eq!(refusal.kind(), RefusalKind::InsufficientScope);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn require(&self, guard: &Guard) -> Result<(), Refusal> {
        guard.check(self).map_err(|cause| {
            let refusal = self.refusal(cause);
            let (code, tenant) = (refusal.kind().code(), self.tenant());
            watch::refusal(code);
            tracing::info!(target: "tenancy::guard", %tenant, code, cause = %refusal, "denied a request");
            refusal
        })
    }

    /// In the words of the service that it was admitted to.
    fn refusal(&self, cause: RefusalCause) -> Refusal {
        match &self.admission {
            Some(admission) => admission.refusal(cause),
            None => cause.into(),
        }
    }

    /// Insists that the subject has `role` in this tenant.
    ///
    /// # Errors
    /// As for [`require`](Self::require). A job's context has no roles.
    pub fn require_role(&self, role: &str) -> Result<(), Refusal> {
        self.require(&Guard::role(role))
    }

    /// Insists that the subject has `permission` in this tenant.
    ///
    /// # Errors
    /// As for [`require`](Self::require). A job's context has no permissions.
    ///
    /// ```
    /// use tenancy_core::{RefusalKind, TenantId, danger};
    ///
    /// let job = danger::assume(TenantId::parse("acme")?, "nightly report")?;
    /// let refusal = job.require_permission("reports.write").unwrap_err();
    /// assert_eq!(refusal.kind(), RefusalKind::InsufficientScope);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn require_permission(&self, permission: &str) -> Result<(), Refusal> {
        self.require(&Guard::permission(permission))
    }

    /// A query builder for this tenant over the tables of `catalog`.
    pub fn scope<'a>(&self, catalog: &'a TableCatalog) -> Scope<'a> {
        let scope = Scope::new(self.tenant().clone(), self.project(), catalog);
        if self.limited_to_projects {
            scope.limited_to_projects()
        } else {
            scope
        }
    }
}

impl fmt::Debug for TenantContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = f.debug_struct("TenantContext");
        debug.field("tenant", &self.tenant().as_str());
        match &self.inner.origin {
            Origin::Token(claims) => debug.field("issuer", &claims.issuer()),
            Origin::ApiKey(key) => debug.field("api_key", key.hash()),
            Origin::Job(job) => debug.field("job", &job.reason),
            Origin::Assumed { reason } => debug.field("assumed", reason),
        };
        debug.finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use serde_json::{Value, json};

    use super::*;
    use crate::ClaimMap;
    use crate::json::object;
    use crate::jwt::Times;

    /// A context of tenant acme with these claims besides.
    pub(crate) fn context(claims: &Value) -> TenantContext {
        let mut payload = json!({ "sub": "ada", "org": "acme" });
        for (name, value) in claims.as_object().unwrap() {
            payload[name] = value.clone();
        }
        let payload = payload.to_string();
        let map = ClaimMap::new("org")
            .roles("roles")
            .permissions("permissions");
        let identity = map.identify(&object(&payload).unwrap()).unwrap();
        let tenant = identity.tenants[0].clone();
        let times = Times {
            expires_at: UnixTime::from_seconds(2_000_000_000),
            issued_at: None,
            not_before: None,
        };
        let claims = Claims::new(
            identity,
            "https://issuer.example".into(),
            times,
            None,
            payload,
        );
        TenantContext::admitted(Verified::assertion(claims), tenant, None)
    }
}
