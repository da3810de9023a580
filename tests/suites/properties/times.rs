//! Decisions about time, with numbers from all of `i64`.

use std::cell::Cell;
use std::time::Duration;

use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use tenancy_core::{Clock as _, JwtVerifier};

use super::oracle::{AUDIENCE, NAME, NOW};
use super::{at, holds, mapped, signed, verify};

/// Any point of time, the ends of time and the neighbourhood of `near` included.
fn seconds(near: i64) -> impl Strategy<Value = i64> {
    let ends = select(vec![
        i64::MIN,
        i64::MIN + 1,
        -1,
        0,
        1,
        i64::MAX - 1,
        i64::MAX,
    ]);
    prop_oneof![
        4 => (-400..400_i64).prop_map(move |by| near.saturating_add(by)),
        1 => any::<i64>(),
        1 => ends,
    ]
}

/// When a token is good, in numbers that cannot overflow. Time ends with `i64`, and so does every token.
fn is_in_time(
    exp: i64,
    starts: [Option<i64>; 2],
    now: i64,
    leeway: u64,
    max_lifetime: u64,
) -> bool {
    let (exp, now, leeway) = (i128::from(exp), i128::from(now), i128::from(leeway));
    let end_of_time = i128::from(i64::MAX);
    now < (exp + leeway).min(end_of_time)
        && exp <= now + i128::from(max_lifetime)
        && starts
            .into_iter()
            .flatten()
            .all(|start| i128::from(start) <= now + leeway)
}

#[test]
fn decisions_about_time_are_those_of_numbers_that_cannot_overflow() {
    let now = prop_oneof![Just(NOW), seconds(NOW)];
    let cases = now.prop_flat_map(|now| {
        let lifetime = prop_oneof![
            1..1000_u64,
            1..400 * 86_400_u64,
            1..=i64::MAX.unsigned_abs()
        ];
        let optional = || proptest::option::of(seconds(now));
        let passing = prop_oneof![0..800_u64, any::<u64>()];
        (
            Just(now),
            seconds(now),
            [optional(), optional()],
            0..=300_u64,
            lifetime,
            passing,
        )
    });
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    holds(
        512,
        cases,
        |(now, exp, starts, leeway, max_lifetime, passing)| {
            let clock = at(now);
            let issuer = mapped()
                .leeway(Duration::from_secs(leeway))
                .max_lifetime(Duration::from_secs(max_lifetime));
            let verifier = JwtVerifier::builder()
                .issuer(issuer)
                .clock(clock.clone())
                .build()
                .unwrap();
            let mut claims = json!({
                "iss": NAME, "aud": AUDIENCE, "sub": "ada", "tenant_id": "acme", "exp": exp,
            });
            for (name, start) in ["nbf", "iat"].into_iter().zip(starts) {
                if let Some(start) = start {
                    claims[name] = start.into();
                }
            }
            let token = signed(claims.to_string());
            // At first it is read; then, if it was good, what is remembered of it counts, also later.
            for passing in [0, 0, passing, 0] {
                clock.advance(Duration::from_secs(passing));
                let now = clock.now().as_seconds();
                let expected = is_in_time(exp, starts, now, leeway, max_lifetime);
                prop_assert_eq!(verify(&verifier, &token).is_ok(), expected, "at {}", now);
                let count = if expected { &accepted } else { &refused };
                count.set(count.get() + 1);
            }
            Ok(())
        },
    );
    assert!(
        accepted.get() > 100 && refused.get() > 100,
        "{accepted:?} {refused:?}"
    );
}
