//! What is counted, through the [`metrics`] facade. The names and labels are part of the public interface;
//! the [manual](crate::manual::watching) lists them.

use metrics::counter;

use crate::AuditOutcome;

/// A token was judged: `accepted`, the code of its problem, or `undecided`.
pub(crate) fn verification(outcome: &'static str) {
    match outcome {
        // With a literal the key of the counter is a constant. Otherwise it is built each time, which costs more
        // than the rest of a verification that the cache answers.
        "accepted" => {
            counter!("tenancy_token_verifications_total", "outcome" => "accepted").increment(1);
        }
        _ => counter!("tenancy_token_verifications_total", "outcome" => outcome).increment(1),
    }
}

/// What the verified-token cache did: `hit`, `miss`, `outdated` or `evicted`.
pub(crate) fn token_cache(event: &'static str) {
    match event {
        "hit" => counter!("tenancy_token_cache_total", "event" => "hit").increment(1),
        "miss" => counter!("tenancy_token_cache_total", "event" => "miss").increment(1),
        _ => counter!("tenancy_token_cache_total", "event" => event).increment(1),
    }
}

/// An API key was judged: `accepted`, the code of its problem, or `undecided`.
pub(crate) fn api_key_verification(outcome: &'static str) {
    match outcome {
        "accepted" => {
            counter!("tenancy_api_key_verifications_total", "outcome" => "accepted").increment(1);
        }
        _ => counter!("tenancy_api_key_verifications_total", "outcome" => outcome).increment(1),
    }
}

/// A JWK set was asked for: `fetched`, `unchanged` or `failed`.
pub(crate) fn fetch(outcome: &'static str) {
    counter!("tenancy_jwks_fetches_total", "outcome" => outcome).increment(1);
}

/// A key of a JWK set cannot verify tokens.
pub(crate) fn key_skipped(reason: &'static str) {
    counter!("tenancy_jwks_keys_skipped_total", "reason" => reason).increment(1);
}

/// A request was refused, by the code that its client was told.
pub(crate) fn refusal(code: &'static str) {
    counter!("tenancy_refusals_total", "code" => code).increment(1);
}

/// A request ended. Literals, as for [`verification`].
pub(crate) fn request(outcome: AuditOutcome) {
    let counter = match outcome {
        AuditOutcome::Allowed => counter!("tenancy_requests_total", "outcome" => "allowed"),
        AuditOutcome::Denied => counter!("tenancy_requests_total", "outcome" => "denied"),
        AuditOutcome::Failed => counter!("tenancy_requests_total", "outcome" => "failed"),
        AuditOutcome::Abandoned => counter!("tenancy_requests_total", "outcome" => "abandoned"),
    };
    counter.increment(1);
}

/// A request of a tenant ended, where tenants have labels.
pub(crate) fn request_of_tenant(outcome: &'static str, tenant: String) {
    counter!("tenancy_requests_total", "outcome" => outcome, "tenant" => tenant).increment(1);
}

/// An audit event was lost, because the sink panicked.
pub(crate) fn audit_event_lost() {
    counter!("tenancy_audit_events_lost_total").increment(1);
}
