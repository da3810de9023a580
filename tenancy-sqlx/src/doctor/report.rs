//! `Report`, everything that the doctor found.

use std::fmt;

use serde::Serialize;

use super::check::check;
use super::{Finding, Severity};

/// What the doctor found in a database, worst first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    pub(super) findings: Vec<Finding>,
    /// What was asked for and could not be looked at, with what that leaves unproven.
    pub(super) unproven: Vec<String>,
}

/// Worst first; then by code and object, so that two reports of one database are the same.
pub(super) fn in_order(findings: &mut Vec<Finding>) {
    findings.sort_by(|one, other| {
        let key = |finding: &Finding| (finding.severity, finding.code, finding.object.clone());
        key(one).cmp(&key(other))
    });
    findings.dedup();
}

/// A report with errors in it.
#[derive(Clone, PartialEq, Eq)]
pub struct Unsound(Vec<Finding>);

impl Report {
    /// Everything that was found, worst first.
    pub fn findings(&self) -> &[Finding] {
        &self.findings
    }

    /// What could not be looked at, one sentence each: which catalogue was closed and what that leaves unproven.
    pub fn unproven(&self) -> &[String] {
        &self.unproven
    }

    /// Whether there is no error among the findings.
    pub fn is_sound(&self) -> bool {
        self.errors().next().is_none()
    }

    /// The findings that are errors.
    pub fn errors(&self) -> impl Iterator<Item = &Finding> {
        let is_error = |finding: &&Finding| finding.severity() == Severity::Error;
        self.findings.iter().filter(is_error)
    }

    /// Nothing, or the errors as an error: for `?` at boot and for tests.
    ///
    /// # Errors
    /// When a finding is an error.
    pub fn assert_sound(&self) -> Result<(), Unsound> {
        if self.is_sound() {
            Ok(())
        } else {
            Err(Unsound(self.errors().cloned().collect()))
        }
    }

    /// The same, and insists that everything could be looked at and tried.
    ///
    /// # Errors
    /// When a finding is an error, or something is left [`unproven`](Self::unproven).
    pub fn assert_proven(&self) -> Result<(), Unsound> {
        let mut findings: Vec<_> = self.errors().cloned().collect();
        findings.extend(
            self.unproven
                .iter()
                .cloned()
                .filter_map(super::prove::unseen),
        );
        if findings.is_empty() {
            Ok(())
        } else {
            Err(Unsound(findings))
        }
    }
}

impl Unsound {
    pub(super) fn new(findings: Vec<Finding>) -> Self {
        Self(findings)
    }

    /// The errors.
    pub fn findings(&self) -> &[Finding] {
        &self.0
    }
}

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the database would not keep tenants apart")?;
        for (index, finding) in self.0.iter().enumerate() {
            write!(f, "{} {finding}", if index == 0 { ":" } else { ";" })?;
            if let Some(check) = check(finding.code()) {
                write!(f, " ({})", check.cure)?;
            }
        }
        Ok(())
    }
}

/// The sentence, because a `main` or a test that returns the error shows it by `Debug`.
impl fmt::Debug for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Unsound {}
