//! How an `Admission` watches what it lets in and what it refuses.

use std::sync::Arc;

use tracing::Instrument as _;

use super::audit::Auditor;
use super::tenant_labels::TenantLabels;
use super::{AuditSink, TrustedProxies, Visit};
use crate::head::RequestHead;
use crate::{Admission, Admitted, Clock, InvalidPattern, Refusal, pattern};

impl Admission {
    /// Decides about one request, as [`admit`](Self::admit) does, and watches it until its answer: with a span, in the
    /// counters, and in the audit log, as the [manual](crate::manual::watching) says. For adapters.
    pub async fn visit<H: RequestHead + ?Sized>(
        &self,
        head: &H,
    ) -> (Visit, Result<Admitted, Refusal>) {
        // Opened before it is decided, so that a client that goes away meanwhile is recorded.
        let visit = Visit::open(self, head);
        let admitted = visit.decide(head).instrument(visit.span.clone()).await;
        (visit, admitted)
    }

    /// Believes these proxies about the address of the client. Without them, the client is the peer of the connection.
    ///
    /// Nobody is believed as long as the peer is not known. On axum, serve with
    /// `app.into_make_service_with_connect_info::<SocketAddr>()`.
    ///
    /// ```
    /// # use tenancy_core::{Admission, InvalidPattern};
    /// use tenancy_core::TrustedProxies;
    ///
    /// # fn configure(admission: Admission) -> Result<Admission, InvalidPattern> {
    /// Ok(admission.trusted_proxies(TrustedProxies::x_forwarded_for(["10.0.0.0/8", "fd00::/8"])?))
    /// # }
    /// ```
    pub fn trusted_proxies(self, proxies: TrustedProxies) -> Self {
        self.with_watching(|watching| watching.proxies = Some(proxies))
    }

    /// Takes the id of a request from the header field `name`, such as `X-Request-Id`, and tells it in the same field of the
    /// answer. Without this each request gets an id that is made here and is for handlers and logs.
    ///
    /// An id is taken if it is the only one, has 1 to 128 bytes, and consists of ASCII letters, digits and `-._~:/+=@`.
    /// Otherwise one is made. A client may choose it: it finds lines in a log and proves nothing.
    ///
    /// # Errors
    /// When `name` is no name of a field ([RFC 9110 §5.1]).
    ///
    /// [RFC 9110 §5.1]: https://www.rfc-editor.org/rfc/rfc9110#section-5.1
    pub fn request_id_header(self, name: &str) -> Result<Self, InvalidPattern> {
        let name = pattern::field_name(name)?;
        Ok(self.with_watching(|watching| watching.request_id_header = Some(name)))
    }

    /// Counts the requests of each tenant for itself: `tenancy_requests_total` gets a label `tenant`.
    ///
    /// The first `max` tenants, of those that the directory knows if there is one, have the label of their id, all later ones
    /// share the label `other`, until the process ends: a metric costs memory, here and where it is stored, for each value of a
    /// label. Requests without a tenant have the empty label. Clones of this admission count together.
    pub fn tenant_metrics(self, max: usize) -> Self {
        let labels = Arc::new(TenantLabels::new(max));
        self.with_watching(|watching| watching.tenant_labels = Some(labels))
    }

    /// Tells `sink` of every request that was admitted or refused, and of what handlers [say](crate::VisitContext::audit)
    /// they did. Requests on exempt paths and CORS preflights are left out.
    pub fn audit(self, sink: impl AuditSink + 'static) -> Self {
        self.with_watching(|watching| watching.auditor = Some(Auditor::new(sink)))
    }

    /// Where the time of [`AuditEvent`](crate::AuditEvent)s comes from.
    pub fn audit_clock(self, clock: impl Clock + 'static) -> Self {
        self.with_watching(|watching| watching.clock = Arc::new(clock))
    }
}
