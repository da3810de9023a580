//! How a request names its tenant, and which tenants are served.

use std::sync::Arc;

use super::Admission;
use crate::naming::{HostTemplate, NameSource, PathTemplate};
use crate::{InvalidPattern, TenantDirectory, TenantId, pattern};

impl Admission {
    /// Lets a request name its tenant in the header field `name`, such as `X-Tenant-ID`: needed when its token is for
    /// several tenants. The name is trusted only within what the token grants; any other is refused with 403.
    ///
    /// A name is the id of a tenant or, with a [`directory`](Self::directory), its slug. Several places may be
    /// configured: header, [host](Self::tenant_host), [path](Self::tenant_path),
    /// [query](Self::tenant_query_parameter) and [`fixed_tenant`](Self::fixed_tenant). All that name a tenant have to name the
    /// same one; otherwise the request is refused with 403. The [manual](crate::manual::admission) has a page about it.
    ///
    /// # Errors
    /// When `name` is no name of a field ([RFC 9110 §5.1]).
    ///
    /// [RFC 9110 §5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-5.1
    pub fn tenant_header(self, name: &str) -> Result<Self, InvalidPattern> {
        let name = pattern::field_name(name)?;
        Ok(self.named_by(NameSource::Header(name)))
    }

    /// Lets a request name its tenant by its host, such as `{tenant}.app.example.com`.
    ///
    /// The tenant is exactly one label, taken in lower case: port, case and one dot at the end do not matter. A host of
    /// another shape, IP addresses included, names nothing. A malformed one is refused with 403, and so is a request
    /// whose `Host` and `:authority` differ ([RFC 9113 §8.3.1]) or that has several `Host` fields. `X-Forwarded-Host` is
    /// never read.
    ///
    /// # Errors
    /// When `template` is no host name with one label `{tenant}` and another beside it.
    ///
    /// ```
    /// # use tenancy_core::{Admission, InvalidPattern};
    /// # fn configure(admission: Admission) -> Result<Admission, InvalidPattern> {
    /// admission.tenant_host("{tenant}.app.example.com")?.tenant_path("/t/{tenant}")
    /// # }
    /// ```
    ///
    /// [RFC 9113 §8.3.1]: https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1
    pub fn tenant_host(self, template: &str) -> Result<Self, InvalidPattern> {
        let template = HostTemplate::parse(template)?;
        Ok(self.named_by(NameSource::Host(template)))
    }

    /// Lets a request name its tenant by the beginning of its path, such as `/t/{tenant}`.
    ///
    /// The segments are percent-decoded once ([RFC 3986 §2.4]) and compared byte for byte. A path that does not begin
    /// like this names nothing. One that a router might read differently is refused with 403, whether it names a tenant
    /// or not: with an empty segment (one slash at the end is none), with `.` or `..`, also encoded, with control
    /// characters, and, as far as it begins like the template, with an encoded slash, backslash or percent sign.
    ///
    /// It is the path that the adapter sees: behind axum's `Router::nest` only what is left of it.
    ///
    /// # Errors
    /// When `template` is no path in normal form with one segment `{tenant}`.
    ///
    /// [RFC 3986 §2.4]: https://www.rfc-editor.org/rfc/rfc3986#section-2.4
    pub fn tenant_path(self, template: &str) -> Result<Self, InvalidPattern> {
        let template = PathTemplate::of_tenant(template)?;
        Ok(self.named_by(NameSource::Path(template)))
    }

    /// Lets a request name its tenant in the query parameter `name`, such as `/notes?tenant=acme`.
    ///
    /// The query is read as `application/x-www-form-urlencoded` ([WHATWG URL §5.1]), once: a plus sign and `%20` are spaces,
    /// `%2B` is a plus sign, only `&` separates, and a parameter without `=` is empty. A name that is given twice, has a
    /// broken escape or is no UTF-8 is refused with 403. A link easily loses
    /// its query: prefer a path or a host.
    ///
    /// # Errors
    /// When `name` is empty.
    ///
    /// [WHATWG URL §5.1]: https://url.spec.whatwg.org/#urlencoded-parsing
    pub fn tenant_query_parameter(self, name: &str) -> Result<Self, InvalidPattern> {
        let name = pattern::parameter_name(name)?;
        Ok(self.named_by(NameSource::Query(name)))
    }

    /// Every request is for `tenant`: for a deployment of one tenant, which reads it from an environment
    /// variable such as `TENANT_ID`. A credential for others only is refused with 403.
    pub fn fixed_tenant(self, tenant: TenantId) -> Self {
        self.named_by(NameSource::Fixed(tenant))
    }

    /// Refuses requests that name no tenant with 403, also those whose credential is for one only: for clients that should say
    /// where they mean to be, and learn at once that they did not.
    ///
    /// It holds for everyone who is admitted for a tenant, a default tenant included: without a place that names one, such as
    /// [`tenant_header`](Self::tenant_header), that is nobody.
    pub fn require_named_tenant(mut self) -> Self {
        Arc::make_mut(&mut self.rules).names.are_required = true;
        self
    }

    pub(super) fn named_by(mut self, source: NameSource) -> Self {
        Arc::make_mut(&mut self.rules).names.places.push(source);
        self
    }

    /// Admits requests of tenants only that `directory` knows and that are active.
    ///
    /// The client is told the same about unknown, suspended and deleted tenants as about one that its credential does not
    /// grant; the logs tell them apart. When the directory does not answer, the request is refused with 503. What it knows
    /// goes along as [`TenantContext::record`](crate::TenantContext::record).
    ///
    /// Names may then be slugs too. A name that is the id of a tenant which the credential grants means that tenant, any
    /// other is looked up as a slug.
    ///
    /// ```
    /// # use tenancy_core::Admission;
    /// use tenancy_core::{MemoryDirectory, TenantId, TenantRecord, TenantSlug};
    ///
    /// # fn configure(admission: Admission) -> Result<Admission, Box<dyn std::error::Error>> {
    /// let directory = MemoryDirectory::new();
    /// let acme = TenantRecord::new(TenantId::parse("4f5b2c")?).with_slug(TenantSlug::parse("acme")?);
    /// directory.add(acme)?;
    /// let admission = admission.tenant_host("{tenant}.app.example.com")?.directory(directory.clone());
    /// # Ok(admission)
    /// # }
    /// ```
    pub fn directory(mut self, directory: impl TenantDirectory + 'static) -> Self {
        Arc::make_mut(&mut self.rules).directory = Some(Arc::new(directory));
        self
    }
}
