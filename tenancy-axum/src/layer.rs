//! `TenantLayer`, which puts admission in front of a service.

use tenancy_core::Admission;
use tower_layer::Layer;

use crate::TenantService;

/// A tower layer that admits requests for a tenant and refuses all others.
///
/// It works on any `http::Request`, and on responses whose body is a [`RefusalBody`](crate::RefusalBody), such as those of
/// axum and hyper. The inner service finds the [`TenantContext`](tenancy_core::TenantContext) in the request's extensions; handlers of axum take
/// it with the extractor [`Tenant`](crate::Tenant). A refused request never reaches the inner service.
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
