//! `Admission`, the one decision at the door: who may enter, and for which tenant.

use std::sync::Arc;

use crate::credential::CredentialSource;
use crate::head::RequestHead;
use crate::limits::Gate;
use crate::refusal::Wording;
use crate::resolve::{Named, resolve};
use crate::{
    Guard, Limits, Permit, Presented, Refusal, RefusalCause, RefusalResponse, RolePermissions,
    TenantContext, TokenVerifier, watch,
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
    exempt: Vec<String>,
    sources: Vec<CredentialSource>,
    tenant_header: Option<String>,
    optional: bool,
    role_permissions: RolePermissions,
    gate: Option<Arc<Gate>>,
    wording: Wording,
}

/// How a request was admitted. Exhaustive on purpose: an adapter has to decide about every case.
#[derive(Debug)]
pub enum Admitted {
    /// For the tenant of this context. The permit counts among the requests that the tenant may make at once
    /// until it is dropped: hold it until the response is done.
    For(TenantContext, Permit),
    /// Without a tenant, because its path is exempt.
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
        };
        Self {
            verifier: Arc::new(verifier),
            rules: Arc::new(Rules {
                exempt: Vec::new(),
                sources: Vec::new(),
                tenant_header: None,
                optional: false,
                role_permissions: RolePermissions::new(),
                gate: None,
                wording,
            }),
        }
    }

    /// Admits requests for exactly this path without a tenant, whatever credential they carry.
    ///
    /// The path is compared byte for byte, without the query: `/health` opens neither `/health/` nor `//health`
    /// nor `/%68ealth`. It is the path that the adapter sees. Put the adapter outermost: behind something that
    /// rewrites paths, such as axum's `Router::nest` or actix-web's `NormalizePath`, it sees what is left.
    pub fn exempt(mut self, path: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.rules).exempt.push(path.into());
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
    pub fn tenant_header(mut self, name: impl Into<String>) -> Self {
        Arc::make_mut(&mut self.rules).tenant_header = Some(name.into().to_ascii_lowercase());
        self
    }

    /// Admits requests without a credential as well, without a tenant. A malformed credential and a bad token are
    /// refused all the same.
    pub fn optional(mut self) -> Self {
        Arc::make_mut(&mut self.rules).optional = true;
        self
    }

    /// Lets roles grant the permissions of `table`, beside those that the token names:
    /// [`Guard::permission`] and [`TenantContext::require_permission`] hold for both.
    pub fn role_permissions(mut self, table: RolePermissions) -> Self {
        Arc::make_mut(&mut self.rules).role_permissions = table;
        self
    }

    /// Keeps each tenant within `limits`: 429 for too many requests in a time, 503 for too many at once.
    ///
    /// Only what would be admitted otherwise counts, so that nobody uses up the allowance of a tenant from outside.
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
        if self.rules.exempt.iter().any(|path| path == head.path()) {
            return Ok(Admitted::Exempt);
        }
        let presented = Presented::find(head, &self.rules.sources);
        if self.rules.optional && presented == Presented::Absent {
            return Ok(Admitted::Anonymous);
        }
        let admitted = self.admit_tenant(head, presented).await;
        let permitted = admitted.and_then(|context| {
            let permit = self.permit(&context)?;
            Ok(Admitted::For(context, permit))
        });
        permitted.inspect_err(record)
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
    ) -> Result<TenantContext, Refusal> {
        let token = match presented {
            Presented::Absent => return Err(RefusalCause::Missing.into()),
            Presented::Malformed(problem) => return Err(problem.into()),
            Presented::Bearer(token) => token,
        };
        let claims = self.verifier.verify(token).await?;
        let named = match &self.rules.tenant_header {
            Some(name) => Named::in_header(head, name),
            None => Named::Nothing,
        };
        let tenant = resolve(&claims, named)?;
        let context = TenantContext::admitted(claims, tenant);
        Ok(context.with_role_permissions(self.rules.role_permissions.clone()))
    }

    /// Decides whether a request that was admitted has what `guard` needs. Without a tenant it was admitted as
    /// [`Anonymous`](Admitted::Anonymous). For adapters; a handler asks [`TenantContext::require`].
    ///
    /// # Errors
    /// The refusal, which has been recorded: 403 `insufficient_scope`, or 401 for a request without a credential.
    pub fn guard(&self, guard: &Guard, tenant: Option<&TenantContext>) -> Result<(), Refusal> {
        match tenant {
            Some(tenant) => tenant.require(guard),
            None => Err(RefusalCause::Missing.into()).inspect_err(record),
        }
    }

    /// What the client is told about `refusal`.
    pub fn response(&self, refusal: &Refusal) -> RefusalResponse {
        self.rules.wording.response(refusal)
    }
}

fn record(refusal: &Refusal) {
    let code = refusal.kind().code();
    watch::refusal(code);
    tracing::info!(target: "tenancy::admission", code, cause = %refusal, "refused a request");
}
