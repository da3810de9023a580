//! `TenantLayer`, which puts admission in front of a service.

use tenancy_core::Admission;
use tower_layer::Layer;

use crate::TenantService;

/// A tower layer that admits requests for a tenant and refuses all others.
///
/// It works on any `http::Request`, and on responses whose body is a [`RefusalBody`](crate::RefusalBody), such as those of
/// axum and hyper. The inner service finds the [`TenantContext`](tenancy_core::TenantContext) in the request's extensions; handlers of axum take
/// it with the extractor [`Tenant`](crate::Tenant). A refused request never reaches the inner service.
/// Of several layers around a service, the innermost says what it finds.
///
/// A call of gRPC (media type `application/grpc`) that is refused is told so in a way that its client understands: status 200 of
/// HTTP without a body, `grpc-status`, and the [code](tenancy_core::RefusalKind::code) of the refusal in `grpc-message`. 400 is
/// `INVALID_ARGUMENT`, 401 `UNAUTHENTICATED`, 403 `PERMISSION_DENIED`, 429 `RESOURCE_EXHAUSTED` and 503 `UNAVAILABLE`. Handlers of
/// tonic find the context in the extensions of their `Request`.
#[derive(Debug, Clone)]
pub struct TenantLayer {
    admission: Admission,
}

impl TenantLayer {
    /// A layer that asks `admission`.
    pub fn new(admission: Admission) -> Self {
        Self { admission }
    }
}

impl<S> Layer<S> for TenantLayer {
    type Service = TenantService<S>;

    fn layer(&self, inner: S) -> TenantService<S> {
        TenantService::new(self.admission.clone(), inner)
    }
}
