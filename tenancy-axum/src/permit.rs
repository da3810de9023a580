//! `Permit`, the extractor for the place of a request among those that its tenant may make at once.

use axum_core::extract::FromRequestParts;
use http::request::Parts;
use tenancy_core::VisitContext;

use crate::Error;

/// Takes the place of the request among those that its tenant may make [at once](tenancy_core::Allowance::concurrent), so that
/// what goes on after the answer counts too.
///
/// A request counts until the server has taken its answer. A WebSocket begins then: it counts as long as its task holds the permit.
///
/// ```
/// use axum::extract::ws::WebSocketUpgrade;
/// use axum::response::Response;
/// use tenancy_axum::{Permit, Tenant};
///
/// async fn socket(Tenant(tenant): Tenant, Permit(permit): Permit, upgrade: WebSocketUpgrade) -> Response {
///     upgrade.on_upgrade(async move |mut socket| {
///         let _counts = permit;
///         while let Some(Ok(message)) = socket.recv().await {
///             // …
///             # let _ = (&tenant, message);
///         }
///     })
/// }
/// # let _ = socket;
/// ```
///
/// The place is taken once, whoever holds it, and free again when the answer has been taken and the permit is dropped. A client
/// that closes its connection ends the task above. One that vanishes without doing so, as when its network is gone, is noticed by
/// whoever sends to it: ping it from time to time, or give up after a silence.
///
/// Where the tenant may make as many requests at once as it likes, or there is none because credentials are
/// [optional](tenancy_core::Admission::optional), the permit holds nothing.
///
/// # Rejection
/// [`Error`], status 500, when the route has no [`TenantLayer`](crate::TenantLayer) or its path is exempt: nothing
/// counts there.
#[derive(Debug)]
pub struct Permit(pub tenancy_core::Permit);

impl<S: Sync> FromRequestParts<S> for Permit {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Error> {
        let permit = parts.extensions.get().and_then(VisitContext::permit);
        let permit = permit.ok_or_else(|| Error::no_permit(parts.uri.path()));
        permit.map(Self)
    }
}
