//! `TenantLabels`, which tenants have a label of their own in a metric.

use std::collections::HashSet;
use std::sync::{PoisonError, RwLock};

use crate::TenantId;

/// Of tenants without a label of their own.
const OTHER: &str = "other";

/// The first tenants that were seen, up to a number.
#[derive(Debug)]
pub(super) struct TenantLabels {
    max: usize,
    known: RwLock<HashSet<TenantId>>,
}

impl TenantLabels {
    pub(super) fn new(max: usize) -> Self {
        let known = RwLock::default();
        Self { max, known }
    }

    /// The label of `tenant`, or the empty one of requests without.
    pub(super) fn of<'t>(&self, tenant: Option<&'t TenantId>) -> &'t str {
        let Some(tenant) = tenant else {
            return "";
        };
        if self.has(tenant) || self.has_room_for(tenant) {
            tenant.as_str()
        } else {
            OTHER
        }
    }

    fn has(&self, tenant: &TenantId) -> bool {
        let known = self.known.read().unwrap_or_else(PoisonError::into_inner);
        known.contains(tenant)
    }

    fn has_room_for(&self, tenant: &TenantId) -> bool {
        let is_full = |known: &HashSet<TenantId>| known.len() >= self.max;
        // Once it is full nobody waits for anybody.
        if is_full(&self.known.read().unwrap_or_else(PoisonError::into_inner)) {
            return false;
        }
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have been here in between.
        known.contains(tenant) || (!is_full(&known) && known.insert(tenant.clone()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tenant(n: usize) -> TenantId {
        TenantId::parse(&format!("tenant-{n}")).unwrap()
    }

    #[test]
    fn a_million_tenants_have_no_more_labels_than_allowed() {
        let labels = TenantLabels::new(100);
        let all: HashSet<String> = std::thread::scope(|scope| {
            let threads = [0, 250_000, 500_000, 750_000].map(|from| {
                let labels = &labels;
                scope.spawn(move || {
                    let tenants = (from..from + 250_000).map(tenant);
                    tenants
                        .map(|tenant| labels.of(Some(&tenant)).to_owned())
                        .collect::<HashSet<_>>()
                })
            });
            let labels = threads.into_iter().flat_map(|it| it.join().unwrap());
            labels.collect()
        });
        assert_eq!(all.len(), 101);
        assert!(all.contains(OTHER));
        assert_eq!(labels.known.read().unwrap().len(), 100);
    }

    #[test]
    fn a_tenant_keeps_its_label() {
        let labels = TenantLabels::new(2);
        let [first, second, third] = [1, 2, 3].map(tenant);
        for _ in 0..2 {
            assert_eq!(labels.of(Some(&first)), "tenant-1");
            assert_eq!(labels.of(Some(&second)), "tenant-2");
            assert_eq!(labels.of(Some(&third)), "other");
            assert_eq!(labels.of(None), "");
        }
        assert_eq!(TenantLabels::new(0).of(Some(&first)), "other");
    }
}
