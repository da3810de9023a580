//! How keys are fetched and kept, against a real JWKS endpoint and with a clock that stands still.

mod bench;
mod discovery;
mod documents;
mod misbehaving;
mod operating;
mod servers;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use axum::response::Redirect;
use axum::routing::get;
use serde_json::{Value, json};
use tenancy_core::{
    Algorithm, BearerToken, ClaimMap, Clock as _, FetchError, FetchKeys, Fetched, Issuer,
    JwtVerifier, JwtVerifierBuilder, KeySource, ManualClock, SignatureBackend, SystemClock,
    TokenProblem, VerifyError,
};
use tenancy_examples::identity_provider::{IdentityProvider, JsonWebAlgorithm, SigningKey};
use tenancy_tests::cancel::at_await;

const AUDIENCE: &str = "us";
const COOLDOWN: Duration = Duration::from_secs(30);
const DAY: Duration = Duration::from_hours(24);

/// A provider and a verifier whose time the test moves.
struct Watch {
    provider: IdentityProvider,
    verifier: JwtVerifier,
    clock: Arc<ManualClock>,
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Accepted,
    Refused(TokenProblem),
    Unavailable(Duration),
}

impl Watch {
    async fn new() -> Self {
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let provider = IdentityProvider::start(anywhere, AUDIENCE).await.unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
        let issuer = Issuer::new(provider.issuer(), ClaimMap::frontegg())
            .audience(AUDIENCE)
            .keys(KeySource::url(provider.jwks_url()));
        let verifier = JwtVerifier::builder()
            .issuer(issuer)
            .clock(clock.clone())
            .build()
            .unwrap();
        Self {
            provider,
            verifier,
            clock,
        }
    }

    async fn verify(&self, token: &str) -> Outcome {
        outcome(&self.verifier, token).await
    }

    /// A token that stays valid while the test moves the clock.
    fn token(&self, key: &SigningKey) -> String {
        key.sign(&self.provider.claims("acme", "ada", 3 * 86_400))
    }

    /// A token of the present key.
    async fn present(&self) -> Outcome {
        self.verify(&self.token(&self.provider.rsa_key())).await
    }
}

impl Outcome {
    /// Whether the next attempt is due after `most`, less the jitter of 25 %, and after a second at least.
    fn is_pause(&self, most: Duration) -> bool {
        let least = most.mul_f64(0.75).max(Duration::from_secs(1));
        matches!(self, Self::Unavailable(pause) if (least..=most).contains(pause))
    }
}

async fn outcome(verifier: &JwtVerifier, token: &str) -> Outcome {
    match verifier.verify(BearerToken::parse(token).unwrap()).await {
        Ok(_) => Outcome::Accepted,
        Err(VerifyError::Token(problem)) => Outcome::Refused(problem),
        Err(VerifyError::KeysUnavailable { retry_after, .. }) => Outcome::Unavailable(retry_after),
        Err(other) => panic!("{other}"),
    }
}

