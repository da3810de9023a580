//! `AuditSink`, where it is written down who did what for which tenant, and `AuditEvent`, what is written down.

use std::fmt::Debug;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::printable::printable;
use super::{AuditOutcome, Visitor};
use crate::{ProjectId, SubjectId, TenantContext, TenantId, UnixTime, watch};

/// Where audit events go. Given to [`Admission::audit`](crate::Admission::audit).
///
/// ```
/// use std::sync::mpsc::SyncSender;
/// use tenancy_core::{AuditEvent, AuditSink};
///
/// /// Hands events to a thread that stores them.
/// #[derive(Debug)]
/// struct ToStorage(SyncSender<AuditEvent>);
///
/// impl AuditSink for ToStorage {
///     fn record(&self, event: &AuditEvent) {
///         // Never waits: what storage is too slow for is at least in the log.
///         if self.0.try_send(event.clone()).is_err() {
///             tracing::error!(?event, "the audit storage does not keep up");
///         }
///     }
/// }
/// # let _ = ToStorage;
/// ```
pub trait AuditSink: Debug + Send + Sync {
    /// Takes down one event.
    ///
    /// It is called by the task that serves the request, before the answer goes out, and must not block. A sink that
    /// panics loses the event, which is logged and counted; the request goes on, because by then it has been served.
    fn record(&self, event: &AuditEvent);
}

impl<S: AuditSink + ?Sized> AuditSink for Arc<S> {
    fn record(&self, event: &AuditEvent) {
        (**self).record(event);
    }
}

/// Who did what, for which tenant, from where, and whether they were let.
///
/// No text in it has more than 512 bytes, and control characters are escaped as in Rust (`\n`, `\u{1b}`).
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuditEvent {
    /// When the request was answered, or the handler said so.
    pub time: UnixTime,
    /// For which tenant. Of a refused request it is known only when its credential was verified and is for that tenant.
    pub tenant: Option<TenantId>,
    /// The project within the tenant.
    pub project: Option<ProjectId>,
    /// Who acted, verified.
    pub subject: Option<SubjectId>,
    /// What they did: the method of the request, `_OTHER` for one that is not registered, or what the handler says, such as
    /// `note.delete`.
    pub action: String,
    /// With what they did it: the path of the request, never its query, or what the handler says, such as `note/5`.
    pub resource: String,
    /// Whether they were let.
    pub outcome: AuditOutcome,
    /// The status of the answer, in an event about a whole request that was answered.
    pub status: Option<u16>,
    /// The [code](crate::RefusalKind::code) of the refusal, if there was one.
    pub code: Option<&'static str>,
    /// [From where](crate::VisitContext::client_address).
    pub client_address: Option<IpAddr>,
    /// In [which request](crate::VisitContext::request_id).
    pub request_id: Option<String>,
}

impl AuditEvent {
    /// An event about work outside a request, such as a job, for the sink of the service.
    ///
    /// ```
    /// use tenancy_core::{AuditEvent, AuditOutcome, AuditSink, Clock, SystemClock, TenantId, TracingAudit, danger};
    ///
    /// let job = danger::assume(TenantId::parse("acme")?, "retention of 30 days is over")?;
    /// let time = SystemClock::default().now();
    /// TracingAudit.record(&AuditEvent::new(time, &job, "note.purge", "note/5", AuditOutcome::Allowed));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn new(
        time: UnixTime,
        context: &TenantContext,
        action: &str,
        resource: &str,
        outcome: AuditOutcome,
    ) -> Self {
        Self {
            tenant: Some(context.tenant().clone()),
            project: context.project().cloned(),
            subject: context.subject().cloned(),
            ..Self::of_nobody(time, action, resource, outcome)
        }
    }

    pub(super) fn by(
        visitor: &Visitor,
        time: UnixTime,
        action: &str,
        resource: &str,
        outcome: AuditOutcome,
    ) -> Self {
        Self {
            tenant: visitor.tenant().cloned(),
            project: visitor.project().cloned(),
            subject: visitor.subject().cloned(),
            ..Self::of_nobody(time, action, resource, outcome)
        }
    }

    fn of_nobody(time: UnixTime, action: &str, resource: &str, outcome: AuditOutcome) -> Self {
        Self {
            time,
            tenant: None,
            project: None,
            subject: None,
            action: printable(action).into_owned(),
            resource: printable(resource).into_owned(),
            outcome,
            status: None,
            code: None,
            client_address: None,
            request_id: None,
        }
    }
}

/// Writes audit events as `tracing` events of level `INFO` and target `tenancy::audit`, a field for each of
/// [`AuditEvent`]. What is not known has none. A filter such as `warn` leaves them out: add `tenancy::audit=info` to it.
#[derive(Debug, Clone, Copy, Default)]
pub struct TracingAudit;

impl AuditSink for TracingAudit {
    fn record(&self, event: &AuditEvent) {
        tracing::info!(
            target: "tenancy::audit",
            time = event.time.as_seconds(),
            tenant = event.tenant.as_ref().map(TenantId::as_str),
            project = event.project.as_ref().map(ProjectId::as_str),
            subject = event.subject.as_ref().map(SubjectId::as_str),
            action = event.action,
            resource = event.resource,
            outcome = event.outcome.as_str(),
            status = event.status,
            code = event.code,
            client_address = event.client_address.map(tracing::field::display),
            request_id = event.request_id,
            "audit"
        );
    }
}

/// A sink that cannot take a request down.
#[derive(Debug, Clone)]
pub(super) struct Auditor(Arc<dyn AuditSink>);

impl Auditor {
    pub(super) fn new(sink: impl AuditSink + 'static) -> Self {
        Self(Arc::new(sink))
    }

    pub(super) fn record(&self, event: AuditEvent) {
        // A visit may end while its handler panics. A second panic that got out of here would abort the process.
        if catch_unwind(AssertUnwindSafe(|| self.0.record(&event))).is_err() {
            watch::audit_event_lost();
            let (action, resource) = (event.action, event.resource);
            tracing::error!(target: "tenancy::audit", action, resource, "the audit sink panicked, and the event is lost");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::danger;

    #[test]
    fn what_is_said_in_an_event_is_on_one_line() {
        let job = danger::assume(TenantId::parse("acme").unwrap(), "a test").unwrap();
        let time = UnixTime::from_seconds(1_700_000_000);
        let event = AuditEvent::new(time, &job, "purge\n", "note/5\r", AuditOutcome::Allowed);
        assert_eq!(event.action, r"purge\n");
        assert_eq!(event.resource, r"note/5\r");
    }
}
