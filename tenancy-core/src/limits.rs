//! `Limits`, how much of the service a tenant may take.

mod allowance;
mod cells;
mod concurrency;
mod gate;
mod rate;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

pub use self::allowance::Allowance;
pub use self::concurrency::Permit;
pub(crate) use self::concurrency::WeakPermit;
pub(crate) use self::gate::Gate;
pub use self::rate::RateLimit;
pub(crate) use self::rate::whole_seconds;
use crate::{Clock, SystemClock, TenantContext, TenantId};

/// Of how many tenants a bucket is kept at once, by default.
const MAX_TENANTS: usize = 100_000;

/// What each tenant may take of the service. Given to [`Admission::limits`](crate::Admission::limits).
///
/// Every tenant has an [`Allowance`] of its own: one that is exhausted takes nothing from another. A tenant of the
/// table has its own; otherwise its plan decides; otherwise, and for a plan that is not in the table, the default holds.
///
/// ```
/// use std::num::NonZeroU32;
/// use tenancy_core::{Allowance, Limits, RateLimit, TenantId};
///
/// # fn example() -> Option<Limits> {
/// let free = Allowance::new().rate(RateLimit::per_second(NonZeroU32::new(10)?)).concurrent(NonZeroU32::new(4)?);
/// let pro = Allowance::new().rate(RateLimit::per_second(NonZeroU32::new(100)?)).concurrent(NonZeroU32::new(32)?);
/// let limits = Limits::new(free)
///     .plan("pro", pro)
///     .plan_by(|tenant| tenant.claims()?.claim("plan").ok()?)
///     .tenant(TenantId::parse("our-own").ok()?, Allowance::new());
/// # Some(limits)
/// # }
/// # assert!(example().is_some());
/// ```
///
/// They are counted in the memory of this process, and each instance of a service counts for itself. Requests without a
/// tenant, on exempt paths or without a credential, are not counted.
#[derive(Clone)]
pub struct Limits {
    default: Allowance,
    plans: HashMap<String, Allowance>,
    tenants: HashMap<TenantId, Allowance>,
    plan_by: Arc<PlanBy>,
    max_tenants: usize,
    clock: Arc<dyn Clock>,
}

type PlanBy = dyn Fn(&TenantContext) -> Option<String> + Send + Sync;

impl Limits {
    /// Limits that give `default` to every tenant.
    pub fn new(default: Allowance) -> Self {
        Self {
            default,
            plans: HashMap::new(),
            tenants: HashMap::new(),
            plan_by: Arc::new(|tenant| tenant.record()?.plan().map(str::to_owned)),
            max_tenants: MAX_TENANTS,
            clock: Arc::new(SystemClock::default()),
        }
    }

    /// Gives each tenant of this plan `allowance`.
    pub fn plan(mut self, name: impl Into<String>, allowance: Allowance) -> Self {
        self.plans.insert(name.into(), allowance);
        self
    }

    /// Tells the plan of a tenant, with each request: keep it quick. Plans are compared byte for byte. Without this it is
    /// that of its [`record`](TenantContext::record) in the directory, if there is one.
    ///
    /// Where two requests of a tenant are told different plans, each plan counts for itself.
    pub fn plan_by(
        mut self,
        plan: impl Fn(&TenantContext) -> Option<String> + Send + Sync + 'static,
    ) -> Self {
        self.plan_by = Arc::new(plan);
        self
    }

    /// Gives this tenant `allowance`, whatever its plan.
    pub fn tenant(mut self, tenant: TenantId, allowance: Allowance) -> Self {
        self.tenants.insert(tenant, allowance);
        self
    }

    /// Of how many tenants, for each rate, a bucket is kept at once; 100 000 by default, of about 150 bytes each, and of
    /// more where ids are longer than 40 bytes.
    ///
    /// A bucket that is full again is forgotten. When more tenants than this are busy, those who have used least of
    /// their rate are forgotten first, and begin anew with a full bucket.
    pub fn max_tenants(mut self, tenants: usize) -> Self {
        self.max_tenants = tenants;
        self
    }

    /// Where time comes from.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }
}

impl fmt::Debug for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limits")
            .field("default", &self.default)
            .field("plans", &self.plans)
            .field("tenants", &self.tenants)
            .field("max_tenants", &self.max_tenants)
            .finish_non_exhaustive()
    }
}
