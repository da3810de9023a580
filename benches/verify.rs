//! Verifying one RS256 token: ours against `decode_header` and `decode` of jsonwebtoken on the same backend.
#![allow(
    missing_docs,
    clippy::unwrap_used,
    reason = "a benchmark ends at the first thing that is not as it should be"
)]

use criterion::{Criterion, criterion_group, criterion_main};
use jsonwebtoken::jwk::Jwk;
use jsonwebtoken::{DecodingKey, decode, decode_header};
use serde_json::Value;
use tenancy_benches::Specimen;
use tenancy_core::BearerToken;

fn verify(criterion: &mut Criterion) {
    let specimen = Specimen::new().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut group = criterion.benchmark_group("verify/rs256");

    let verifier = specimen.verifier().unwrap();
    group.bench_function("tenancy", |bencher| {
        bencher.iter(|| {
            let token = BearerToken::parse(&specimen.token).unwrap();
            runtime.block_on(verifier.verify(token)).unwrap()
        });
    });

    let jwk: Jwk = serde_json::from_value(specimen.jwk.clone()).unwrap();
    let key = DecodingKey::from_jwk(&jwk).unwrap();
    let validation = Specimen::validation();
    group.bench_function("jsonwebtoken", |bencher| {
        bencher.iter(|| {
            decode_header(&specimen.token).unwrap();
            decode::<Value>(&specimen.token, &key, &validation).unwrap()
        });
    });
    group.finish();
}

criterion_group!(benches, verify);
criterion_main!(benches);
