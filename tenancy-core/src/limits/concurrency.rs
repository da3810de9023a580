//! `Permit`, one of the requests that a tenant may make at once, and `WeakPermit`, by which it can be held longer.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::{Arc, Mutex, Weak};

use foldhash::quality::RandomState;

use super::rate::RateLeft;
use crate::{RefusalCause, TenantId, lock};

/// How many requests of each tenant are in the service. A tenant without one takes no memory.
#[derive(Debug, Default)]
pub(super) struct Running(Mutex<HashMap<TenantId, u32, RandomState>>);

impl Running {
    pub(super) fn enter(
        self: &Arc<Self>,
        tenant: &TenantId,
        at_most: NonZeroU32,
    ) -> Result<Permit, RefusalCause> {
        let mut running = lock(&self.0);
        match running.get_mut(tenant) {
            Some(count) if *count >= at_most.get() => {
                return Err(RefusalCause::TooManyConcurrent { at_most });
            }
            Some(count) => *count += 1,
            None => {
                running.insert(tenant.clone(), 1);
            }
        }
        let held = Held {
            running: Arc::clone(self),
            tenant: tenant.clone(),
        };
        Ok(Permit {
            held: Some(Arc::new(held)),
            rate: None,
        })
    }

    fn leave(&self, tenant: &TenantId) {
        let mut running = lock(&self.0);
        match running.get_mut(tenant) {
            Some(count) if *count > 1 => *count -= 1,
            _ => {
                running.remove(tenant);
            }
        }
    }
}

/// The place of a request among those that its tenant may make at once. Held while the request is served, and free again
/// when dropped.
#[derive(Debug, Default)]
#[must_use = "the request no longer counts once this is dropped"]
pub struct Permit {
    held: Option<Arc<Held>>,
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

    /// The same place, without holding it: whoever keeps the request need not mean to keep its place.
    pub(crate) fn downgrade(&self) -> WeakPermit {
        WeakPermit(self.held.as_ref().map(Arc::downgrade))
    }
}

/// A [`Permit`] that holds nothing.
#[derive(Debug)]
pub(crate) struct WeakPermit(Option<Weak<Held>>);

impl WeakPermit {
    /// Holds the place too: it is taken once, and free again when the last permit is dropped. `None` when it is free already.
    ///
    /// Where the tenant may make as many requests at once as it likes, there is no place to hold, and always a permit. What is
    /// left of a rate is the first permit's to tell.
    pub(crate) fn upgrade(&self) -> Option<Permit> {
        let held = match &self.0 {
            Some(held) => Some(held.upgrade()?),
            None => None,
        };
        Some(Permit { held, rate: None })
    }
}

struct Held {
    running: Arc<Running>,
    tenant: TenantId,
}

/// Shows no other tenant.
impl fmt::Debug for Held {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Held").field(&self.tenant).finish()
    }
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
    fn a_place_that_several_hold_is_taken_once_and_free_after_the_last() {
        let running = Arc::new(Running::default());
        let two = NonZeroU32::new(2).unwrap();
        let acme = TenantId::parse("acme").unwrap();
        let first = running.enter(&acme, two).unwrap();
        let weak = first.downgrade();
        let (second, third) = (weak.upgrade().unwrap(), weak.upgrade().unwrap());
        let other = running.enter(&acme, two).unwrap();
        assert!(running.enter(&acme, two).is_err());
        drop((first, third));
        assert!(running.enter(&acme, two).is_err(), "one still holds it");
        drop(second);
        assert!(running.enter(&acme, two).is_ok());
        assert!(weak.upgrade().is_none(), "it may be another's by now");
        drop(other);
        assert!(lock(&running.0).is_empty());
    }

    #[test]
    fn a_weak_permit_holds_nothing_and_without_a_cap_there_is_nothing_to_hold() {
        let running = Arc::new(Running::default());
        let acme = TenantId::parse("acme").unwrap();
        let weak = running.enter(&acme, NonZeroU32::MIN).unwrap().downgrade();
        assert!(lock(&running.0).is_empty());
        assert!(weak.upgrade().is_none());
        assert!(Permit::default().downgrade().upgrade().is_some());
    }

    #[test]
    fn a_permit_shows_no_other_tenant() {
        let running = Arc::new(Running::default());
        let [acme, globex] = ["acme", "globex"].map(|id| TenantId::parse(id).unwrap());
        let _other = running.enter(&globex, NonZeroU32::MIN).unwrap();
        let shown = format!("{:?}", running.enter(&acme, NonZeroU32::MIN).unwrap());
        assert!(
            shown.contains("acme") && !shown.contains("globex"),
            "{shown}"
        );
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
