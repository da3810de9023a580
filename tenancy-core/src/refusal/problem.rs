//! `Problem`, what a client is told when its request was admitted and cannot be served. For the adapters.

use super::RefusalResponse;

/// Why a request that was admitted cannot be served.
#[doc(hidden)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// Something in the service is wrong.
    Internal,
    /// The database is not to be had now.
    Unavailable,
    /// The request brings the cursor of another list, or something that is none.
    InvalidCursor,
}

impl Problem {
    /// A problem document of RFC 9457, and like a refusal nothing of the request.
    pub fn response(self) -> RefusalResponse {
        match self {
            Self::Internal => {
                RefusalResponse::new(500, "The request could not be served", "internal")
            }
            Self::Unavailable => RefusalResponse::new(
                503,
                "The request cannot be served now",
                "temporarily_unavailable",
            ),
            Self::InvalidCursor => {
                RefusalResponse::new(400, "The cursor is not one of this list", "invalid_cursor")
            }
        }
    }
}
