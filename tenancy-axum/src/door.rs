//! `Door`, how a request that was admitted finds the admission that did it.

use tenancy_core::{Admission, WeakPermit};

/// In the extensions of every request that [`TenantLayer`](crate::TenantLayer) has looked at, so that what stands
/// behind it answers in the same words, and may go on counting. The permit is a weak one, because whoever keeps the request
/// need not mean to keep its place.
#[derive(Debug, Clone)]
pub(crate) struct Door(pub(crate) Admission, pub(crate) WeakPermit);
