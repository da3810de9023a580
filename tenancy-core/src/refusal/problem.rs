//! `Problem`, what a client is told whose request was not refused and cannot be served. For the adapters.

use super::RefusalResponse;

/// Why a request that was not refused cannot be served.
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
        let (status, code, title) = self.row();
        let mut response = RefusalResponse::new(status, title, code);
        if self == Self::Unavailable {
            // Nobody knows when it is over; most outages are short.
            response.retry_after = Some(1);
        }
        response
    }

    /// The stable code, which the body has too.
    pub fn code(self) -> &'static str {
        self.row().1
    }

    /// Status, code and title.
    fn row(self) -> (u16, &'static str, &'static str) {
        match self {
            Self::Internal => (500, "internal", "The request could not be served"),
            Self::Unavailable => (
                503,
                "temporarily_unavailable",
                "The request cannot be served now",
            ),
            Self::InvalidCursor => (400, "invalid_cursor", "The cursor is not one of this list"),
        }
    }
}
