//! The verified-token cache: what a hit may not skip, and what must never be kept.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tenancy_core::Clock as _;
use tenancy_core::{
    BearerToken, ClaimMap, Issuer, JwtVerifier, KeySource, ManualClock, SystemClock, TokenCache,
    TokenProblem,
};
use tenancy_examples::identity_provider::SigningKey;
use tenancy_tests::key_server::{Behaviour, KeyServer};

use super::verify;
use crate::metered::{Counts, counting};

const CACHES: [fn() -> TokenCache; 2] = [TokenCache::default, || {
    TokenCache::default().keyed_by_digest()
}];

struct Bench {
    server: KeyServer,
    key: SigningKey,
    clock: Arc<ManualClock>,
    verifier: JwtVerifier,
}

impl Bench {
    async fn new(cache: TokenCache) -> Self {
        let key = SigningKey::ec(1).unwrap();
        let server = KeyServer::start(vec![key.public()]).await.unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
        let issuer = Issuer::new(server.issuer(), ClaimMap::new("org_id"))
            .audience("us")
            .keys(KeySource::url(server.url()));
        let verifier = JwtVerifier::builder()
            .issuer(issuer)
            .clock(clock.clone())
            .cache(cache)
            .build()
            .unwrap();
        Self {
            server,
            key,
            clock,
            verifier,
        }
    }

    fn token(&self, lifetime: i64) -> String {
        self.token_with(lifetime, "")
    }

    fn token_with(&self, lifetime: i64, padding: &str) -> String {
        let now = self.clock.now().as_seconds();
        self.key.sign(&json!({
            "iss": self.server.issuer(), "aud": "us", "sub": "ada", "org_id": "acme", "iat": now, "nbf": now,
            "exp": now + lifetime, "padding": padding,
        }))
    }

    async fn verify(&self, token: &str) -> Result<(), TokenProblem> {
        verify(&self.verifier, token).await.map(|_| ())
    }

    /// What the cache counted while `token` was verified once more.
    async fn again(&self, token: &str) -> (Result<(), TokenProblem>, Counts) {
        counting(self.verify(token)).await
    }
}

#[tokio::test]
async fn a_token_that_was_verified_is_remembered() {
    for cache in CACHES {
        let bench = Bench::new(cache()).await;
        let token = bench.token(600);
        let (outcome, counts) = bench.again(&token).await;
        assert_eq!((outcome, counts.cache("miss")), (Ok(()), 1));
        let (outcome, counts) = bench.again(&token).await;
        assert_eq!((outcome, counts.cache("hit")), (Ok(()), 1));
    }
}

#[tokio::test]
async fn every_hit_looks_at_the_expiry() {
    for cache in CACHES {
        let bench = Bench::new(cache()).await;
        let token = bench.token(30);
        assert_eq!(bench.verify(&token).await, Ok(()));
        bench.clock.advance(Duration::from_secs(89));
        assert_eq!(bench.verify(&token).await, Ok(()));
        bench.clock.advance(Duration::from_secs(1));
        assert_eq!(bench.verify(&token).await, Err(TokenProblem::Expired));
    }
}

/// An operator sets the clock back: a token from the future is one, remembered or not.
#[tokio::test]
async fn every_hit_looks_at_the_beginning() {
    for cache in CACHES {
        let bench = Bench::new(cache()).await;
        let token = bench.token(600);
        assert_eq!(bench.verify(&token).await, Ok(()));
        bench
            .clock
            .set(bench.clock.now().saturating_sub(Duration::from_mins(2)));
        assert_eq!(bench.verify(&token).await, Err(TokenProblem::NotYetValid));
        bench
            .clock
            .set(bench.clock.now().saturating_add(Duration::from_mins(2)));
        assert_eq!(bench.verify(&token).await, Ok(()));
    }
}

#[tokio::test]
async fn a_key_that_is_withdrawn_takes_its_tokens_with_it() {
    for cache in CACHES {
        let bench = Bench::new(cache()).await;
        let token = bench.token(86_400);
        assert_eq!(bench.verify(&token).await, Ok(()));
        bench
            .server
            .publish(vec![SigningKey::ec(2).unwrap().public()]);
        bench.verifier.reload_keys().await.unwrap();
        assert_eq!(bench.verify(&token).await, Err(TokenProblem::NoMatchingKey));
    }
}

