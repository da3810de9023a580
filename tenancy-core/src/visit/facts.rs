//! `Facts`, what is known of a request from its head to its answer, and what is told of it.

use std::net::IpAddr;
use std::sync::OnceLock;

use super::request_id::RequestId;
use super::{AuditEvent, AuditOutcome, Visitor, Watching};
use crate::head::RequestHead;
use crate::{Admission, watch};

pub(super) struct Facts {
    pub(super) admission: Admission,
    /// Empty until somebody asks, unless the request brought one.
    id: OnceLock<RequestId>,
    pub(super) client_address: Option<IpAddr>,
    pub(super) method: &'static str,
    /// Kept where there is an audit log.
    path: Option<Box<str>>,
    /// Empty until it is decided.
    pub(super) visitor: OnceLock<Visitor>,
}

impl Facts {
    pub(super) fn of<H: RequestHead + ?Sized>(admission: &Admission, head: &H) -> Self {
        let Watching {
            request_id_header,
            proxies,
            auditor,
            ..
        } = admission.watching();
        let given = request_id_header.as_ref();
        let given = given.and_then(|name| RequestId::given(head.header_values(name)));
        Self {
            admission: admission.clone(),
            id: given.map(OnceLock::from).unwrap_or_default(),
            client_address: match proxies {
                Some(proxies) => proxies.client(head),
                None => head.peer_address().map(|peer| peer.to_canonical()),
            },
            method: registered(head.method()),
            path: auditor.as_ref().map(|_| head.path().into()),
            visitor: OnceLock::new(),
        }
    }

    pub(super) fn id(&self) -> &str {
        self.id.get_or_init(RequestId::made).as_str()
    }

    pub(super) fn visitor(&self) -> &Visitor {
        self.visitor.get().unwrap_or(&Visitor::Nobody)
    }

    pub(super) fn count(&self, outcome: AuditOutcome) {
        match &self.admission.watching().tenant_labels {
            Some(labels) => {
                let tenant = labels.of(self.visitor().known_tenant());
                watch::request_of_tenant(outcome.as_str(), tenant.to_owned());
            }
            None => watch::request(outcome),
        }
    }

    /// Tells the audit log how the request was answered, if it is for there.
    pub(super) fn audit_answer(
        &self,
        outcome: AuditOutcome,
        status: Option<u16>,
        code: Option<&'static str>,
    ) {
        let Some(path) = &self.path else {
            return;
        };
        if matches!(self.visitor(), Visitor::Exempt) {
            return;
        }
        self.audit(self.method, path, outcome, status, code);
    }

    /// Tells the audit log what a handler did.
    pub(super) fn audit_action(&self, action: &str, resource: &str, outcome: AuditOutcome) {
        self.audit(action, resource, outcome, None, None);
    }

    fn audit(
        &self,
        action: &str,
        resource: &str,
        outcome: AuditOutcome,
        status: Option<u16>,
        code: Option<&'static str>,
    ) {
        let Watching { auditor, clock, .. } = self.admission.watching();
        if let Some(auditor) = auditor {
            auditor.record(AuditEvent {
                status,
                code,
                client_address: self.client_address,
                request_id: Some(self.id().to_owned()),
                ..AuditEvent::by(self.visitor(), clock.now(), action, resource, outcome)
            });
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
