//! `Watching`, how the requests of an admission are watched.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::audit::Auditor;
use super::context::{Audited, Facts};
use super::request_id::RequestId;
use super::tenant_labels::TenantLabels;
use super::{AuditOutcome, TrustedProxies, Who};
use crate::head::RequestHead;
use crate::{Clock, SystemClock, watch};

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

impl Watching {
    pub(super) fn facts_of<H: RequestHead + ?Sized>(&self, head: &H) -> Facts {
        let given = self.request_id_header.as_ref();
        let given = given.and_then(|name| RequestId::given(head.header_values(name)));
        Facts {
            id: given.map(OnceLock::from).unwrap_or_default(),
            client_address: match &self.proxies {
                Some(proxies) => proxies.client(head),
                None => head.peer_address().map(|peer| peer.to_canonical()),
            },
            method: registered(head.method()),
            audited: self.auditor.clone().map(|auditor| Audited {
                auditor,
                clock: Arc::clone(&self.clock),
                path: head.path().to_owned(),
            }),
        }
    }

    pub(super) fn count(&self, outcome: AuditOutcome, who: &Who) {
        match &self.tenant_labels {
            Some(labels) => {
                let known = who.tenant.as_ref().filter(|_| !who.is_unknown);
                let tenant = labels.of(known).to_owned();
                watch::request_of_tenant(outcome.as_str(), tenant);
            }
            None => watch::request(outcome),
        }
    }
}

/// A method of the registry ([RFC 9110 §9], RFC 5789), or `_OTHER` for what anybody may have made up, as the semantic
/// conventions of OpenTelemetry have it.
///
/// [RFC 9110 §9]: https://www.rfc-editor.org/rfc/rfc9110#section-9
fn registered(method: &str) -> &'static str {
    let known = [
        "GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "CONNECT",
    ];
    let found = known.into_iter().find(|known| *known == method);
    found.unwrap_or("_OTHER")
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
