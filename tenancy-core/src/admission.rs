//! `Admission`, the one decision at the door: who may enter, and for which tenant.

mod projects;

use std::sync::Arc;

use self::projects::ProjectRules;
use crate::credential::CredentialSource;
use crate::exempt::{Exemption, is_preflight};
use crate::head::RequestHead;
use crate::limits::Gate;
use crate::naming::{HostTemplate, NameSource, PathTemplate};
use crate::refusal::{Served, Wording};
use crate::resolve::{known_and_active, resolve};
use crate::verifier::NoTokens;
use crate::visit::{Watching, Who};
use crate::{
    ApiKeyHash, ApiKeyProblem, ApiKeys, BearerToken, Guard, InvalidPattern, Limits, Permit,
    Presented, Refusal, RefusalCause, RefusalResponse, RolePermissions, TenantContext,
    TenantDirectory, TenantId, TenantRecord, TokenVerifier,
};

/// Decides which requests enter, and for which tenant.
///
/// The adapters put it in front of a service. What it decides is final: a handler behind it that asks for
/// the tenant has one.
///
/// ```
/// use tenancy_core::{Admission, ClaimMap, Issuer, JwtVerifier, KeySource};
///
/// # #[cfg(feature = "http")] {
/// let verifier = JwtVerifier::new([Issuer::new("https://api.frontegg.com", ClaimMap::frontegg())
///     .audience("my-client-id")
///     .keys(KeySource::url("https://api.frontegg.com/.well-known/jwks.json"))])?;
/// let admission = Admission::new(verifier).exempt("/health");
/// # let _ = admission;
/// # }
/// # Ok::<(), tenancy_core::ConfigError>(())
/// ```
///
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission {
    verifier: Arc<dyn TokenVerifier>,
    rules: Arc<Rules>,
}

#[derive(Debug, Clone)]
struct Rules {
    exempt: Vec<Exemption>,
    cors_preflight: bool,
    sources: Vec<CredentialSource>,
    names: Vec<NameSource>,
    projects: ProjectRules,
    directory: Option<Arc<dyn TenantDirectory>>,
    optional: bool,
    default_tenant: Option<DefaultTenant>,
    api_keys: Option<ApiKeys>,
    role_permissions: RolePermissions,
    gate: Option<Arc<Gate>>,
    watching: Watching,
    wording: Wording,
}

/// For whom a request without a credential is, where `danger` says so.
#[derive(Debug, Clone)]
pub(crate) struct DefaultTenant {
    pub(crate) tenant: TenantId,
    pub(crate) reason: String,
}

/// How a request was admitted. Exhaustive on purpose: an adapter has to decide about every case.
#[derive(Debug)]
pub enum Admitted {
    /// For the tenant of this context. The permit counts among the requests that the tenant may make at once
    /// until it is dropped: hold it until the response is done.
    For(TenantContext, Permit),
    /// Without a tenant, because its path is exempt or it is a CORS preflight.
    Exempt,
    /// Without a tenant, because it has no credential and need not have one here.
    Anonymous,
}

impl Admission {
    /// Admits requests that carry a bearer token which `verifier` accepts, and no others.
    pub fn new(verifier: impl TokenVerifier + 'static) -> Self {
        let wording = Wording {
            realm: "api".to_owned(),
            missing_is_forbidden: false,
            served: Served::Tokens,
        };
        Self {
            verifier: Arc::new(verifier),
            rules: Arc::new(Rules {
                exempt: Vec::new(),
                cors_preflight: false,
                sources: vec![CredentialSource::Authorization],
                names: Vec::new(),
                projects: ProjectRules::default(),
                directory: None,
                optional: false,
                default_tenant: None,
                api_keys: None,
                role_permissions: RolePermissions::new(),
                gate: None,
                watching: Watching::default(),
                wording,
            }),
        }
    }

