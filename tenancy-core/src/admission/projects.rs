//! How a request names its project, the second level below the tenant, and who may enter it.

use std::sync::Arc;

use super::{Admission, Refused};
use crate::head::RequestHead;
use crate::naming::{NameSource, PathTemplate};
use crate::resolve::project;
use crate::{InvalidPattern, ProjectAccess, ProjectId, RefusalCause, TenantContext, pattern};

/// What a service says about projects.
#[derive(Debug, Clone, Default)]
pub(super) struct ProjectRules {
    names: Vec<NameSource>,
    access: Option<Arc<dyn ProjectAccess>>,
}

impl Admission {
    /// Lets a request name its project in the header field `name`, such as `X-Project-ID`.
    ///
    /// The project has to be one that the credential grants, by its [claims](crate::ClaimMap::projects) or by
    /// [`project_access`](Self::project_access); any other is refused with 403, and so is a project of which nothing says
    /// who may enter it. Several places may be configured; all that name a project have to name the same one. What is
    /// granted becomes [`TenantContext::project`]. The [manual](crate::manual::admission) has a page about it.
    ///
    /// # Errors
    /// When `name` is no name of a field ([RFC 9110 §5.1]).
    ///
    /// [RFC 9110 §5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-5.1
    pub fn project_header(self, name: &str) -> Result<Self, InvalidPattern> {
        let name = pattern::field_name(name)?;
        Ok(self.project_named_by(NameSource::Header(name)))
    }

    /// Lets a request name its project by the beginning of its path, such as `/orgs/{tenant}/projects/{project}`.
    ///
    /// The path is read as by [`tenant_path`](Self::tenant_path), and whatever a router might read differently is refused
    /// in the same way. Where the template has a segment `{tenant}`, a path of this shape names its tenant too.
    ///
    /// # Errors
    /// When `template` is no path in normal form with one segment `{project}` and at most one that is `{tenant}`.
    ///
    /// ```
    /// # use tenancy_core::{Admission, InvalidPattern};
    /// # fn configure(admission: Admission) -> Result<Admission, InvalidPattern> {
    /// admission.tenant_path("/orgs/{tenant}")?.project_path("/orgs/{tenant}/projects/{project}")
    /// # }
    /// ```
    pub fn project_path(self, template: &str) -> Result<Self, InvalidPattern> {
        let (project, tenant) = PathTemplate::of_project(template)?;
        let named = self.project_named_by(NameSource::Path(project));
        Ok(match tenant {
            Some(tenant) => named.named_by(NameSource::Path(tenant)),
            None => named,
        })
    }

    /// Lets a request name its project in the query parameter `name`, which is read as by
    /// [`tenant_query_parameter`](Self::tenant_query_parameter).
    ///
    /// # Errors
    /// When `name` is empty.
    pub fn project_query_parameter(self, name: &str) -> Result<Self, InvalidPattern> {
        let name = pattern::parameter_name(name)?;
        Ok(self.project_named_by(NameSource::Query(name)))
    }

    /// Asks `access` who may enter a project, for services whose memberships are not in their tokens.
    ///
    /// It is asked about the project that a request names, and about the only one that a token grants when the request names
    /// none. Where the claims say something of projects, they are a limit, and `access` has to agree. When it does not
    /// answer, the request is refused with 503. With it, no credential works
    /// [across projects](crate::Scope::across_projects): see [`TenantContext::is_limited_to_projects`].
    pub fn project_access(mut self, access: impl ProjectAccess + 'static) -> Self {
        Arc::make_mut(&mut self.rules).projects.access = Some(Arc::new(access));
        self
    }

    fn project_named_by(mut self, source: NameSource) -> Self {
        Arc::make_mut(&mut self.rules).projects.names.push(source);
        self
    }

    /// The context with its project, if the request is for one.
    pub(super) async fn enter_project<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        mut context: TenantContext,
    ) -> Result<TenantContext, Refused> {
        if self.rules.projects.access.is_some() {
            context = context.limited_to_projects();
        }
        match self.project(head, &context).await {
            Ok(Some(project)) => Ok(context.in_project(project)),
            Ok(None) => Ok(context),
            Err(cause) => Err(Refused::of(&context, cause)),
        }
    }

    async fn project<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        context: &TenantContext,
    ) -> Result<Option<ProjectId>, RefusalCause> {
        let ProjectRules { names, access } = &self.rules.projects;
        let places = names.iter().map(|place| (place.label(), place.read(head)));
        let named = project::named(places)?;
        project::granted(context, named, access.as_deref()).await
    }
}
