//! `Visit`, one request from its head to its answer: its span, its count, and its record in the audit log.

mod admission;
mod audit;
mod client;
mod context;
mod facts;
mod forwarded;
mod outcome;
mod printable;
mod request_id;
mod tenant_labels;
mod visitor;
mod watching;

use std::fmt;
use std::sync::Arc;

use tracing::{Span, field};

pub use self::audit::{AuditEvent, AuditSink, TracingAudit};
pub use self::client::TrustedProxies;
pub use self::context::VisitContext;
use self::facts::Facts;
pub use self::outcome::AuditOutcome;
use self::printable::printable;
use self::visitor::Visitor;
pub(crate) use self::watching::Watching;
use crate::admission::Refused;
use crate::head::RequestHead;
use crate::{Admission, Admitted, Refusal};

/// A request that is being served. [`Admission::visit`] begins one, for adapters; handlers see the [`VisitContext`].
///
/// An adapter runs the service inside the [`span`](Self::span) and then says how it ended. A visit that is dropped before
/// that is recorded as [`Abandoned`](AuditOutcome::Abandoned), because its client went away, or as
/// [`Failed`](AuditOutcome::Failed) when the service panicked.
///
/// ```
/// use tenancy_core::{Admission, Admitted, Refusal, RequestHead};
/// use tracing::Instrument as _;
///
/// # struct Answer;
/// # impl Answer { fn status(&self) -> u16 { 200 } fn refusal(&self) -> Option<&Refusal> { None } }
/// # async fn service(_: Admitted) -> Answer { Answer }
/// # fn refused(_: &Refusal) -> Answer { Answer }
/// async fn serve(admission: &Admission, head: &impl RequestHead) -> Answer {
///     let (visit, admitted) = admission.visit(head).await;
///     let answer = match admitted {
///         Ok(admitted) => service(admitted).instrument(visit.span().clone()).await,
///         // With the status, the fields and the body of `refusal.response()`.
///         Err(refusal) => refused(&refusal),
///     };
///     visit.end(answer.status(), answer.refusal());
///     answer
/// }
/// ```
pub struct Visit {
    facts: Arc<Facts>,
    span: Span,
    has_ended: bool,
}

impl Visit {
    fn open<H: RequestHead + ?Sized>(admission: &Admission, head: &H) -> Self {
        let facts = Facts::of(admission, head);
        // Made when somebody listens: where tracing has its feature `log`, as with sqlx, it looks at the values for nobody.
        let path = fmt::from_fn(|f| f.write_str(&printable(head.path())));
        let id = fmt::from_fn(|f| f.write_str(facts.id()));
        let span = tracing::info_span!(
            target: "tenancy::request",
            "request",
            "otel.kind" = "server",
            "http.request.method" = facts.method,
            "url.path" = field::display(path),
            "client.address" = facts.client_address.map(field::display),
            "tenancy.request_id" = field::display(id),
            "tenancy.tenant" = field::Empty,
            "tenancy.project" = field::Empty,
            "tenancy.subject" = field::Empty,
            "tenancy.outcome" = field::Empty,
            "tenancy.refusal" = field::Empty,
            "http.response.status_code" = field::Empty,
        );
        // Without a subscriber, tracing's feature `log` would look each time the span is entered whether a logger listens.
        let span = if span.is_disabled() {
            Span::none()
        } else {
            span
        };
        Self {
            facts: Arc::new(facts),
            span,
            has_ended: false,
        }
    }

    async fn decide<H: RequestHead + ?Sized>(&self, head: &H) -> Result<Admitted, Refusal> {
        let admission = &self.facts.admission;
        let (visitor, admitted) = match admission.decide(head).await {
            Ok(admitted) => (Visitor::admitted(&admitted), Ok(admitted)),
            Err(Refused { cause, proved }) => {
                (Visitor::Refused(proved), Err(admission.refusal(cause)))
            }
        };
        // Before anything is logged, so that whoever reads of a refusal reads whose it is.
        self.facts
            .visitor
            .get_or_init(|| visitor)
            .record(&self.span);
        admitted.inspect_err(Refusal::record)
    }

    /// The span of the request. It has no effect where nobody listens.
    pub fn span(&self) -> &Span {
        &self.span
    }

    /// What handlers see of it.
    pub fn context(&self) -> VisitContext {
        VisitContext::new(Arc::clone(&self.facts))
    }

    /// The field of the answer, name and value, that tells the client the [id](VisitContext::request_id) of its request, if
    /// [`Admission::request_id_header`] asks for one.
    pub fn request_id_field(&self) -> Option<(&str, &str)> {
        let watching = self.facts.admission.watching();
        let name = watching.request_id_header.as_deref()?;
        Some((name, self.facts.id()))
    }

    /// The service answered with `status`; with `refusal` where this admission or a [`Guard`](crate::Guard) refused.
    pub fn end(mut self, status: u16, refusal: Option<&Refusal>) {
        let outcome = AuditOutcome::of_answer(status, refusal.map(Refusal::kind));
        self.close(outcome, Some(status), refusal);
    }

    /// The service gave no answer, but an error.
    pub fn fail(mut self) {
        self.close(AuditOutcome::Failed, None, None);
    }

    fn close(&mut self, outcome: AuditOutcome, status: Option<u16>, refusal: Option<&Refusal>) {
        self.has_ended = true;
        let code = refusal.map(|refusal| refusal.kind().code());
        if !self.span.is_disabled() {
            self.span.record("tenancy.outcome", outcome.as_str());
            self.span.record("tenancy.refusal", code);
            self.span.record("http.response.status_code", status);
        }
        self.facts.count(outcome);
        self.span
            .in_scope(|| self.facts.audit_answer(outcome, status, code));
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        if self.has_ended {
            return;
        }
        let outcome = if std::thread::panicking() {
            AuditOutcome::Failed
        } else {
            AuditOutcome::Abandoned
        };
        self.close(outcome, None, None);
    }
}

impl fmt::Debug for Visit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Visit")
            .field("request_id", &self.facts.id())
            .finish_non_exhaustive()
    }
}
