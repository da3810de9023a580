//! `Share`, how many connections of a pool a tenant may hold at once.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use sqlx_core::rt;
use tenancy_core::TenantId;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::Error;

/// The seats of each tenant. A tenant that neither holds a connection nor waits for one takes no memory.
#[derive(Debug)]
pub(crate) struct Share {
    most: u32,
    tenants: Mutex<HashMap<TenantId, Seats>>,
}

#[derive(Debug)]
struct Seats {
    free: Arc<Semaphore>,
    /// Who holds a seat or waits for one.
    present: usize,
}

/// The right to one connection, held until it is back in the pool.
#[derive(Debug)]
pub(crate) struct Seat {
    // Given up first: while it is held, its tenant has an entry.
    _permit: OwnedSemaphorePermit,
    _present: Present,
}

/// A tenant has an entry while somebody is present.
#[derive(Debug)]
struct Present {
    share: Arc<Share>,
    tenant: TenantId,
}

impl Share {
    pub(crate) fn new(most: u32) -> Self {
        Self {
            most,
            tenants: Mutex::default(),
        }
    }

    /// Waits for a seat, after those of the same tenant who came before. Dropped while it waits, it leaves nothing behind.
    pub(crate) async fn seat(
        self: &Arc<Self>,
        tenant: &TenantId,
        patience: Duration,
    ) -> Result<Seat, Error> {
        let (present, free) = self.come(tenant);
        match rt::timeout(patience, free.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(Seat {
                _permit: permit,
                _present: present,
            }),
            // The semaphore is never closed.
            Ok(Err(_)) | Err(_) => Err(Error::PoolShare {
                tenant: tenant.clone(),
                most: self.most,
            }),
        }
    }

    fn come(self: &Arc<Self>, tenant: &TenantId) -> (Present, Arc<Semaphore>) {
        let mut tenants = self.tenants();
        let seats = tenants.entry(tenant.clone()).or_insert_with(|| Seats {
            free: Arc::new(Semaphore::new(self.most as usize)),
            present: 0,
        });
        seats.present += 1;
        let present = Present {
            share: Arc::clone(self),
            tenant: tenant.clone(),
        };
        (present, Arc::clone(&seats.free))
    }

    /// Also after a panic elsewhere: each of the few steps under the lock leaves the map whole.
    fn tenants(&self) -> MutexGuard<'_, HashMap<TenantId, Seats>> {
        self.tenants.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Present {
    fn drop(&mut self) {
        if let Entry::Occupied(mut seats) = self.share.tenants().entry(self.tenant.clone()) {
            seats.get_mut().present -= 1;
            if seats.get().present == 0 {
                seats.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    const LONG: Duration = Duration::from_mins(1);

    fn tenant(id: &str) -> TenantId {
        TenantId::parse(id).unwrap()
    }

    #[tokio::test(start_paused = true)]
    async fn a_tenant_waits_for_its_own_seats_only_and_not_for_ever() {
        let share = Arc::new(Share::new(2));
        let acme = tenant("acme");
        let held = [
            share.seat(&acme, LONG).await.unwrap(),
            share.seat(&acme, LONG).await.unwrap(),
        ];
        let refused = share.seat(&acme, LONG).await.unwrap_err();
        assert!(
            matches!(refused, Error::PoolShare { most: 2, .. }),
            "{refused}"
        );
        let other = share.seat(&tenant("globex"), Duration::ZERO).await.unwrap();
        let (waiting, ()) = tokio::join!(share.seat(&acme, LONG), async { drop(held) });
        drop((waiting.unwrap(), other));
        assert!(share.tenants().is_empty());
    }

    #[tokio::test(start_paused = true)]
    async fn a_waiter_that_is_dropped_leaves_no_trace() {
        let share = Arc::new(Share::new(1));
        let acme = tenant("acme");
        let held = share.seat(&acme, LONG).await.unwrap();
        for _ in 0..100 {
            let waiting = tokio::time::timeout(Duration::from_millis(1), share.seat(&acme, LONG));
            assert!(waiting.await.is_err());
        }
        assert_eq!(share.tenants()[&acme].present, 1);
        // One that is dropped when its seat was just given to it passes the seat on.
        let mut waiting = Box::pin(share.seat(&acme, LONG));
        assert!((&mut waiting).now_or_never().is_none());
        drop(held);
        drop(waiting);
        drop(share.seat(&acme, Duration::from_millis(1)).await.unwrap());
        assert!(share.tenants().is_empty());
    }
}
