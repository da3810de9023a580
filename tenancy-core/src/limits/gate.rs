//! `Gate`, where `Limits` are kept.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use super::concurrency::{Permit, Running};
use super::rate::Rate;
use super::{Allowance, Limits, PlanBy};
use crate::{RefusalCause, TenantContext, TenantId};

/// Counts the requests of each tenant and lets in what its allowance permits.
pub(crate) struct Gate {
    default: Lane,
    plans: HashMap<String, Lane>,
    tenants: HashMap<TenantId, Lane>,
    plan_by: Arc<PlanBy>,
    running: Arc<Running>,
}

/// An allowance, and what the tenants that have it have used.
#[derive(Debug)]
struct Lane {
    rate: Option<Rate>,
    concurrent: Option<NonZeroU32>,
}

impl Gate {
    pub(crate) fn new(limits: Limits) -> Self {
        let lane = |allowance: Allowance| Lane {
            rate: allowance
                .rate
                .map(|rate| Rate::new(rate, limits.max_tenants, Arc::clone(&limits.clock))),
            concurrent: allowance.concurrent,
        };
        let plans = limits.plans.into_iter();
        let tenants = limits.tenants.into_iter();
        Self {
            default: lane(limits.default),
            plans: plans.map(|(name, it)| (name, lane(it))).collect(),
            tenants: tenants.map(|(id, it)| (id, lane(it))).collect(),
            plan_by: limits.plan_by,
            running: Arc::default(),
        }
    }

    /// Lets a request in, which counts until the permit is dropped.
    pub(crate) fn enter(&self, context: &TenantContext) -> Result<Permit, RefusalCause> {
        let tenant = context.tenant();
        let lane = self.lane(context);
        let rate = lane.rate.as_ref();
        let left = rate.map(|rate| rate.take(tenant)).transpose()?;
        let permit = match lane.concurrent {
            Some(at_most) => self.running.enter(tenant, at_most)?,
            None => Permit::default(),
        };
        Ok(permit.with_rate(left))
    }

    fn lane(&self, context: &TenantContext) -> &Lane {
        if let Some(own) = self.tenants.get(context.tenant()) {
            return own;
        }
        if self.plans.is_empty() {
            return &self.default;
        }
        let plan = (self.plan_by)(context).and_then(|plan| self.plans.get(&plan));
        plan.unwrap_or(&self.default)
    }
}

