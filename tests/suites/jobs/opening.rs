//! Opening: the tenant is looked up, and it is recorded.

use std::time::Duration;

use tenancy_core::{JobEnvelopes, JobOpenError, MemoryDirectory, TenantId, TenantStatus};
use tenancy_tests::faulty::Faulty;
use tenancy_tests::notes::context;
use tenancy_tests::person::context_of;

use super::{HOUR, directory, envelopes, hmac, opened, pair, record, refused};
use crate::redaction::capture::Log;

#[tokio::test]
async fn the_status_of_the_tenant_is_looked_up_when_the_envelope_is_opened() {
    let envelopes = envelopes(pair());
    let envelope = envelopes.seal(&context("a"), "a job", HOUR).unwrap();
    let directory = directory();
    let open = async || envelopes.open(&envelope, &directory).await.map(|_| ());
    assert_eq!(open().await, Ok(()));
    for (status, expected) in [
        (TenantStatus::Suspended, Err(JobOpenError::TenantSuspended)),
        (TenantStatus::Deleted, Err(JobOpenError::TenantDeleted)),
        (TenantStatus::Active, Ok(())),
    ] {
        directory.change(record("a").with_status(status)).unwrap();
        assert_eq!(open().await, expected);
        assert_eq!(expected.err().and_then(|error| error.retry_after()), None);
    }
    directory.remove(&TenantId::parse("a").unwrap());
    assert_eq!(open().await, Err(JobOpenError::TenantUnknown));

    let down = Faulty::new(None);
    let down = envelopes.open(&envelope, &down).await.unwrap_err();
    assert!(matches!(down, JobOpenError::Unavailable(_)));
    assert_eq!(down.retry_after(), Some(Duration::from_secs(7)));
    let confused = Faulty::new(Some(record("b")));
    let refusal = envelopes.open(&envelope, &confused).await.unwrap_err();
    assert!(matches!(refusal, JobOpenError::Unavailable(_)));
    assert!(refusal.retry_after().is_some());
    assert_eq!(confused.asked(), ["id a"]);
    // What nobody has sealed costs the directory nothing, and neither does what has expired.
    let down = Faulty::new(None);
    let forged = envelopes.open("a.b.c", &down).await.unwrap_err();
    assert_eq!(forged, JobOpenError::NotSealed);
    assert!(down.asked().is_empty());
}

#[test]
fn opening_is_recorded_with_tenant_subject_and_reason_and_shows_no_envelope() {
    let envelopes = envelopes(hmac(b'k'));
    let ((envelope, context), log) = Log::of(async {
        let ada = context_of("a", "ada", "blue", &[]).await.unwrap();
        let envelope = envelopes.seal(&ada, " send the invoice ", HOUR).unwrap();
        let context = opened(&envelopes, &envelope).await.unwrap();
        let other = JobEnvelopes::new("other", hmac(b'k')).unwrap();
        refused(&other, &envelope).await;
        let nobody = MemoryDirectory::new();
        let unknown = envelopes.open(&envelope, &nobody).await.unwrap_err();
        assert_eq!(unknown, JobOpenError::TenantUnknown);
        (envelope, context)
    });
    for said in [
        "queue=notes tenant=a subject=ada reason=send the invoice",
        "opened the envelope of a job",
        "queue=other cause=the envelope is for another queue",
        "queue=notes tenant=a cause=the envelope is for a tenant that does not exist",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    let shown = format!("{log}{envelopes:?}{envelopes:#?}{context:?}");
    for part in envelope.split('.').skip(1) {
        assert!(!shown.contains(part), "{shown}");
    }
    assert!(
        !shown.contains("kkkk") && !shown.contains("107, 107"),
        "{shown}"
    );
    assert!(format!("{context:?}").contains("send the invoice"));
}
