//! `Watching`, how the requests of an admission are watched.

use std::fmt;
use std::sync::Arc;

use super::TrustedProxies;
use super::audit::Auditor;
use super::tenant_labels::TenantLabels;
use crate::{Clock, SystemClock};

#[derive(Clone)]
pub(crate) struct Watching {
    pub(super) proxies: Option<TrustedProxies>,
    /// In lower case.
    pub(super) request_id_header: Option<String>,
    pub(super) tenant_labels: Option<Arc<TenantLabels>>,
    pub(super) auditor: Option<Auditor>,
    pub(super) clock: Arc<dyn Clock>,
}

impl Default for Watching {
    fn default() -> Self {
        Self {
            proxies: None,
            request_id_header: None,
            tenant_labels: None,
            auditor: None,
            clock: Arc::new(SystemClock::default()),
        }
    }
}

impl fmt::Debug for Watching {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watching")
            .field("proxies", &self.proxies)
            .field("request_id_header", &self.request_id_header)
            .field("auditor", &self.auditor)
            .finish_non_exhaustive()
    }
}
