//! How often memory is asked for, which must not grow unnoticed.

use serde_json::json;
use tenancy_core::{BearerToken, ClaimMap, Issuer, JwtVerifier, KeySource};
use tenancy_examples::identity_provider::{SigningKey, now};

const NAME: &str = "https://issuer.example";

/// Verifications in a row, so that what the cache does now and then is counted by its share.
const TIMES: u64 = 1_000;

#[test]
fn a_verification_allocates_no_more_than_it_did() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let key = SigningKey::rsa(1).unwrap();
    let set = json!({ "keys": [key.public()] }).to_string();
    let issuer = Issuer::new(NAME, ClaimMap::frontegg())
        .audience("us")
        .keys(KeySource::fixed(set));
    let now = now();
    let token = key.sign(&json!({
        "iss": NAME, "aud": "us", "sub": "b2bfe8e4-6c2f-4b0a-9f3c-0f4f2f6b1f1d", "iat": now, "exp": now + 600,
        "tenantId": "e1d7b6f0-0d5f-4dd8-a8b4-86b1d2b3f2a5", "roles": ["Admin", "Analyst"], "name": "Ada Lovelace",
        "email": "ada@acme.example", "permissions": ["reports.read", "reports.write", "members.read"],
    }));
    let token = BearerToken::parse(&token).unwrap();
    let each = |verifier: JwtVerifier, times: u64| {
        let verify = || runtime.block_on(verifier.verify(token)).is_ok();
        assert!(verify(), "warm");
        let counted = allocation_counter::measure(|| {
            for _ in 0..times {
                assert!(verify());
            }
        });
        counted.count_total.div_ceil(times)
    };
    let issuer = || JwtVerifier::builder().issuer(issuer.clone());
    assert!(each(issuer().build().unwrap(), TIMES) <= 1);
    // Header, payload, signature, members, identifiers, lists of roles and permissions, the claims themselves.
    assert!(each(issuer().without_cache().build().unwrap(), 20) <= 22);
}
