//! Limits: what is left is told, what is too much is refused, in the same words on both frameworks.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tenancy_core::{Allowance, Limits, ManualClock, RateLimit, UnixTime};

use super::Provider;
use super::both::Both;
use crate::twins::{Reply, get};

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn field<'r>(reply: &'r Reply, name: &str) -> Option<&'r str> {
    let fields = reply.fields.iter();
    let mut values = fields.filter(|(field, _)| field == name);
    let (_, value) = values.next()?;
    assert!(values.next().is_none(), "{name} stands there once");
    Some(value)
}

#[tokio::test]
async fn what_is_left_of_a_rate_is_told_with_every_answer() {
    let provider = Provider::new();
    let clock = Arc::new(ManualClock::at(UnixTime::from_seconds(1_700_000_000)));
    let rate = RateLimit::per_minute(number(6)).burst(number(3));
    let limits = || Limits::new(Allowance::new().rate(rate)).clock(Arc::clone(&clock));
    let admission = || {
        let admission = provider.admission().exempt("/open").unwrap().optional();
        admission.limits(limits())
    };
    let mut both = Both::counting(admission).await;
    let ada = provider.bearer("acme", "ada");
    let ada = [("authorization", ada.as_str())];
    // Whatever the answer is, it was a request: one that is served, one that no route takes, one that a guard denies.
    for (target, status, left) in [
        ("/who", 200, "r=2;t=10"),
        ("/nowhere", 404, "r=1;t=20"),
        ("/guarded/role", 403, "r=0;t=30"),
        ("/who", 429, "r=0;t=10"),
        ("/guarded/role", 429, "r=0;t=10"),
    ] {
        let reply = both.ask(&get(target, &ada)).await;
        assert_eq!(reply.status, status, "{target}");
        assert_eq!(
            field(&reply, "ratelimit-policy"),
            Some(r#""tenant";q=3;w=30"#)
        );
        let expected = format!(r#""tenant";{left}"#);
        assert_eq!(
            field(&reply, "ratelimit"),
            Some(expected.as_str()),
            "{target}"
        );
        let retry_after = (status == 429).then_some("10");
        assert_eq!(field(&reply, "retry-after"), retry_after);
    }
    // Nobody is told about the rate of somebody else, or before there is a tenant.
    let eve = provider.bearer("globex", "eve");
    let eve = both.ask(&get("/who", &[("authorization", &eve)])).await;
    assert_eq!(field(&eve, "ratelimit"), Some(r#""tenant";r=2;t=10"#));
    let bad = [("authorization", "Bearer a.b.c")];
    for (target, fields) in [("/open", &ada[..]), ("/maybe", &[]), ("/who", &bad)] {
        let reply = both.ask(&get(target, fields)).await;
        assert_eq!(field(&reply, "ratelimit"), None, "{target}");
        assert_eq!(field(&reply, "ratelimit-policy"), None, "{target}");
    }
    clock.advance(Duration::from_secs(10));
    both.expect(&get("/who", &ada), 200, "acme").await;
    both.expect(&get("/who", &ada), 429, "rate_limited").await;
}

#[tokio::test]
async fn without_a_rate_nothing_is_told() {
    let provider = Provider::new();
    let allowance = Allowance::new().concurrent(number(9));
    let mut both = Both::counting(|| provider.admission().limits(Limits::new(allowance))).await;
    let ada = provider.bearer("acme", "ada");
    let reply = both.ask(&get("/who", &[("authorization", &ada)])).await;
    assert_eq!(reply.status, 200);
    assert_eq!(field(&reply, "ratelimit"), None);
}