    /// Admits requests that carry an API key which is one of `keys`, and no others.
    ///
    /// `Authorization` is not looked at, so that whatever stands in front of the service may use it for itself. A token in a
    /// place that is configured all the same, as by [`token_header`](Self::token_header), is refused.
    pub fn api_keys_only(keys: ApiKeys) -> Self {
        let mut admission = Self::new(NoTokens);
        let rules = Arc::make_mut(&mut admission.rules);
        rules.sources.clear();
        rules.wording.served = Served::ApiKeys;
        admission.take_api_keys(keys)
    }

    /// Also admits requests that carry, instead of a token, an API key which is one of `keys`. A request with both is
    /// refused as malformed.
    ///
    /// ```
    /// # use tenancy_core::Admission;
    /// use tenancy_core::{ApiKey, ApiKeyRecord, ApiKeys, MemoryApiKeys, SubjectId, TenantId};
    ///
    /// # fn configure(admission: Admission) -> Result<Admission, Box<dyn std::error::Error>> {
    /// let keys = MemoryApiKeys::new();
    /// let admission = admission.api_keys(ApiKeys::new(keys.clone()));
    ///
    /// // Later, in a handler that a guard protects: a key for the import that runs at night.
    /// let key = ApiKey::generate()?;
    /// let (tenant, subject) = (TenantId::parse("acme")?, SubjectId::parse("nightly-import")?);
    /// keys.insert(ApiKeyRecord::new(key.hash(), tenant, subject).with_roles(["Member"]));
    /// let shown_once = key.expose();
    /// # Ok(admission)
    /// # }
    /// ```
    pub fn api_keys(mut self, keys: ApiKeys) -> Self {
        let served = &mut Arc::make_mut(&mut self.rules).wording.served;
        if *served == Served::Tokens {
            *served = Served::Both;
        }
        self.take_api_keys(keys)
    }

    fn take_api_keys(mut self, keys: ApiKeys) -> Self {
        let rules = Arc::make_mut(&mut self.rules);
        let is_token = |source: &CredentialSource| !matches!(source, CredentialSource::ApiKey(_));
        rules.sources.retain(is_token);
        let source = CredentialSource::ApiKey(keys.header_name().to_owned());
        rules.sources.push(source);
        rules.api_keys = Some(keys);
        self
    }

    /// Admits requests for exactly this path without a tenant, whatever credential they carry.
    ///
    /// The path is compared byte for byte, without the query: `/health` opens neither `/health/` nor `//health`
    /// nor `/%68ealth`. It is the path that the adapter sees. Put the adapter outermost: behind something that
    /// rewrites paths, such as axum's `Router::nest` or actix-web's `NormalizePath`, it sees what is left.
    pub fn exempt(mut self, path: impl Into<String>) -> Self {
        let exemption = Exemption::Path(path.into());
        Arc::make_mut(&mut self.rules).exempt.push(exemption);
        self
    }

    /// Admits requests for exactly this path, as [`exempt`](Self::exempt) does, but with this method only.
    ///
    /// Methods are case-sensitive ([RFC 9110 §9.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.1)), and `GET` does not
    /// stand for `HEAD`.
    pub fn exempt_method(mut self, method: impl Into<String>, path: impl Into<String>) -> Self {
        let (method, path) = (method.into(), path.into());
        let exemption = Exemption::Method { method, path };
        Arc::make_mut(&mut self.rules).exempt.push(exemption);
        self
    }

    /// Admits requests for this path and all below it without a tenant, whatever credential they carry.
    ///
    /// It is a prefix by whole segments: `/public` opens `/public` and `/public/a.css`, not `/publication`. A path
    /// that is not in normal form is never exempt, because the router behind may read it differently: one with an empty
    /// segment (`//`, and a slash at the end), with `.` or `..`, with anything percent-encoded, with a backslash, a
    /// semicolon, or a character that [RFC 3986 §3.3] does not let stand for itself. Case matters.
    ///
    /// # Errors
    /// When `prefix` is not in normal form itself, or is `/`, which is every path.
    ///
    /// [RFC 3986 §3.3]: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
    pub fn exempt_prefix(mut self, prefix: &str) -> Result<Self, InvalidPattern> {
        let exemption = Exemption::prefix(prefix)?;
        Arc::make_mut(&mut self.rules).exempt.push(exemption);
        Ok(self)
    }

