//! `RateLimit`, how many requests in a time, and the buckets that are filled at this rate.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::middleware::StateInformationMiddleware;
use governor::{Quota, RateLimiter};

use super::cells::Cells;
use crate::{Clock, RefusalCause, TenantId};

/// How many requests a tenant may make in a time.
///
/// A bucket for each tenant, which is full at first: each request takes one out, and the rate refills it evenly, not all at
/// once at the end of a minute. That is the generic cell rate algorithm, of the crate
/// [`governor`](https://docs.rs/governor).
///
/// ```
/// use std::num::NonZeroU32;
/// use tenancy_core::RateLimit;
///
/// # fn example() -> Option<RateLimit> {
/// // 10 a second in the long run, and up to 50 at once after a quiet time.
/// let limit = RateLimit::per_second(NonZeroU32::new(10)?).burst(NonZeroU32::new(50)?);
/// # Some(limit)
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit(Quota);

impl RateLimit {
    /// So many requests a second.
    pub fn per_second(requests: NonZeroU32) -> Self {
        Self(Quota::per_second(requests))
    }

    /// So many requests a minute.
    pub fn per_minute(requests: NonZeroU32) -> Self {
        Self(Quota::per_minute(requests))
    }

    /// So many requests an hour.
    pub fn per_hour(requests: NonZeroU32) -> Self {
        Self(Quota::per_hour(requests))
    }

    /// How many requests a tenant that was quiet may make at once. By default as many as the rate is of: 600 a minute
    /// may come as 600 at once.
    pub fn burst(self, requests: NonZeroU32) -> Self {
        Self(self.0.allow_burst(requests))
    }

    /// The policy and what is left of it, in the words of [draft-ietf-httpapi-ratelimit-headers-10]: so many requests, and in
    /// how many seconds there are more.
    ///
    /// [draft-ietf-httpapi-ratelimit-headers-10]: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
    pub(crate) fn fields(self, requests: u32, seconds: u64) -> [(&'static str, String); 2] {
        [
            ("ratelimit-policy", self.policy()),
            ("ratelimit", format!(r#""tenant";r={requests};t={seconds}"#)),
        ]
    }

    /// The value of `RateLimit-Policy` ([draft-ietf-httpapi-ratelimit-headers-10 §3]): the bucket, and in how many seconds
    /// it is full again.
    ///
    /// [draft-ietf-httpapi-ratelimit-headers-10 §3]: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10#section-3
    fn policy(self) -> String {
        let window = whole_seconds(self.0.burst_size_replenished_in());
        format!(r#""tenant";q={};w={window}"#, self.0.burst_size())
    }
}

/// Rounded up: asking too early is the one thing that clients should be kept from.
pub(crate) fn whole_seconds(duration: Duration) -> u64 {
    let fraction = u64::from(duration.subsec_nanos() > 0);
    duration.as_secs().saturating_add(fraction)
}

/// What is left in the bucket of a tenant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct RateLeft {
    limit: RateLimit,
    requests: u32,
}

impl RateLeft {
    /// In how many seconds the bucket is full again goes along.
    pub(super) fn fields(self) -> [(&'static str, String); 2] {
        let RateLimit(quota) = self.limit;
        let taken = quota.burst_size().get().saturating_sub(self.requests);
        let full_in = quota.replenish_interval().saturating_mul(taken);
        self.limit.fields(self.requests, whole_seconds(full_in))
    }
}

/// A bucket for each tenant, all of one rate.
pub(super) struct Rate {
    limit: RateLimit,
    buckets: RateLimiter<TenantId, Cells, Elapsed, StateInformationMiddleware>,
}

impl Rate {
    pub(super) fn new(limit: RateLimit, max_tenants: usize, clock: Arc<dyn Clock>) -> Self {
        let cells = Cells::new(limit.0.replenish_interval(), max_tenants);
        let buckets = RateLimiter::new(limit.0, cells, Elapsed(clock));
        Self { limit, buckets }
    }

    /// Takes one request out of the bucket of `tenant`, and tells what is left in it.
    pub(super) fn take(&self, tenant: &TenantId) -> Result<RateLeft, RefusalCause> {
        use governor::clock::Clock as _;
        let limit = self.limit;
        let checked = self.buckets.check_key(tenant);
        let state = checked.map_err(|not_until| {
            let retry_after = not_until.wait_time_from(self.buckets.clock().now());
            RefusalCause::RateLimited { limit, retry_after }
        })?;
        let requests = state.remaining_burst_capacity();
        Ok(RateLeft { limit, requests })
    }
}

/// Our clock in the words of governor.
struct Elapsed(Arc<dyn Clock>);

impl governor::clock::Clock for Elapsed {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl fmt::Debug for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Rate").field(&self.limit).finish()
    }
}
