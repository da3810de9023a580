//! `Allowance`, what one tenant may take.

use std::num::NonZeroU32;

use super::RateLimit;

/// What one tenant may take: how many requests in a time, and how many at once. See [`Limits`](crate::Limits).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Allowance {
    pub(super) rate: Option<RateLimit>,
    pub(super) concurrent: Option<NonZeroU32>,
}

impl Allowance {
    /// As much as a tenant likes.
    pub fn new() -> Self {
        Self::default()
    }

    /// At most so many requests in a time. One more is refused with 429, and counts neither against the rate nor
    /// against the requests at once.
    pub fn rate(mut self, limit: RateLimit) -> Self {
        self.rate = Some(limit);
        self
    }

    /// At most so many requests at once. One more is refused with 503; it counts against the rate.
    ///
    /// A request counts until the server has taken the whole body of its response, which of a stream is when that ends, or has
    /// dropped it. On actix-web a WebSocket is the body of the response, and counts as
    /// long as it is open; on axum it counts as long as its handler holds the `Permit` of the request, an extractor of
    /// `tenancy-axum`, and otherwise until it is upgraded.
    pub fn concurrent(mut self, requests: NonZeroU32) -> Self {
        self.concurrent = Some(requests);
        self
    }
}
