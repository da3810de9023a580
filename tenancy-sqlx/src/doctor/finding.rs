//! `Finding`, one thing that the doctor found, with what mends it.

use std::fmt;

use serde::Serialize;

/// How bad a [`Finding`] is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Severity {
    /// A tenant can reach rows of another, or an attacker can open the way.
    Error,
    /// Nothing is open now; one mistake more and something is.
    Warning,
    /// Tenants are apart, and queries take longer than they have to.
    Performance,
    /// Worth knowing.
    Info,
}

/// One thing that the doctor found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) object: String,
    pub(super) message: String,
    pub(super) fix: String,
    /// The table that a report puts it under, as `schema.table`.
    #[serde(skip)]
    pub(super) table: Option<String>,
}

impl Finding {
    /// The code, `TNC` and three digits. It never changes its meaning.
    pub fn code(&self) -> &'static str {
        self.code
    }

    /// How bad it is.
    pub fn severity(&self) -> Severity {
        self.severity
    }

    /// What it was found at, such as `public.note` or `role app`.
    pub fn object(&self) -> &str {
        &self.object
    }

    /// What is wrong and what follows from it.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The SQL that mends it or, where SQL cannot, what to do as a comment of SQL.
    pub fn fix(&self) -> &str {
        &self.fix
    }

    /// The table that it concerns, as `schema.table`, if it concerns one.
    pub fn table(&self) -> Option<&str> {
        self.table.as_deref()
    }
}

impl Severity {
    /// The name in reports: `error`, `warning`, `performance` or `info`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warning => "warning",
            Self::Performance => "performance",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            code,
            severity,
            object,
            message,
            ..
        } = self;
        write!(f, "{code} {severity}: {object}: {message}")
    }
}
