//! `Permit`, one of the requests that a tenant may make at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex};

use super::rate::RateLeft;
use crate::{RefusalCause, TenantId, lock};

/// How many requests of each tenant are in the service. A tenant without one takes no memory.
#[derive(Debug, Default)]
pub(super) struct Running(Mutex<HashMap<TenantId, u32>>);

impl Running {
    pub(super) fn enter(
        self: &Arc<Self>,
        tenant: &TenantId,
        at_most: NonZeroU32,
    ) -> Result<Permit, RefusalCause> {
        let mut running = lock(&self.0);
        let count = running.get(tenant).copied().unwrap_or_default();
        if count >= at_most.get() {
            return Err(RefusalCause::TooManyConcurrent { at_most });
        }
        running.insert(tenant.clone(), count + 1);
        let held = Held {
            running: Arc::clone(self),
            tenant: tenant.clone(),
        };
        Ok(Permit {
            _held: Some(held),
            rate: None,
        })
    }

    fn leave(&self, tenant: &TenantId) {
        let mut running = lock(&self.0);
        if let Entry::Occupied(mut count) = running.entry(tenant.clone()) {
            match count.get().checked_sub(1) {
                None | Some(0) => {
                    count.remove();
                }
                Some(rest) => {
                    count.insert(rest);
                }
            }
        }
    }
}

/// The place of a request among those that its tenant may make at once. Held while the request is served, and free again
/// when dropped.
#[derive(Debug, Default)]
#[must_use = "the request no longer counts once this is dropped"]
pub struct Permit {
    _held: Option<Held>,
    rate: Option<RateLeft>,
}

impl Permit {
    pub(super) fn with_rate(mut self, rate: Option<RateLeft>) -> Self {
        self.rate = rate;
        self
    }

    /// The header fields that tell the client of an admitted request what is left of its tenant's rate, names in lower case:
    /// `RateLimit-Policy`, the requests in a bucket and in how many seconds it is full again, and `RateLimit`, the requests
    /// left in it and in how many seconds it is full again ([draft-ietf-httpapi-ratelimit-headers]). None where the tenant has
    /// no rate. Both are lists, to which a service may add policies of its own.
    ///
    /// [draft-ietf-httpapi-ratelimit-headers]: https://datatracker.ietf.org/doc/html/draft-ietf-httpapi-ratelimit-headers-10
    pub fn fields(&self) -> impl Iterator<Item = (&'static str, String)> + use<> {
        self.rate.into_iter().flat_map(RateLeft::fields)
    }
}

#[derive(Debug)]
struct Held {
    running: Arc<Running>,
    tenant: TenantId,
}

impl Drop for Held {
    fn drop(&mut self) {
        self.running.leave(&self.tenant);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_free_again_when_its_permit_is_dropped_and_nothing_is_left_behind() {
        let running = Arc::new(Running::default());
        let two = NonZeroU32::new(2).unwrap();
        let [acme, globex] = ["acme", "globex"].map(|id| TenantId::parse(id).unwrap());
        let first = running.enter(&acme, two).unwrap();
        let second = running.enter(&acme, two).unwrap();
        let refused = running.enter(&acme, two).unwrap_err();
        assert_eq!(refused, RefusalCause::TooManyConcurrent { at_most: two });
        let other = running.enter(&globex, two).unwrap();
        drop(first);
        let third = running.enter(&acme, two).unwrap();
        assert!(running.enter(&acme, two).is_err());
        drop((second, third, other));
        assert!(lock(&running.0).is_empty());
    }

    #[test]
    fn a_panic_gives_the_place_back() {
        let running = Arc::new(Running::default());
        let acme = TenantId::parse("acme").unwrap();
        let inner = Arc::clone(&running);
        let thread = std::thread::spawn(move || {
            let _permit = inner.enter(&acme, NonZeroU32::MIN).unwrap();
            panic!("as a handler may");
        });
        assert!(thread.join().is_err());
        assert!(lock(&running.0).is_empty());
    }
}
