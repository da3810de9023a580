//! `Admission`, the one decision at the door: who may enter, and for which tenant.

use std::sync::Arc;

use crate::head::RequestHead;
use crate::refusal::Wording;
use crate::{Presented, Refusal, RefusalResponse, TenantContext, TokenVerifier};

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
/// # Ok::<(), tenancy_core::JwtVerifierError>(())
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
    wording: Wording,
}

/// How a request was admitted. Exhaustive on purpose: an adapter has to decide about every case.
#[derive(Debug, Clone)]
pub enum Admitted {
    /// For the tenant of this context.
    For(TenantContext),
    /// Without a tenant, because its path is exempt.
    Exempt,
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
        self.admit_tenant(Presented::in_authorization(head)).await.map(Admitted::For).inspect_err(|refusal| {
            tracing::info!(target: "tenancy::admission", code = refusal.kind().code(), cause = %refusal, "refused a request");
        })
    }

    async fn admit_tenant(&self, presented: Presented<'_>) -> Result<TenantContext, Refusal> {
        let token = match presented {
            Presented::Absent => return Err(Refusal::missing()),
            Presented::Malformed(problem) => return Err(problem.into()),
            Presented::Bearer(token) => token,
        };
        let claims = self.verifier.verify(token).await?;
        Ok(TenantContext::admitted(claims))
    }

    /// What the client is told about `refusal`.
    pub fn response(&self, refusal: &Refusal) -> RefusalResponse {
        self.rules.wording.response(refusal)
    }
}
