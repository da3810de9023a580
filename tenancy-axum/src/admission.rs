//! How what stands behind [`TenantLayer`](crate::TenantLayer) finds the admission that was in front, to answer in the
//! same words.

use http::Extensions;
use tenancy_core::{Admission, VisitContext};

/// `None` where there is no layer outside, or the path is exempt.
pub(crate) fn of(extensions: &Extensions) -> Option<&Admission> {
    extensions.get().and_then(VisitContext::admission)
}