/// Hits alone keep the keys fresh: a service whose users all come back must hear of a withdrawn key too.
#[tokio::test]
async fn hits_renew_the_keys() {
    let bench = Bench::new(TokenCache::default()).await;
    let token = bench.token(86_400);
    assert_eq!(bench.verify(&token).await, Ok(()));
    bench
        .server
        .publish(vec![SigningKey::ec(2).unwrap().public()]);
    bench.clock.advance(Duration::from_mins(5));
    for _ in 0..500 {
        if bench.verify(&token).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("the withdrawn key still opens the door");
}

/// The cache is no way around an outage that has lasted too long.
#[tokio::test]
async fn hits_end_with_the_outage_limit() {
    let bench = Bench::new(TokenCache::default()).await;
    let token = bench.token(7 * 86_400);
    assert_eq!(bench.verify(&token).await, Ok(()));
    bench.server.behave(Behaviour::Fails(500));
    bench.clock.advance(Duration::from_hours(25));
    let bearer = BearerToken::parse(&token).unwrap();
    let error = bench.verifier.verify(bearer).await.unwrap_err();
    assert!(matches!(
        error,
        tenancy_core::VerifyError::KeysUnavailable { .. }
    ));
}

#[tokio::test]
async fn refusals_are_never_remembered() {
    let bench = Bench::new(TokenCache::default()).await;
    let stranger = SigningKey::ec(2).unwrap();
    let token = stranger.sign(&json!({
        "iss": bench.server.issuer(), "aud": "us", "sub": "ada", "org_id": "acme",
        "exp": bench.clock.now().as_seconds() + 600,
    }));
    for _ in 0..3 {
        let (outcome, counts) = bench.again(&token).await;
        assert_eq!(outcome, Err(TokenProblem::NoMatchingKey));
        assert_eq!((counts.cache("miss"), counts.cache("hit")), (1, 0));
    }
    // What was refused a moment ago is accepted as soon as it should be.
    bench.server.publish(vec![stranger.public()]);
    bench.verifier.reload_keys().await.unwrap();
    assert_eq!(bench.verify(&token).await, Ok(()));
}

#[tokio::test]
async fn a_token_that_differs_in_one_character_is_another() {
    for cache in CACHES {
        let bench = Bench::new(cache()).await;
        let token = bench.token(600);
        assert_eq!(bench.verify(&token).await, Ok(()));
        for position in 0..token.len() {
            let mut bytes = token.clone().into_bytes();
            bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
            let changed = String::from_utf8(bytes).unwrap();
            assert!(bench.verify(&changed).await.is_err(), "{position}");
        }
    }
}

#[tokio::test]
async fn long_tokens_are_verified_each_time() {
    let bench = Bench::new(TokenCache::default()).await;
    let long = bench.token_with(600, &"x".repeat(6 * 1024));
    assert!(long.len() > 8 * 1024);
    let almost = bench.token_with(600, &"x".repeat(5 * 1024));
    assert!(almost.len() < 8 * 1024);
    for (token, hits) in [(&long, 0), (&almost, 1)] {
        assert_eq!(bench.verify(token).await, Ok(()));
        let (outcome, counts) = bench.again(token).await;
        assert_eq!((outcome, counts.cache("hit")), (Ok(()), hits));
    }
}

#[tokio::test]
async fn the_cache_is_bounded_by_tokens_and_by_bytes() {
    let bounded = TokenCache::default();
    for (cache, most) in [
        (bounded.max_tokens(50), 50),
        (bounded.max_tokens(50).keyed_by_digest(), 50),
        (bounded.max_tokens(2), 2),
        (bounded.max_tokens(1), 1),
        // As many bytes as there are.
        (bounded.max_tokens(50).max_bytes(u64::MAX), 50),
        (bounded.max_tokens(1).max_bytes(u64::MAX), 1),
        // Each takes more than a thousand.
        (bounded.max_bytes(100_000), 100),
        (bounded.max_bytes(100_000).keyed_by_digest(), 100),
    ] {
        let bench = Bench::new(cache).await;
        let tokens: Vec<_> = (0..200)
            .map(|n| bench.token_with(600 + n, &"x".repeat(300)))
            .collect();
        let mut evicted = 0;
        for token in &tokens {
            let (outcome, counts) = bench.again(token).await;
            assert_eq!(outcome, Ok(()));
            evicted += counts.cache("evicted");
        }
        assert!(
            evicted >= 200 - most,
            "{evicted} were pushed out: {cache:?}"
        );
        let mut hits = 0;
        for token in tokens.iter().rev() {
            let (outcome, counts) = bench.again(token).await;
            assert_eq!(outcome, Ok(()));
            hits += counts.cache("hit");
        }
        assert!(
            (1..=most).contains(&hits),
            "{hits} were still there: {cache:?}"
        );
    }
}

#[tokio::test]
async fn what_is_forgotten_is_verified_anew() {
    for cache in CACHES {
        let bench = Bench::new(cache()).await;
        let token = bench.token(600);
        assert_eq!(bench.verify(&token).await, Ok(()));
        bench.verifier.forget(BearerToken::parse(&token).unwrap());
        assert_eq!(bench.again(&token).await.1.cache("miss"), 1);
        bench.verifier.forget_all();
        assert_eq!(bench.again(&token).await.1.cache("miss"), 1);
        assert_eq!(bench.again(&token).await.1.cache("hit"), 1);
    }
}

/// Two services of one provider in one process: what one accepts the other still judges itself.
#[tokio::test]
async fn verifiers_that_judge_differently_share_nothing() {
    let bench = Bench::new(TokenCache::default()).await;
    let token = bench.token(600);
    assert_eq!(bench.verify(&token).await, Ok(()));
    let other = Issuer::new(bench.server.issuer(), ClaimMap::new("org_id"))
        .audience("them")
        .keys(KeySource::url(bench.server.url()));
    let other = JwtVerifier::new([other]).unwrap();
    assert_eq!(
        verify(&other, &token).await.err(),
        Some(TokenProblem::Audience)
    );
}