    /// Admits CORS preflights without a tenant: `OPTIONS` with `Origin` and `Access-Control-Request-Method`, and without a
    /// credential, which browsers never send along ([Fetch]).
    ///
    /// Only for services that answer them behind admission. Where a CORS layer stands in front, it is not needed.
    ///
    /// [Fetch]: https://fetch.spec.whatwg.org/#cors-preflight-request
    pub fn cors_preflight(mut self) -> Self {
        Arc::make_mut(&mut self.rules).cors_preflight = true;
        self
    }

    /// Also looks for the token in the header field `name`, which holds it alone.
    ///
    /// A request may fill one of the places where the service looks, `Authorization` included: two credentials are
    /// refused as malformed.
    pub fn token_header(self, name: impl Into<String>) -> Self {
        let name = name.into().to_ascii_lowercase();
        self.source(CredentialSource::Header(name))
    }

    /// Also looks for the token in the cookie `name`.
    ///
    /// A browser sends cookies with requests that other sites make it send. Set the cookie `SameSite` and `HttpOnly`,
    /// and protect requests that change something against cross-site request forgery.
    pub fn token_cookie(self, name: impl Into<String>) -> Self {
        self.source(CredentialSource::Cookie(name.into()))
    }

    /// Also looks for the token in the query parameter `name`.
    ///
    /// [RFC 6750 §2.3] and [RFC 9700 §4.3.2] advise against it: queries end up in logs and histories. It is there for
    /// clients that can do nothing else, such as a browser that opens a WebSocket.
    ///
    /// [RFC 6750 §2.3]: https://www.rfc-editor.org/rfc/rfc6750#section-2.3
    /// [RFC 9700 §4.3.2]: https://www.rfc-editor.org/rfc/rfc9700#section-4.3.2
    pub fn token_query_parameter(self, name: impl Into<String>) -> Self {
        self.source(CredentialSource::Query(name.into()))
    }

    fn source(mut self, source: CredentialSource) -> Self {
        let sources = &mut Arc::make_mut(&mut self.rules).sources;
        // `Authorization` is looked at anyway, and what is looked at twice would count as two credentials.
        let is_authorization = source == CredentialSource::Header("authorization".to_owned());
        if !is_authorization && !sources.contains(&source) {
            sources.push(source);
        }
        self
    }

