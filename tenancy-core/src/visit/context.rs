//! `VisitContext`, what a handler sees of the request that it serves, beside its tenant.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use super::facts::Facts;
use super::{AuditOutcome, Visitor};
use crate::{Admission, Permit};

/// The request that is being served: its id, where it comes from, and its place in the audit log. Cheap to clone.
///
/// Handlers take it with the extractor `Visit` of `tenancy-axum` or `tenancy-actix`.
#[derive(Clone)]
pub struct VisitContext {
    facts: Arc<Facts>,
}

impl VisitContext {
    pub(super) fn new(facts: Arc<Facts>) -> Self {
        Self { facts }
    }

    /// The id of the request, which its span and its audit events carry: the one that the client sent, where
    /// [`Admission::request_id_header`](crate::Admission::request_id_header) says so and it is sane, or 32 random
    /// hexadecimal digits. It is no secret, and no proof.
    pub fn request_id(&self) -> &str {
        self.facts.id()
    }

    /// The address of the client: that of the peer of the connection or, behind
    /// [`TrustedProxies`](crate::TrustedProxies), the one that they tell. IPv4 is never written as IPv6.
    ///
    /// `None` where the connection has no address, or the framework does not tell it; the adapter says how to make it.
    pub fn client_address(&self) -> Option<IpAddr> {
        self.facts.client_address
    }

    /// Tells the audit log that the subject of the request did `action`, such as `note.delete`, with `resource`, such as
    /// `note/5`, for its tenant. Without [`Admission::audit`](crate::Admission::audit) nothing happens.
    ///
    /// ```
    /// use tenancy_core::{AuditOutcome, VisitContext};
    ///
    /// fn deleted(visit: &VisitContext, note: u64) {
    ///     visit.audit("note.delete", &format!("note/{note}"), AuditOutcome::Allowed);
    /// }
    /// # let _ = deleted;
    /// ```
    pub fn audit(&self, action: &str, resource: &str, outcome: AuditOutcome) {
        self.facts.audit_action(action, resource, outcome);
    }

    /// Holds the place of the request among those that its tenant may make [at once](crate::Allowance::concurrent), for work that
    /// goes on after its answer. The place counts once, whoever holds it, and is free again when the last permit is dropped.
    /// Where the tenant may make as many requests at once as it likes, the permit holds nothing.
    ///
    /// `None` on exempt paths, and when the place is free already. What is left of a rate is told by the first permit only.
    pub fn permit(&self) -> Option<Permit> {
        self.facts.visitor().permit()
    }

    /// Who looked at the credential of the request, or saw that it has none. `None` on exempt paths. For adapters, whose guards
    /// answer in its words.
    pub fn admission(&self) -> Option<&Admission> {
        match self.facts.visitor() {
            Visitor::Exempt => None,
            _ => Some(&self.facts.admission),
        }
    }
}

impl fmt::Debug for VisitContext {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisitContext")
            .field("request_id", &self.request_id())
            .field("client_address", &self.client_address())
            .finish_non_exhaustive()
    }
}
