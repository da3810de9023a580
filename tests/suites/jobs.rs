//! Envelopes of jobs: sealed by a request, opened by a worker, and by nobody else for nothing else.

mod commands;
mod contents;
mod forged;
mod opening;
mod over_time;
mod queue;

use std::time::Duration;

use tenancy_core::{
    Algorithm, JobEnvelopes, JobOpenError, MemoryDirectory, SharedSecret, SigningKey,
    TenantContext, TenantId, TenantRecord, UnixTime,
};

const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);
const HOUR: Duration = Duration::from_hours(1);

fn secret(bytes: u8) -> SharedSecret {
    SharedSecret::new(Algorithm::HS256, [bytes; 32])
}

fn hmac(bytes: u8) -> SigningKey {
    SigningKey::shared_secret(secret(bytes))
}

fn pair() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

fn envelopes(key: SigningKey) -> JobEnvelopes {
    JobEnvelopes::new("notes", key).unwrap()
}

/// Tenants `a` and `b`, active.
fn directory() -> MemoryDirectory {
    let directory = MemoryDirectory::new();
    for tenant in ["a", "b"] {
        directory.add(record(tenant)).unwrap();
    }
    directory
}

fn record(tenant: &str) -> TenantRecord {
    TenantRecord::new(TenantId::parse(tenant).unwrap())
}

async fn opened(envelopes: &JobEnvelopes, envelope: &str) -> Result<TenantContext, JobOpenError> {
    envelopes.open(envelope, &directory()).await
}

async fn refused(envelopes: &JobEnvelopes, envelope: &str) -> JobOpenError {
    opened(envelopes, envelope).await.unwrap_err()
}