    /// Lets a request name its tenant in the header field `name`, such as `X-Tenant-ID`: needed when its token is for
    /// several tenants. The name is trusted only within what the token grants; any other is refused with 403.
    ///
    /// A name is the id of a tenant or, with a [`directory`](Self::directory), its slug. Several places may be
    /// configured: header, [host](Self::tenant_host), [path](Self::tenant_path),
    /// [query](Self::tenant_query_parameter) and [`fixed_tenant`](Self::fixed_tenant). All that name a tenant have to name the
    /// same one; otherwise the request is refused with 403. The [manual](crate::manual::admission) has a page about it.
    pub fn tenant_header(self, name: impl Into<String>) -> Self {
        self.named_by(NameSource::Header(name.into().to_ascii_lowercase()))
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
    /// [WHATWG URL §5.1]: https://url.spec.whatwg.org/#urlencoded-parsing
    pub fn tenant_query_parameter(self, name: impl Into<String>) -> Self {
        self.named_by(NameSource::Query(name.into()))
    }

    /// Every request is for `tenant`: for a deployment of one tenant, which reads it from an environment
    /// variable such as `TENANT_ID`. A credential for others only is refused with 403.
    pub fn fixed_tenant(self, tenant: TenantId) -> Self {
        self.named_by(NameSource::Fixed(tenant))
    }

    fn named_by(mut self, source: NameSource) -> Self {
        Arc::make_mut(&mut self.rules).names.push(source);
        self
    }

    /// Admits requests of tenants only that `directory` knows and that are active.
    ///
    /// The client is told the same about unknown, suspended and deleted tenants as about one that its credential does not
    /// grant; the logs tell them apart. When the directory does not answer, the request is refused with 503. What it knows
    /// goes along as [`TenantContext::record`].
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

    pub(crate) fn watching(&self) -> &Watching {
        &self.rules.watching
    }

    pub(crate) fn with_watching(mut self, change: impl FnOnce(&mut Watching)) -> Self {
        change(&mut Arc::make_mut(&mut self.rules).watching);
        self
    }

    pub(crate) fn default_tenant(mut self, default: DefaultTenant) -> Self {
        Arc::make_mut(&mut self.rules).default_tenant = Some(default);
        self
    }

    /// Admits requests without a credential as well, without a tenant. A malformed credential and a bad token are
    /// refused all the same.
    pub fn optional(mut self) -> Self {
        Arc::make_mut(&mut self.rules).optional = true;
        self
    }

    /// Lets roles grant the permissions of `table`, beside those that the credential names:
    /// [`Guard::permission`] and [`TenantContext::require_permission`] hold for both.
    pub fn role_permissions(mut self, table: RolePermissions) -> Self {
        Arc::make_mut(&mut self.rules).role_permissions = table;
        self
    }

    /// Keeps each tenant within `limits`: 429 for too many requests in a time, 503 for too many at once.
    ///
    /// Only requests with a good credential for the tenant count, so that nobody uses up its allowance from outside. They
    /// are counted before [`project_access`](Self::project_access) is asked.
    /// Clones of this admission count together.
    pub fn limits(mut self, limits: Limits) -> Self {
        Arc::make_mut(&mut self.rules).gate = Some(Arc::new(Gate::new(limits)));
        self
    }

    /// Names the protection space in challenges ([RFC 9110 §11.5]). `api` by default.
    ///
    /// Quotes, backslashes and anything outside printable ASCII are left out.
    ///
    /// [RFC 9110 §11.5]: https://www.rfc-editor.org/rfc/rfc9110#section-11.5
    pub fn realm(mut self, realm: &str) -> Self {
        let speakable = |c: &char| matches!(c, ' '..='~') && !matches!(c, '"' | '\\');
        Arc::make_mut(&mut self.rules).wording.realm = realm.chars().filter(speakable).collect();
        self
    }

    /// Answers 403 instead of 401 with a challenge when a request has no credential, as some gateways
    /// expect.
    pub fn forbid_missing_credential(mut self) -> Self {
        Arc::make_mut(&mut self.rules).wording.missing_is_forbidden = true;
        self
    }

    /// Decides about one request.
    ///
    /// # Errors
    /// The refusal, which [`response`](Self::response) turns into an answer. It has been recorded as a
    /// `tracing` event with its precise cause.
    pub async fn admit<H: RequestHead + ?Sized>(&self, head: &H) -> Result<Admitted, Refusal> {
        let admitted = self.decide(head, &mut Who::default()).await;
        admitted.inspect_err(Refusal::record)
    }

    /// Decides, and notes of a request that is refused who has made it, as far as that is verified.
    pub(crate) async fn decide<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        who: &mut Who,
    ) -> Result<Admitted, Refusal> {
        let rules = &self.rules;
        if rules.exempt.iter().any(|exemption| exemption.covers(head)) {
            return Ok(Admitted::Exempt);
        }
        let presented = Presented::find(head, &rules.sources);
        if presented == Presented::Absent {
            if rules.cors_preflight && is_preflight(head) {
                return Ok(Admitted::Exempt);
            }
            if rules.optional && rules.default_tenant.is_none() {
                return Ok(Admitted::Anonymous);
            }
        }
        let context = self.admit_tenant(head, presented, who).await?;
        // Before anybody is asked about projects: what one tenant asks too much of, others wait for.
        let permit = self.permit(&context);
        let permit = permit.inspect_err(|_| *who = Who::is(&context))?;
        let of_tenant = context.clone();
        let context = self.enter_project(head, context).await;
        let context = context.inspect_err(|_| *who = Who::is(&of_tenant))?;
        Ok(Admitted::For(context, permit))
    }

    fn permit(&self, context: &TenantContext) -> Result<Permit, Refusal> {
        match &self.rules.gate {
            Some(gate) => Ok(gate.enter(context)?),
            None => Ok(Permit::default()),
        }
    }

