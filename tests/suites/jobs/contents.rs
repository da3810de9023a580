//! What an envelope carries, and what does not fit into one.

use std::sync::Arc;
use std::time::Duration;

use tenancy_core::{
    Algorithm, Guard, JobEnvelopes, JobSealError, ManualClock, MemoryDirectory, SharedSecret,
    SigningKey, TenantStatus,
};
use tenancy_tests::notes::context;
use tenancy_tests::person::context_of;

use super::{HOUR, NOW, envelopes, hmac, opened, pair, record};

#[tokio::test]
async fn an_envelope_carries_who_and_where_and_no_roles() {
    let clock = Arc::new(ManualClock::at(NOW));
    let envelopes = envelopes(pair()).clock(clock);
    let ada = context_of("a", "ada", "blue", &["Admin"]).await.unwrap();
    let envelope = envelopes.seal(&ada, "nightly report", HOUR).unwrap();
    let job = opened(&envelopes, &envelope).await.unwrap();
    assert_eq!(job.tenant().as_str(), "a");
    assert_eq!(job.subject().unwrap().as_str(), "ada");
    assert_eq!(job.project().unwrap().as_str(), "blue");
    assert_eq!(job.record().unwrap().status(), TenantStatus::Active);
    assert_eq!(job.expires_at(), Some(NOW.saturating_add(HOUR)));
    assert!(job.claims().is_none() && job.api_key().is_none() && job.issuer().is_none());
    assert!(ada.require(&Guard::role("Admin")).is_ok());
    assert!(job.require(&Guard::role("Admin")).is_err());
    assert!(job.roles().is_empty() && job.permissions().is_empty());

    // Work that nobody asked for has nobody in its envelope; a job may ask for another.
    let envelope = envelopes.seal(&context("b"), "clean up", HOUR).unwrap();
    let job = opened(&envelopes, &envelope).await.unwrap();
    assert_eq!((job.subject(), job.project()), (None, None));
    let next = envelopes.seal(&job, "clean up the rest", HOUR).unwrap();
    let next = opened(&envelopes, &next).await.unwrap();
    assert_eq!(next.tenant().as_str(), "b");
}

#[test]
fn what_cannot_be_sealed_is_said_when_it_is_tried() {
    let envelopes = envelopes(hmac(1));
    let seal = |reason: &str, lifetime| envelopes.seal(&context("a"), reason, lifetime).err();
    let (long, longest) = ("x".repeat(501), "x".repeat(500));
    for reason in ["", " ", "\t\n", "two\nlines", "a\0b", &long] {
        assert_eq!(seal(reason, HOUR), Some(JobSealError::Reason), "{reason:?}");
    }
    assert_eq!(seal(&longest, HOUR), None);
    let year = Duration::from_hours(366 * 24);
    for lifetime in [
        Duration::ZERO,
        Duration::from_millis(999),
        year + Duration::from_secs(1),
        Duration::MAX,
    ] {
        assert_eq!(seal("a job", lifetime), Some(JobSealError::Lifetime));
    }
    assert_eq!(seal("a job", Duration::from_secs(1)), None);
    assert_eq!(seal("a job", year), None);

    for queue in ["", " notes", "no\ntes", &"q".repeat(256)] {
        let refused = JobEnvelopes::new(queue, hmac(1)).unwrap_err();
        assert!(matches!(refused, JobSealError::Queue(_)), "{refused}");
    }
    for weak in [
        SharedSecret::new(Algorithm::HS256, [1; 31]),
        SharedSecret::new(Algorithm::HS512, [1; 63]),
        SharedSecret::new(Algorithm::RS256, [1; 64]),
    ] {
        let weak = SigningKey::shared_secret(weak);
        let refused = JobEnvelopes::new("notes", weak.clone()).unwrap_err();
        assert_eq!(refused, JobSealError::Secret);
        let refused = envelopes.clone().also_open_with(weak).unwrap_err();
        assert_eq!(refused, JobSealError::Secret);
    }
}

#[tokio::test]
async fn the_longest_names_and_reason_fit_into_an_envelope() {
    // Each byte of it is two in JSON.
    let name = "\"".repeat(255);
    let ada = context_of(&name, &name, &name, &[]).await.unwrap();
    let directory = MemoryDirectory::new();
    directory.add(record(&name)).unwrap();
    for key in [pair(), SigningKey::generate(Algorithm::RS512).unwrap()] {
        let envelopes = JobEnvelopes::new(&name, key).unwrap();
        let envelope = envelopes.seal(&ada, &"\\".repeat(500), HOUR).unwrap();
        let job = envelopes.open(&envelope, &directory).await.unwrap();
        assert_eq!(job.subject().unwrap().as_str(), name);
        // The largest key that is read makes signatures of 1366 characters.
        assert!(envelope.len() + 1366 < 8 * 1024, "{}", envelope.len());
    }
}
