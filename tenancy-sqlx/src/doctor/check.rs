//! The table of checks: what is looked for, how bad it is, and what mends it.

mod around;
mod behaviour;
mod catalogue;
mod keys;
mod policy;
mod quality;
mod role;
mod strict;
mod table;
mod view;

use std::sync::LazyLock;

use super::Severity;

/// One thing that the doctor looks for. Reports and the manual are made of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Check {
    /// `TNC` and three digits.
    pub(crate) code: &'static str,
    pub(crate) severity: Severity,
    /// What is wrong, in a few words.
    pub(crate) title: &'static str,
    /// What follows from it.
    pub(crate) explanation: &'static str,
    /// SQL that brings it about.
    pub(crate) example: &'static str,
    /// What to do about it.
    pub(crate) cure: &'static str,
}

/// A check and how it is made.
#[derive(Debug, Clone, Copy)]
pub(super) struct Probe {
    pub(super) check: Check,
    pub(super) stage: Stage,
    /// A query over [`sources`](super::sources) that yields `object`, `table`, `message` and `fix`. Empty where
    /// no query can tell. Two checks yield evidence in the place of the message, which
    /// [`policy_proof`](super::policy_proof) judges.
    pub(super) sql: &'static str,
}

/// When a check is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Before a pool starts, and whenever the doctor is called.
    Posture,
    /// When the doctor is called.
    Examination,
    /// When the doctor is asked to be strict: these hold in every new database.
    Strict,
}

/// Every check, by code.
pub(super) fn probes() -> impl Iterator<Item = &'static Probe> {
    let groups: [&'static [Probe]; 10] = [
        &role::PROBES,
        &catalogue::PROBES,
        &table::PROBES,
        &policy::PROBES,
        &keys::PROBES,
        &quality::PROBES,
        &view::PROBES,
        &around::PROBES,
        &behaviour::PROBES,
        &strict::PROBES,
    ];
    groups.into_iter().flatten()
}

/// The table of checks, by code.
pub(crate) fn checks() -> &'static [Check] {
    static CHECKS: LazyLock<Vec<Check>> =
        LazyLock::new(|| probes().map(|probe| probe.check).collect());
    &CHECKS
}

/// The check of a code.
pub(super) fn check(code: &str) -> Option<&'static Check> {
    checks().iter().find(|check| check.code == code)
}
