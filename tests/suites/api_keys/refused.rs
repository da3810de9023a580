//! Keys that were good once, or never: one answer to whoever brings them, and the difference for whoever runs the service.

use std::sync::Arc;
use std::time::Duration;

use tenancy_core::{
    Admission, ApiKey, ApiKeyProblem, ApiKeys, Clock as _, ManualClock, MemoryApiKeys,
    RefusalCause, UnixTime,
};

use super::{ask, bearing, context, key, told};
use crate::metered::counting;
use crate::presenting::on_both;
use crate::redaction::capture::Log;

#[tokio::test]
async fn revoked_expired_and_unknown_keys_get_the_same_answer_while_the_service_runs() {
    let clock = Arc::new(ManualClock::at(UnixTime::from_seconds(1_700_000_000)));
    let keys = MemoryApiKeys::new();
    let admission = Admission::api_keys_only(ApiKeys::new(keys.clone()).clock(Arc::clone(&clock)));
    let unknown = ApiKey::generate().unwrap().expose();
    for service in on_both(admission).await {
        let expected = ask(&service, &[("x-api-key", &unknown)]).await;
        assert_eq!(told(&expected), (401, "invalid_api_key"));

        let (revoked, record) = key("acme", "import");
        keys.insert(record.clone());
        assert_eq!(ask(&service, &[("x-api-key", &revoked)]).await.status, 200);
        assert!(keys.revoke(record.hash()));
        assert_eq!(ask(&service, &[("x-api-key", &revoked)]).await, expected);

        let (expiring, record) = key("acme", "import");
        keys.insert(record.with_expiry(clock.now().saturating_add(Duration::from_secs(10))));
        clock.advance(Duration::from_secs(9));
        assert_eq!(ask(&service, &[("x-api-key", &expiring)]).await.status, 200);
        clock.advance(Duration::from_secs(1));
        assert_eq!(ask(&service, &[("x-api-key", &expiring)]).await, expected);

        let (removed, record) = key("acme", "import");
        keys.insert(record.clone());
        assert!(keys.remove(record.hash()));
        assert!(!keys.remove(record.hash()) && !keys.revoke(record.hash()));
        assert_eq!(ask(&service, &[("x-api-key", &removed)]).await, expected);
    }
}

#[test]
fn the_logs_and_counters_tell_unknown_revoked_and_expired_keys_apart() {
    let (good, good_record) = key("acme", "import");
    let (revoked, revoked_record) = key("acme", "import");
    let (expired, expired_record) = key("acme", "import");
    let keys = MemoryApiKeys::new();
    keys.insert(good_record);
    keys.insert(revoked_record.clone().revoked());
    keys.insert(
        expired_record
            .clone()
            .with_expiry(UnixTime::from_seconds(1)),
    );
    let admission = Admission::api_keys_only(ApiKeys::new(keys));
    let unknown = ApiKey::generate().unwrap().expose();
    let judge = async || {
        context(&admission, &good).await;
        for (key, problem) in [
            (&unknown, ApiKeyProblem::Unknown),
            (&revoked, ApiKeyProblem::Revoked),
            (&expired, ApiKeyProblem::Expired),
        ] {
            let refusal = admission.admit(&bearing(key)).await.unwrap_err();
            assert_eq!(refusal.cause(), &RefusalCause::ApiKey(problem));
        }
    };
    let (((), counts), log) = Log::of(counting(judge()));
    for said in [
        "API key is not known",
        &format!(
            "tenant=acme hash={} problem=API key was revoked",
            revoked_record.hash()
        ),
        &format!(
            "tenant=acme hash={} problem=API key has expired",
            expired_record.hash()
        ),
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    for outcome in ["accepted", "unknown", "revoked", "expired"] {
        let name = "tenancy_api_key_verifications_total";
        assert_eq!(counts.of(name, outcome), 1, "{outcome}");
    }
    let code = "invalid_api_key";
    assert_eq!(counts.of("tenancy_refusals_total", code), 3);
}