impl fmt::Debug for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Gate")
            .field("default", &self.default)
            .field("plans", &self.plans)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::json;

    use super::*;
    use crate::context::tests::context;
    use crate::{ManualClock, RateLimit, TenantRecord, UnixTime};

    fn number(number: u32) -> NonZeroU32 {
        NonZeroU32::new(number).unwrap()
    }

    fn of(tenant: &str, plan: &str) -> TenantContext {
        context(&json!({ "org": tenant, "plan": plan }))
    }

    /// How many of `tries` requests get in, and for how long the last one that did not has to wait.
    fn admitted(gate: &Gate, context: &TenantContext, tries: u32) -> (u32, Option<Duration>) {
        let (mut count, mut wait) = (0, None);
        for _ in 0..tries {
            match gate.enter(context) {
                Ok(_) => count += 1,
                Err(RefusalCause::RateLimited { retry_after, .. }) => wait = Some(retry_after),
                Err(other) => panic!("{other:?}"),
            }
        }
        (count, wait)
    }

    fn clock() -> Arc<ManualClock> {
        Arc::new(ManualClock::at(UnixTime::from_seconds(1_700_000_000)))
    }

    #[test]
    fn the_plan_is_that_of_the_record_unless_another_is_told() {
        let at_once = |most| Allowance::new().concurrent(number(most));
        let limits = || Limits::new(at_once(1)).plan("pro", at_once(3));
        let of_plan = |plan: &str| {
            let tenant = TenantId::parse("acme").unwrap();
            let record = TenantRecord::new(tenant.clone()).with_plan(plan);
            TenantContext::assumed(tenant, "test".to_owned(), Some(record))
        };
        let places = |limits: Limits, plan: &str| {
            let gate = Gate::new(limits);
            let permits: Vec<_> = (0..9)
                .map_while(|_| gate.enter(&of_plan(plan)).ok())
                .collect();
            permits.len()
        };
        assert_eq!(places(limits(), "pro"), 3);
        assert_eq!(places(limits(), "Pro"), 1);
        let told = limits().plan_by(|_| Some("pro".to_owned()));
        assert_eq!(places(told, "free"), 3);
    }

    #[test]
    fn a_tenant_gets_its_rate_and_takes_nothing_from_another() {
        let clock = clock();
        let rate = RateLimit::per_second(number(2)).burst(number(5));
        let gate = Gate::new(Limits::new(Allowance::new().rate(rate)).clock(Arc::clone(&clock)));
        let (acme, globex) = (of("acme", ""), of("globex", ""));
        assert_eq!(
            admitted(&gate, &acme, 50),
            (5, Some(Duration::from_millis(500)))
        );
        assert_eq!(admitted(&gate, &globex, 5), (5, None));
        clock.advance(Duration::from_millis(499));
        assert_eq!(admitted(&gate, &acme, 9).0, 0);
        clock.advance(Duration::from_millis(1));
        assert_eq!(
            admitted(&gate, &acme, 9),
            (1, Some(Duration::from_millis(500)))
        );
        clock.advance(Duration::from_hours(1));
        assert_eq!(
            admitted(&gate, &acme, 9).0,
            5,
            "no more than the burst is saved up"
        );
    }

    #[test]
    fn what_is_left_is_told_until_nothing_is() {
        let clock = clock();
        let rate = RateLimit::per_minute(number(6)).burst(number(3));
        let gate = Gate::new(Limits::new(Allowance::new().rate(rate)).clock(Arc::clone(&clock)));
        let acme = of("acme", "");
        let told = || {
            let permit = gate.enter(&acme).unwrap();
            let fields: Vec<_> = permit.fields().map(|(_, value)| value).collect();
            assert_eq!(fields[0], r#""tenant";q=3;w=30"#);
            fields[1].clone()
        };
        assert_eq!(told(), r#""tenant";r=2;t=10"#);
        assert_eq!(told(), r#""tenant";r=1;t=20"#);
        assert_eq!(told(), r#""tenant";r=0;t=30"#);
        assert!(gate.enter(&acme).is_err());
        clock.advance(Duration::from_secs(25));
        assert_eq!(told(), r#""tenant";r=1;t=20"#);
        let unlimited = Gate::new(Limits::new(Allowance::new().concurrent(number(1))));
        assert_eq!(unlimited.enter(&acme).unwrap().fields().count(), 0);
    }

    #[test]
    fn a_tenant_has_its_own_allowance_or_that_of_its_plan_or_the_default() {
        let allow = |requests| Allowance::new().rate(RateLimit::per_hour(number(requests)));
        let limits = Limits::new(allow(1))
            .plan("pro", allow(3))
            .plan("max", Allowance::new())
            .plan_by(|tenant| tenant.claims()?.claim("plan").ok()?)
            .tenant(TenantId::parse("initech").unwrap(), allow(2))
            .clock(clock());
        let gate = Gate::new(limits);
        for (tenant, plan, expected) in [
            ("a", "pro", 3),
            ("b", "max", 9),
            ("c", "Pro", 1),
            ("d", "unheard of", 1),
            ("e", "", 1),
            ("initech", "max", 2),
            ("initech", "pro", 0),
            // Two plans of one tenant count for themselves, and changing between them refills nothing.
            ("a", "", 1),
            ("a", "pro", 0),
        ] {
            let (count, _) = admitted(&gate, &of(tenant, plan), 9);
            assert_eq!(count, expected, "{tenant} {plan}");
        }
    }

    #[test]
    fn what_is_told_is_the_policy_that_counts_for_the_tenant() {
        let allow = |requests| Allowance::new().rate(RateLimit::per_hour(number(requests)));
        let limits = Limits::new(allow(1))
            .plan("pro", allow(3))
            .plan_by(|tenant| tenant.claims()?.claim("plan").ok()?)
            .tenant(TenantId::parse("initech").unwrap(), allow(2))
            .clock(clock());
        let gate = Gate::new(limits);
        for (tenant, plan, requests) in [("a", "pro", 3), ("a", "", 1), ("initech", "pro", 2)] {
            let permit = gate.enter(&of(tenant, plan)).unwrap();
            let told: Vec<_> = permit.fields().map(|(_, value)| value).collect();
            let policy = format!(r#""tenant";q={requests};w=3600"#);
            assert_eq!(told[0], policy, "{tenant} {plan}");
        }
    }

    #[test]
    fn requests_at_once_are_those_of_the_tenant_whatever_its_plan() {
        let limits = Limits::new(Allowance::new().concurrent(number(1)))
            .plan("pro", Allowance::new().concurrent(number(2)))
            .plan_by(|tenant| tenant.claims()?.claim("plan").ok()?);
        let gate = Gate::new(limits);
        let first = gate.enter(&of("acme", "")).unwrap();
        assert!(gate.enter(&of("acme", "")).is_err());
        let second = gate.enter(&of("acme", "pro")).unwrap();
        assert!(gate.enter(&of("acme", "pro")).is_err());
        let other = gate.enter(&of("globex", "")).unwrap();
        drop((first, second));
        assert!(gate.enter(&of("acme", "")).is_ok());
        drop(other);
    }

    #[test]
    fn what_the_concurrency_cap_refuses_counts_against_the_rate() {
        let allowance = Allowance::new()
            .rate(RateLimit::per_hour(number(3)))
            .concurrent(number(1));
        let gate = Gate::new(Limits::new(allowance).clock(clock()));
        let acme = of("acme", "");
        let _permit = gate.enter(&acme).unwrap();
        let causes: Vec<_> = (0..3).map(|_| gate.enter(&acme).unwrap_err()).collect();
        assert!(matches!(
            causes[..],
            [
                RefusalCause::TooManyConcurrent { .. },
                RefusalCause::TooManyConcurrent { .. },
                RefusalCause::RateLimited { .. },
            ]
        ));
    }
}