    async fn admit_tenant<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        presented: Presented<'_>,
        who: &mut Who,
    ) -> Result<TenantContext, Refusal> {
        match (presented, &self.rules.default_tenant) {
            (Presented::Bearer(token), _) => self.admit_bearer(head, token, who).await,
            (Presented::ApiKey(hash), _) => self.admit_api_key(head, hash, who).await,
            (Presented::Malformed(problem), _) => Err(problem.into()),
            (Presented::Absent, None) => Err(self.missing().into()),
            (Presented::Absent, Some(default)) => self.admit_default(head, default, who).await,
        }
    }

    async fn admit_bearer<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        token: BearerToken<'_>,
        who: &mut Who,
    ) -> Result<TenantContext, Refusal> {
        let claims = self.verifier.verify(token).await?;
        let chosen = self.choose(head, claims.tenants(), who).await;
        let (tenant, record) =
            chosen.inspect_err(|_| who.subject = Some(claims.subject().clone()))?;
        let context = TenantContext::admitted(claims, tenant, record);
        Ok(context.with_role_permissions(self.rules.role_permissions.clone()))
    }

    async fn admit_api_key<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        hash: ApiKeyHash,
        who: &mut Who,
    ) -> Result<TenantContext, Refusal> {
        let keys = self.rules.api_keys.as_ref();
        let keys = keys.ok_or(RefusalCause::ApiKey(ApiKeyProblem::Unknown))?;
        let key = keys.verify(hash).await?;
        let granted = std::slice::from_ref(key.tenant());
        let chosen = self.choose(head, granted, who).await;
        let (_, record) = chosen.inspect_err(|_| who.subject = Some(key.subject().clone()))?;
        let context = TenantContext::of_api_key(key, record);
        Ok(context.with_role_permissions(self.rules.role_permissions.clone()))
    }

    async fn admit_default<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        DefaultTenant { tenant, reason }: &DefaultTenant,
        who: &mut Who,
    ) -> Result<TenantContext, Refusal> {
        let (tenant, record) = self.choose(head, std::slice::from_ref(tenant), who).await?;
        tracing::warn!(target: "tenancy::danger", %tenant, reason, "assumed the default tenant");
        Ok(TenantContext::assumed(tenant, reason.clone(), record))
    }

    /// The one of the granted tenants that the request is for.
    async fn choose<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        granted: &[TenantId],
        who: &mut Who,
    ) -> Result<(TenantId, Option<TenantRecord>), RefusalCause> {
        let directory = self.rules.directory.as_deref();
        let chosen = resolve(granted, &self.rules.names, head, directory).await?;
        let tenant = chosen.tenant().clone();
        let active = known_and_active(chosen, directory).await;
        active.inspect_err(|cause| {
            who.tenant = Some(tenant);
            who.is_unknown = *cause == RefusalCause::TenantUnknown;
        })
    }

    /// The tenant of a request that was admitted, if its subject has what `guard` needs. Without a tenant it was admitted as
    /// [`Anonymous`](Admitted::Anonymous). For adapters; a handler asks [`TenantContext::require`].
    ///
    /// # Errors
    /// The refusal, which has been recorded: 403 `insufficient_scope`, or 401 for a request without a credential.
    pub fn guard<'t>(
        &self,
        guard: &Guard,
        tenant: Option<&'t TenantContext>,
    ) -> Result<&'t TenantContext, Refusal> {
        match tenant {
            Some(tenant) => tenant.require(guard).map(|()| tenant),
            None => Err(self.missing().into()).inspect_err(Refusal::record),
        }
    }

    fn missing(&self) -> RefusalCause {
        match self.rules.wording.served {
            Served::ApiKeys => RefusalCause::MissingApiKey,
            Served::Tokens | Served::Both => RefusalCause::Missing,
        }
    }

    /// What the client is told about `refusal`.
    pub fn response(&self, refusal: &Refusal) -> RefusalResponse {
        self.rules.wording.response(refusal)
    }
}
