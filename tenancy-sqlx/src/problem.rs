//! `Problem`, what a client is told when its request has no transaction. For the adapters.

use crate::Error;

/// Whose fault it is that the service cannot answer.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Something in the service is wrong.
    Internal,
    /// The database is not to be had now.
    Unavailable,
}

impl Problem {
    /// The status of the answer.
    pub fn status(self) -> u16 {
        match self {
            Self::Internal => 500,
            Self::Unavailable => 503,
        }
    }

    /// A problem document of RFC 9457, and like a refusal nothing of the request.
    pub fn body(self) -> &'static str {
        match self {
            Self::Internal => {
                r#"{"type":"about:blank","title":"The request could not be served","status":500,"code":"internal"}"#
            }
            Self::Unavailable => {
                r#"{"type":"about:blank","title":"The request cannot be served now","status":503,"code":"temporarily_unavailable"}"#
            }
        }
    }
}

/// Of a transaction that did not begin.
impl From<&Error> for Problem {
    fn from(error: &Error) -> Self {
        match error {
            Error::Database(_) | Error::PoolShare { .. } => Self::Unavailable,
            _ => Self::Internal,
        }
    }
}
