//! `Admission`, the one decision at the door: who may enter, and for which tenant.

mod credentials;
mod projects;
mod refused;
mod tenants;
mod without;

use std::sync::Arc;

use self::projects::ProjectRules;
pub(crate) use self::refused::{Proved, Refused};
use crate::credential::CredentialSource;
use crate::exempt::{Exemption, is_preflight};
use crate::head::RequestHead;
use crate::limits::Gate;
use crate::naming::TenantNames;
use crate::refusal::{Served, Wording};
use crate::resolve::{known_and_active, resolve};
use crate::visit::Watching;
use crate::{
    ApiKeyHash, ApiKeyProblem, ApiKeys, BearerToken, Guard, Limits, Permit, Presented, Refusal,
    RefusalCause, RolePermissions, TenantContext, TenantDirectory, TenantId, TenantRecord,
    TokenVerifier,
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
/// let admission = Admission::new(verifier).exempt("/health")?;
/// # let _ = admission;
/// # }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// Cheap to clone.
#[derive(Debug, Clone)]
pub struct Admission {
    rules: Arc<Rules>,
}

#[derive(Debug, Clone)]
struct Rules {
    verifier: Arc<dyn TokenVerifier>,
    exempt: Vec<Exemption>,
    cors_preflight: bool,
    sources: Vec<CredentialSource>,
    names: TenantNames,
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
        Self {
            rules: Arc::new(Rules {
                verifier: Arc::new(verifier),
                exempt: Vec::new(),
                cors_preflight: false,
                sources: vec![CredentialSource::Authorization],
                names: TenantNames::default(),
                projects: ProjectRules::default(),
                directory: None,
                optional: false,
                default_tenant: None,
                api_keys: None,
                role_permissions: RolePermissions::new(),
                gate: None,
                watching: Watching::default(),
                wording: Wording::default(),
            }),
        }
    }

    pub(crate) fn watching(&self) -> &Watching {
        &self.rules.watching
    }

    pub(crate) fn with_watching(mut self, change: impl FnOnce(&mut Watching)) -> Self {
        change(&mut Arc::make_mut(&mut self.rules).watching);
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
    /// The refusal, which has a [`response`](Refusal::response) for the client. It has been recorded as a
    /// `tracing` event with its precise cause.
    pub async fn admit<H: RequestHead + ?Sized>(&self, head: &H) -> Result<Admitted, Refusal> {
        let admitted = self.decide(head).await;
        let admitted = admitted.map_err(|refused| self.refusal(refused.cause));
        admitted.inspect_err(Refusal::record)
    }

    pub(crate) async fn decide<H: RequestHead + ?Sized>(
        &self,
        head: &H,
    ) -> Result<Admitted, Refused> {
        let rules = &self.rules;
        if rules.exempt.iter().any(|exemption| exemption.covers(head)) {
            return Ok(Admitted::Exempt);
        }
        let presented = Presented::find(head, &rules.sources);
        if matches!(presented, Presented::Absent) {
            if rules.cors_preflight && is_preflight(head) {
                return Ok(Admitted::Exempt);
            }
            if rules.optional && rules.default_tenant.is_none() {
                return Ok(Admitted::Anonymous);
            }
        }
        let context = match (presented, &rules.default_tenant) {
            (Presented::Bearer(token), _) => self.admit_bearer(head, token).await?,
            (Presented::ApiKey(hash), _) => self.admit_api_key(head, hash).await?,
            (Presented::Malformed(problem), _) => return Err(problem.into()),
            (Presented::Absent, None) => return Err(self.missing().into()),
            (Presented::Absent, Some(default)) => self.admit_default(head, default).await?,
        };
        // Before anybody is asked about projects: what one tenant asks too much of, others wait for.
        let permit = self.permit(&context)?;
        let context = self.enter_project(head, context).await?;
        Ok(Admitted::For(context, permit))
    }

    fn permit(&self, context: &TenantContext) -> Result<Permit, Refused> {
        let Some(gate) = &self.rules.gate else {
            return Ok(Permit::default());
        };
        let permit = gate.enter(context);
        permit.map_err(|cause| Refused::of(context, cause))
    }

    async fn admit_bearer<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        token: BearerToken<'_>,
    ) -> Result<TenantContext, Refused> {
        // Not by way of the `Arc`, whose future is one more.
        let verifier = &*self.rules.verifier;
        let claims = verifier.verify(token).await?;
        let chosen = self.choose(head, claims.tenants()).await;
        let (tenant, record) = chosen.map_err(|refused| refused.by(claims.subject()))?;
        let context = TenantContext::admitted(claims, tenant, record);
        Ok(context.admitted_by(self))
    }

    async fn admit_api_key<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        hash: ApiKeyHash,
    ) -> Result<TenantContext, Refused> {
        let keys = self.rules.api_keys.as_ref();
        let keys = keys.ok_or(RefusalCause::ApiKey(ApiKeyProblem::Unknown))?;
        let key = keys.verify(hash).await?;
        let granted = std::slice::from_ref(key.tenant());
        let chosen = self.choose(head, granted).await;
        let (_, record) = chosen.map_err(|refused| refused.by(key.subject()))?;
        let context = TenantContext::of_api_key(key, record);
        Ok(context.admitted_by(self))
    }

    async fn admit_default<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        DefaultTenant { tenant, reason }: &DefaultTenant,
    ) -> Result<TenantContext, Refused> {
        let (tenant, record) = self.choose(head, std::slice::from_ref(tenant)).await?;
        tracing::warn!(target: "tenancy::danger", %tenant, reason, "assumed the default tenant");
        let context = TenantContext::assumed(tenant, reason.clone(), record);
        Ok(context.admitted_by(self))
    }

    /// The one of the granted tenants that the request is for.
    async fn choose<H: RequestHead + ?Sized>(
        &self,
        head: &H,
        granted: &[TenantId],
    ) -> Result<(TenantId, Option<TenantRecord>), Refused> {
        let directory = self.rules.directory.as_deref();
        let chosen = resolve(granted, &self.rules.names, head, directory).await?;
        let record = known_and_active(&chosen, directory).await;
        match record {
            Ok(record) => Ok((chosen.into_tenant(), record)),
            Err(cause) => Err(Refused::granted(chosen.into_tenant(), cause)),
        }
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
            Some(tenant) => match tenant.require(guard) {
                Ok(()) => Ok(tenant),
                // In these words also where another has made the context, as support does that acts for somebody.
                Err(refusal) => Err(self.refusal(refusal.cause().clone())),
            },
            None => Err(self.refusal(self.missing())).inspect_err(Refusal::record),
        }
    }

    fn missing(&self) -> RefusalCause {
        match self.rules.wording.served {
            Served::ApiKeys => RefusalCause::MissingApiKey,
            Served::Tokens | Served::Both => RefusalCause::Missing,
        }
    }

    /// A refusal that the service decides about itself, in the words that it answers in. It is not recorded here.
    ///
    /// ```
    /// use tenancy_core::{Admission, Refusal, RefusalCause, TenantContext};
    ///
    /// // A limit that no `Guard` can know.
    /// fn may_export(admission: &Admission, tenant: &TenantContext, rows: u64) -> Result<(), Refusal> {
    ///     let is_small = rows <= 10_000;
    ///     if is_small || tenant.has_permission("exports.large") {
    ///         return Ok(());
    ///     }
    ///     Err(admission.refusal(RefusalCause::Lacking { needed: "permission exports.large".to_owned() }))
    /// }
    /// # let _ = may_export;
    /// ```
    pub fn refusal(&self, cause: RefusalCause) -> Refusal {
        Refusal::worded(cause, &self.rules.wording)
    }

    pub(crate) fn grants(&self, role: &str, permission: &str) -> bool {
        self.rules.role_permissions.grants(role, permission)
    }
}
