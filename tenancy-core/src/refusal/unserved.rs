//! `Unserved`, what the errors of the adapters are made of.

use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::{Problem, Refusal, RefusalResponse};

/// Why a handler was not reached, or has no answer.
#[doc(hidden)]
#[derive(Debug)]
pub enum Unserved {
    Refused(Refusal),
    /// By the developer, with what to do about it.
    Misused(&'static str),
    Failed(Problem, Box<dyn Error + Send + Sync>),
}

impl Unserved {
    /// Tells the developer by the logs.
    pub fn misused(path: &str, what_to_do: &'static str) -> Self {
        tracing::error!(target: "tenancy::service", path, "{what_to_do}");
        Self::Misused(what_to_do)
    }

    /// The refusal, if it is one.
    pub fn refusal(&self) -> Option<&Refusal> {
        match self {
            Self::Refused(refusal) => Some(refusal),
            Self::Misused(_) | Self::Failed(..) => None,
        }
    }

    /// What the client is told.
    pub fn response(&self) -> Cow<'_, RefusalResponse> {
        match self {
            Self::Refused(refusal) => Cow::Borrowed(refusal.response()),
            Self::Misused(_) => Cow::Owned(Problem::Internal.response()),
            Self::Failed(problem, _) => Cow::Owned(problem.response()),
        }
    }
}

impl fmt::Display for Unserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Refused(refusal) => refusal.fmt(f),
            Self::Misused(what_to_do) => f.write_str(what_to_do),
            Self::Failed(_, cause) => cause.fmt(f),
        }
    }
}

impl Error for Unserved {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Refused(_) | Self::Misused(_) => None,
            Self::Failed(_, cause) => cause.source(),
        }
    }
}
