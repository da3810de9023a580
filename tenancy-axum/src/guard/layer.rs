//! `GuardLayer`, which puts a guard in front of a route or a router.

use tenancy_core::Guard;
use tower_layer::Layer;

use crate::GuardService;

/// A tower layer that lets requests through whose subject has what a [`Guard`] needs.
///
/// It stands behind [`TenantLayer`](crate::TenantLayer), on a route or on a router:
///
/// ```
/// use axum::{Router, routing::get};
/// use tenancy_axum::{GuardLayer, TenantLayer};
/// use tenancy_core::Guard;
///
/// # fn app(admission: tenancy_core::Admission) -> Router {
/// let admin = Router::new()
///     .route("/members", get(|| async { "members" }))
///     .route_layer(GuardLayer::new(Guard::any_role(["Owner", "Admin"])));
///
/// Router::new()
///     .route("/notes", get(|| async { "notes" }).layer(GuardLayer::new(Guard::permission("notes.read"))))
///     .nest("/admin", admin)
///     .layer(TenantLayer::new(admission))
/// # }
/// ```
///
/// axum puts a layer on what stands in front of it: in `get(list).layer(guard).post(add)` nobody asks who may `add`. Where a route
/// has several methods, say what each needs in its signature, with [`Require`](crate::Require), which no order can undo.
///
/// A denied request never reaches the inner service. Its answer is 403 `insufficient_scope`, or the one for a missing
/// credential where [those are optional](tenancy_core::Admission::optional). Where no tenant layer is outside, or the path
/// is exempt, the answer is 500, and the developer finds a sentence in the logs.
#[derive(Debug, Clone)]
pub struct GuardLayer {
    guard: Guard,
}

impl GuardLayer {
    /// A layer that asks `guard`.
    pub fn new(guard: Guard) -> Self {
        Self { guard }
    }
}

impl<S> Layer<S> for GuardLayer {
    type Service = GuardService<S>;

    fn layer(&self, inner: S) -> GuardService<S> {
        GuardService::new(self.guard.clone(), inner)
    }
}
