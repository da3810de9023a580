//! `Door`, how a request that was admitted finds the admission that did it.

use tenancy_core::Admission;

/// In the extensions of every request that [`TenantMiddleware`](crate::TenantMiddleware) has looked at, so that what stands
/// behind it answers in the same words.
#[derive(Debug, Clone)]
pub(crate) struct Door(pub(crate) Admission);
