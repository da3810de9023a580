//! Findings that are meant: the list of allowances, which may only shrink.

use super::check::check;
use super::{Finding, Severity};

/// A finding that is meant, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Allowance {
    pub(super) code: String,
    pub(super) object: String,
    pub(super) reason: String,
}

/// An allowance that cannot be meant. Nothing was asked of the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidAllowance {
    /// No check has this code.
    #[error("`{0}` is no code of the doctor; the manual lists them, `TNC001` and so on")]
    UnknownCode(String),
    /// The reason is empty.
    #[error("`{code}` is allowed at `{object}` without a reason; say why it is meant")]
    NoReason {
        /// The code.
        code: String,
        /// The object.
        object: String,
    },
}

impl Allowance {
    pub(super) fn check(&self) -> Result<(), InvalidAllowance> {
        if check(&self.code).is_none() {
            Err(InvalidAllowance::UnknownCode(self.code.clone()))
        } else if self.reason.trim().is_empty() {
            let Self { code, object, .. } = self.clone();
            Err(InvalidAllowance::NoReason { code, object })
        } else {
            Ok(())
        }
    }

    fn covers(&self, finding: &Finding) -> bool {
        self.code == finding.code && self.object == finding.object
    }

    fn stale(&self) -> Option<Finding> {
        let check = check("TNC099")?;
        let Self {
            code,
            object,
            reason,
        } = self;
        Some(Finding {
            code: check.code,
            severity: Severity::Info,
            object: object.clone(),
            message: format!("{code} is allowed here (“{reason}”) and was not found"),
            fix: format!("-- take {code} at {object} out of the list of allowances"),
            table: None,
        })
    }
}

/// Takes out what is allowed, and reports what need not be.
pub(super) fn apply(allowances: &[Allowance], findings: &mut Vec<Finding>) {
    let covers = |allowance: &Allowance| findings.iter().any(|finding| allowance.covers(finding));
    let stale: Vec<_> = allowances
        .iter()
        .filter(|allowance| !covers(allowance))
        .filter_map(Allowance::stale)
        .collect();
    findings.retain(|finding| !allowances.iter().any(|allowance| allowance.covers(finding)));
    findings.extend(stale);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowance(code: &str, reason: &str) -> Allowance {
        Allowance {
            code: code.to_owned(),
            object: "public.note".to_owned(),
            reason: reason.to_owned(),
        }
    }

    #[test]
    fn an_allowance_has_a_code_that_exists_and_a_reason() {
        assert_eq!(allowance("TNC042", "it is small").check(), Ok(()));
        for code in ["TNC000", "tnc042", "TNC0042", ""] {
            let unknown = InvalidAllowance::UnknownCode(code.to_owned());
            assert_eq!(allowance(code, "it is small").check(), Err(unknown));
        }
        for reason in ["", "  \n"] {
            let error = allowance("TNC042", reason).check();
            assert!(matches!(error, Err(InvalidAllowance::NoReason { .. })));
        }
    }

    #[test]
    fn what_is_allowed_is_left_out_and_what_is_stale_is_told() {
        let finding = |code, object: &str| Finding {
            code,
            severity: Severity::Warning,
            object: object.to_owned(),
            message: String::new(),
            fix: String::new(),
            table: None,
        };
        let mut findings = vec![
            finding("TNC042", "public.note"),
            finding("TNC042", "public.tag"),
            finding("TNC040", "public.note"),
        ];
        let allowances = [allowance("TNC042", "small"), allowance("TNC043", "known")];
        apply(&allowances, &mut findings);
        let left: Vec<_> = findings
            .iter()
            .map(|finding| (finding.code, finding.object.as_str()))
            .collect();
        let expected = [
            ("TNC042", "public.tag"),
            ("TNC040", "public.note"),
            ("TNC099", "public.note"),
        ];
        assert_eq!(left, expected);
    }
}
