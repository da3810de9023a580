//! How what stands behind [`TenantMiddleware`](crate::TenantMiddleware) finds the admission that was in front, to answer in the
//! same words.

use actix_web::dev::Extensions;
use tenancy_core::{Admission, VisitContext};

/// `None` where there is no middleware outside, or the path is exempt.
pub(crate) fn of(extensions: &Extensions) -> Option<&Admission> {
    extensions.get().and_then(VisitContext::admission)
}