/// Waits for what happens in the background.
async fn until(mut condition: impl FnMut() -> bool) {
    for _ in 0..500 {
        if condition() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("it did not happen within 5 seconds");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_requests_share_the_first_fetch() {
    let watch = Arc::new(Watch::new().await);
    assert_eq!(
        watch.provider.fetches(),
        0,
        "start-up does not need the provider"
    );
    let requests: Vec<_> = (0..100)
        .map(|_| {
            let watch = Arc::clone(&watch);
            tokio::spawn(async move { watch.present().await })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap(), Outcome::Accepted);
    }
    assert_eq!(watch.provider.fetches(), 1);
}

#[tokio::test]
async fn a_fetch_outlives_the_request_that_started_it() {
    let watch = Watch::new().await;
    let token = watch.token(&watch.provider.rsa_key());
    assert!(
        at_await(1, watch.verify(&token)).await.is_none(),
        "the first request waits for the keys"
    );
    until(|| watch.provider.fetches() == 1).await;
    assert_eq!(watch.present().await, Outcome::Accepted);
    assert_eq!(watch.provider.fetches(), 1);
}

#[tokio::test]
async fn an_unknown_key_is_asked_for_once_per_cooldown() {
    let watch = Watch::new().await;
    assert_eq!(watch.present().await, Outcome::Accepted);
    watch.provider.rotate().unwrap();
    // The last attempt was just now.
    assert_eq!(
        watch.present().await,
        Outcome::Refused(TokenProblem::NoMatchingKey)
    );
    assert_eq!(watch.provider.fetches(), 1);
    watch.clock.advance(COOLDOWN);
    assert_eq!(watch.present().await, Outcome::Accepted);
    assert_eq!(watch.provider.fetches(), 2);
    // The withdrawn key is gone.
    let withdrawn = SigningKey::rsa(1).unwrap();
    assert_eq!(
        watch.verify(&watch.token(&withdrawn)).await,
        Outcome::Refused(TokenProblem::NoMatchingKey)
    );
}

#[tokio::test]
async fn ten_thousand_unknown_keys_cause_one_fetch() {
    let watch = Watch::new().await;
    assert_eq!(watch.present().await, Outcome::Accepted);
    watch.clock.advance(COOLDOWN);
    let key = watch.provider.ec_key();
    let claims = watch.provider.claims("acme", "ada", 3600);
    for n in 0..10_000 {
        let token = key.sign_with(
            &json!({ "alg": "ES256", "kid": format!("unknown-{n}") }),
            &claims,
        );
        assert_eq!(
            watch.verify(&token).await,
            Outcome::Refused(TokenProblem::NoMatchingKey)
        );
        if n % 500 == 0 {
            assert_eq!(watch.present().await, Outcome::Accepted);
        }
    }
    assert_eq!(watch.provider.fetches(), 2);
    assert_eq!(watch.present().await, Outcome::Accepted);
}

#[tokio::test]
async fn new_material_under_the_same_id_is_picked_up() {
    let watch = Watch::new().await;
    assert_eq!(watch.present().await, Outcome::Accepted);
    watch.provider.replace_under_the_same_ids().unwrap();
    assert_eq!(
        watch.present().await,
        Outcome::Refused(TokenProblem::Signature)
    );
    watch.clock.advance(COOLDOWN);
    assert_eq!(watch.present().await, Outcome::Accepted);
    assert_eq!(watch.provider.fetches(), 2);
    // A forged signature may ask again, but not within the cooldown.
    let stranger = SigningKey::rsa(1).unwrap();
    for _ in 0..100 {
        assert_eq!(
            watch.verify(&watch.token(&stranger)).await,
            Outcome::Refused(TokenProblem::Signature)
        );
    }
    assert_eq!(watch.provider.fetches(), 2);
}

/// Keys that were fetched because of a token are no reason to trust that token.
#[tokio::test]
async fn a_forgery_that_causes_a_refresh_stays_a_forgery() {
    let watch = Watch::new().await;
    assert_eq!(watch.present().await, Outcome::Accepted);
    watch.provider.rotate().unwrap();
    watch.clock.advance(COOLDOWN);
    let stranger = SigningKey::rsa(1).unwrap();
    let claims = watch.provider.claims("acme", "mallory", 3600);
    let forged = stranger.sign_with(&watch.provider.rsa_key().header(), &claims);
    assert_eq!(
        watch.verify(&forged).await,
        Outcome::Refused(TokenProblem::Signature)
    );
    assert_eq!(watch.provider.fetches(), 2);
    assert_eq!(watch.present().await, Outcome::Accepted);
}

#[tokio::test]
async fn keys_are_refreshed_in_the_background_and_a_withdrawn_one_goes() {
    let watch = Watch::new().await;
    assert_eq!(watch.present().await, Outcome::Accepted);
    let old = watch.token(&watch.provider.rsa_key());
    watch.provider.rotate().unwrap();
    watch.clock.advance(Duration::from_mins(5));
    // Stale keys answer at once, and the fetch runs behind.
    assert_eq!(watch.verify(&old).await, Outcome::Accepted);
    until(|| watch.provider.fetches() == 2).await;
    let mut outcome = watch.verify(&old).await;
    for _ in 0..100 {
        if outcome != Outcome::Accepted {
            break;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
        outcome = watch.verify(&old).await;
    }
    assert_eq!(outcome, Outcome::Refused(TokenProblem::NoMatchingKey));
    assert_eq!(watch.present().await, Outcome::Accepted);
}

#[tokio::test]
async fn good_keys_serve_through_an_outage_and_not_for_ever() {
    let watch = Watch::new().await;
    assert_eq!(watch.present().await, Outcome::Accepted);
    watch.provider.go_down();
    for hours in 1..=23 {
        watch.clock.advance(Duration::from_hours(1));
        assert_eq!(
            watch.present().await,
            Outcome::Accepted,
            "after {hours} hours"
        );
    }
    let asked = watch.provider.fetches();
    until(|| watch.provider.fetches() >= asked).await;
    watch.clock.advance(DAY);
    assert!(matches!(watch.present().await, Outcome::Unavailable(_)));
    watch.provider.come_back();
    watch.clock.advance(COOLDOWN);
    assert_eq!(watch.present().await, Outcome::Accepted);
}

#[tokio::test]
async fn a_provider_that_is_down_at_the_start_is_no_reason_to_refuse_for_long() {
    let watch = Watch::new().await;
    watch.provider.go_down();
    assert_eq!(
        watch.present().await,
        Outcome::Unavailable(Duration::from_secs(1))
    );
    // Within the back-off nobody asks.
    for _ in 0..100 {
        assert!(matches!(watch.present().await, Outcome::Unavailable(_)));
    }
    assert_eq!(watch.provider.fetches(), 1);
    watch.provider.come_back();
    watch.clock.advance(Duration::from_secs(1));
    assert_eq!(watch.present().await, Outcome::Accepted);
}

#[tokio::test]
async fn back_off_doubles_up_to_the_cooldown() {
    let watch = Watch::new().await;
    watch.provider.go_down();
    for expected in [1, 2, 4, 8, 16, 30, 30] {
        let expected = Duration::from_secs(expected);
        assert!(watch.present().await.is_pause(expected));
        watch.clock.advance(expected);
    }
}

/// Ages are counted by a clock that no operator can set.
#[tokio::test]
async fn setting_the_clock_changes_no_age() {
    let watch = Watch::new().await;
    assert_eq!(watch.present().await, Outcome::Accepted);
    let now = watch.clock.now();
    for jump in [Duration::from_hours(10), Duration::from_hours(1)] {
        for time in [now.saturating_add(jump), now.saturating_sub(jump), now] {
            watch.clock.set(time);
            // Whatever the token says of it now, the keys are as fresh as they were.
            watch.present().await;
            let status = &watch.verifier.key_status()[0];
            assert_eq!(status.state, tenancy_core::KeyState::Fresh);
            assert_eq!(status.age, Some(Duration::ZERO));
        }
    }
    assert_eq!(watch.provider.fetches(), 1);
    assert_eq!(watch.present().await, Outcome::Accepted);
}
