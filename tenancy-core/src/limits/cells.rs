//! `Cells`, the state of the buckets, for a bounded number of tenants.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use governor::nanos::Nanos;
use governor::state::StateStore;

use crate::{TenantId, lock};

/// With fewer cells than this nobody looks for idle ones.
const FEW: usize = 64;

/// When each bucket will be full again, which is all that the algorithm remembers of it.
///
/// New tenants pay for the tidying, whose cost a constant number of them shares: cells are looked through when there are
/// twice as many as were left the last time.
pub(super) struct Cells {
    /// In which time one request comes back.
    interval: Nanos,
    max: usize,
    state: Mutex<State>,
}

struct State {
    full_at: HashMap<TenantId, Nanos>,
    tidy_at: usize,
}

impl Cells {
    pub(super) fn new(interval: Duration, max: usize) -> Self {
        let max = max.max(1);
        let full_at = HashMap::new();
        let tidy_at = FEW.min(max);
        Self {
            interval: interval.into(),
            max,
            state: Mutex::new(State { full_at, tidy_at }),
        }
    }
}

impl StateStore for Cells {
    type Key = TenantId;

    fn measure_and_replace<T, F, E>(&self, tenant: &TenantId, judge: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut state = lock(&self.state);
        if let Some(full_at) = state.full_at.get_mut(tenant) {
            let (outcome, next) = judge(Some(*full_at))?;
            *full_at = next;
            return Ok(outcome);
        }
        let (outcome, next) = judge(None)?;
        if state.full_at.len() >= state.tidy_at {
            // One request was taken out of a bucket that is full now.
            let now = next.saturating_sub(self.interval);
            state.tidy(now, self.max);
        }
        state.full_at.insert(tenant.clone(), next);
        Ok(outcome)
    }
}

impl State {
    /// Forgets buckets that are full, which are like new ones, and makes room when there is none.
    fn tidy(&mut self, now: Nanos, max: usize) {
        self.full_at.retain(|_, full_at| *full_at > now);
        if self.full_at.len() >= max {
            self.forget_an_eighth();
        }
        if self.full_at.capacity() / 4 > self.full_at.len() {
            self.full_at.shrink_to(2 * self.full_at.len());
        }
        self.tidy_at = (2 * self.full_at.len()).max(FEW).min(max);
    }

    /// Of those tenants who have used least.
    fn forget_an_eighth(&mut self) {
        let mut times: Vec<Nanos> = self.full_at.values().copied().collect();
        let mut surplus = times.len() / 8 + 1;
        let (_, limit, _) = times.select_nth_unstable(surplus - 1);
        let limit = *limit;
        self.full_at.retain(|_, full_at| {
            let forgotten = *full_at <= limit && surplus > 0;
            surplus -= usize::from(forgotten);
            !forgotten
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(number: usize) -> TenantId {
        TenantId::parse(&number.to_string()).unwrap()
    }

    /// Uses `tenant` at a time in seconds, with buckets that get one request back a second.
    fn used(cells: &Cells, tenant: &TenantId, now: u64) {
        let now = Nanos::from(Duration::from_secs(now));
        let second = Nanos::from(Duration::from_secs(1));
        let judge =
            |full_at: Option<Nanos>| Ok::<_, ()>(((), full_at.unwrap_or(now).max(now) + second));
        cells.measure_and_replace(tenant, judge).unwrap();
    }

    fn len(cells: &Cells) -> usize {
        lock(&cells.state).full_at.len()
    }

    fn knows(cells: &Cells, tenant: &TenantId) -> bool {
        lock(&cells.state).full_at.contains_key(tenant)
    }

    #[test]
    fn a_million_tenants_who_come_and_go_take_little_memory() {
        let cells = Cells::new(Duration::from_secs(1), 100_000);
        for number in 0..1_000_000 {
            // A hundred a second.
            used(&cells, &tenant(number), number as u64 / 100);
        }
        assert!(len(&cells) <= 400, "{}", len(&cells));
        assert!(lock(&cells.state).full_at.capacity() <= 4_000);
    }

    #[test]
    fn there_are_never_more_buckets_than_allowed() {
        for max in [0, 1, 2, 7, 8, 64, 100, 1_000] {
            let cells = Cells::new(Duration::from_secs(1), max);
            for number in 0..5_000 {
                used(&cells, &tenant(number), 0);
                assert!(len(&cells) <= max.max(1), "{max}");
            }
            assert!(knows(&cells, &tenant(4_999)), "the last one has a place");
        }
    }

    #[test]
    fn those_who_used_most_are_forgotten_last() {
        let cells = Cells::new(Duration::from_secs(1), 100);
        let busy = tenant(1_000_000);
        for _ in 0..50 {
            used(&cells, &busy, 0);
        }
        for number in 0..5_000 {
            used(&cells, &tenant(number), 0);
        }
        assert!(knows(&cells, &busy));
        used(&cells, &tenant(5_000), 60);
        for number in 6_000..6_200 {
            used(&cells, &tenant(number), 60);
        }
        assert!(!knows(&cells, &busy), "full again, and gone");
    }
}
