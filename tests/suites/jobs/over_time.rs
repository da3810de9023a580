//! Envelopes that lie around: they expire, keys are replaced, and a new version is deployed.

use std::sync::Arc;
use std::time::Duration;

use tenancy_core::{Algorithm, JobEnvelopes, JobOpenError, ManualClock, SigningKey, UnixTime};
use tenancy_tests::notes::context;

use super::{HOUR, NOW, envelopes, hmac, opened, pair, refused, secret};

#[tokio::test]
async fn an_envelope_is_good_until_it_expires_and_may_be_opened_again() {
    let clock = Arc::new(ManualClock::at(NOW));
    let envelopes = envelopes(pair()).clock(Arc::clone(&clock));
    let envelope = envelopes.seal(&context("a"), "a job", HOUR).unwrap();
    for _ in 0..3 {
        assert!(opened(&envelopes, &envelope).await.is_ok());
        clock.advance(Duration::from_secs(1199));
    }
    clock.advance(Duration::from_secs(2));
    assert!(opened(&envelopes, &envelope).await.is_ok());
    clock.advance(Duration::from_secs(1));
    let refusal = refused(&envelopes, &envelope).await;
    assert_eq!(refusal, JobOpenError::Expired);
    assert_eq!(refusal.retry_after(), None);
    clock.set(UnixTime::from_seconds(i64::MAX));
    assert_eq!(refused(&envelopes, &envelope).await, JobOpenError::Expired);
    // At the end of time arithmetic stops, and nothing is good for ever.
    let endless = envelopes.seal(&context("a"), "a job", HOUR).unwrap();
    assert_eq!(refused(&envelopes, &endless).await, JobOpenError::Expired);
}

#[tokio::test]
async fn keys_are_replaced_without_losing_a_job() {
    let id = |bytes, id: &str| SigningKey::shared_secret(secret(bytes).key_id(id));
    for (old, new) in [
        (pair(), pair()),
        (hmac(1), hmac(2)),
        (id(1, "one"), id(2, "two")),
        (hmac(1), id(1, "named")),
        (hmac(1), pair()),
        (SigningKey::generate(Algorithm::RS256).unwrap(), pair()),
    ] {
        let with = |key: &SigningKey, also: &SigningKey| {
            envelopes(key.clone()).also_open_with(also.clone()).unwrap()
        };
        let stages = [
            envelopes(old.clone()),
            with(&old, &new),
            with(&new, &old),
            envelopes(new.clone()),
        ];
        let seal = |envelopes: &JobEnvelopes| envelopes.seal(&context("a"), "a job", HOUR).unwrap();
        let sealed: Vec<_> = stages.iter().map(seal).collect();
        for (at, stage) in stages.iter().enumerate() {
            for (from, envelope) in sealed.iter().enumerate() {
                let outcome = opened(stage, envelope).await.map(|_| ());
                // Two stages that are not beside each other never run at once.
                let expected = match (from, at) {
                    (0 | 1, 3) | (2 | 3, 0) => Err(JobOpenError::NotSealed),
                    _ => Ok(()),
                };
                assert_eq!(outcome, expected, "sealed in {from}, opened in {at}");
            }
        }
    }
}

/// Queues outlive deployments: what is sealed today has to be opened by every version to come.
#[tokio::test]
async fn the_envelopes_of_the_first_version_are_opened() {
    let clock = Arc::new(ManualClock::at(NOW));
    let key = SigningKey::shared_secret(secret(1).key_id("2026"));
    let envelopes = envelopes(key).clock(clock);
    // Sealed by another implementation: Python's `hmac` and `base64`.
    let envelope = concat!(
        "eyJ0eXAiOiJ0ZW5hbmN5LWpvYitqd3QiLCJhbGciOiJIUzI1NiIsImtpZCI6IjIwMjYifQ.",
        "eyJhdWQiOiJub3RlcyIsImV4cCI6MTcwMDAwMzYwMCwicHJvamVjdF9pZCI6ImJsdWUiLCJyZWFzb24iOiJhIGpvYiIsInN1YiI6ImFkYSIsInRlbmFudF9pZCI6ImEifQ.",
        "xOSfrjSaj8duuL9C8Y7CaGtmis8AVaDz9g4_X1we9q8"
    );
    let job = opened(&envelopes, envelope).await.unwrap();
    assert_eq!(job.tenant().as_str(), "a");
    assert_eq!(job.subject().unwrap().as_str(), "ada");
    assert_eq!(job.project().unwrap().as_str(), "blue");
    assert_eq!(job.expires_at(), Some(NOW.saturating_add(HOUR)));
}
