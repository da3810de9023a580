//! What an operator sees of the keys and can do about them, and servers at their worst.

use tenancy_core::{FetchError, KeyState};
use tenancy_tests::key_server::{Behaviour, KeyServer};

use super::*;
use crate::metered::counting;

struct Bench {
    server: KeyServer,
    key: SigningKey,
    clock: Arc<ManualClock>,
    verifier: JwtVerifier,
}

impl Bench {
    async fn new() -> Self {
        let key = SigningKey::ec(1).unwrap();
        let server = KeyServer::start(vec![key.public()]).await.unwrap();
        let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
        let issuer = Issuer::new(server.issuer(), ClaimMap::new("org_id"))
            .audience(AUDIENCE)
            .keys(KeySource::url(server.url()));
        let verifier = JwtVerifier::builder()
            .issuer(issuer)
            .clock(clock.clone())
            .without_cache()
            .build()
            .unwrap();
        Self {
            server,
            key,
            clock,
            verifier,
        }
    }

    async fn present(&self) -> Outcome {
        let exp = self.clock.now().as_seconds() + 7 * 86_400;
        let claims = json!({
            "iss": self.server.issuer(), "aud": AUDIENCE, "sub": "ada", "org_id": "acme", "exp": exp
        });
        outcome(&self.verifier, &self.key.sign(&claims)).await
    }

    fn status(&self) -> tenancy_core::KeyStatus {
        self.verifier.key_status().remove(0)
    }
}

#[tokio::test]
async fn the_state_of_the_keys_is_there_to_see() {
    let bench = Bench::new().await;
    let status = bench.status();
    assert_eq!(&*status.issuer, bench.server.issuer());
    assert_eq!(
        (status.state, status.keys, status.age),
        (KeyState::Unavailable, 0, None)
    );

    let contested = || SigningKey::rsa(9).unwrap().public();
    bench.server.publish(vec![
        bench.key.public(),
        json!({ "kty": "oct", "k": "AA" }),
        json!(null),
        contested(),
        contested(),
    ]);
    assert_eq!(bench.present().await, Outcome::Accepted);
    let status = bench.status();
    assert_eq!((status.state, status.generation), (KeyState::Fresh, 1));
    assert_eq!((status.keys, status.skipped), (1, 2));
    assert_eq!(status.contested, ["rsa-9"]);

    bench.server.behave(Behaviour::Fails(500));
    bench.clock.advance(Duration::from_mins(6));
    assert_eq!(bench.present().await, Outcome::Accepted);
    until(|| bench.status().failures == 1).await;
    let status = bench.status();
    assert_eq!(status.state, KeyState::Stale);
    assert_eq!(status.age, Some(Duration::from_mins(6)));
    assert_eq!(status.last_error, Some(FetchError::Status(500)));

    bench.clock.advance(Duration::from_hours(24));
    assert_eq!(bench.status().state, KeyState::Unavailable);
}

#[tokio::test]
async fn keys_are_reloaded_on_demand_whatever_the_cooldown() {
    let bench = Bench::new().await;
    assert_eq!(bench.present().await, Outcome::Accepted);
    bench
        .server
        .publish(vec![SigningKey::ec(2).unwrap().public()]);
    bench.verifier.reload_keys().await.unwrap();
    assert_eq!(
        bench.present().await,
        Outcome::Refused(TokenProblem::NoMatchingKey)
    );
    assert_eq!(bench.status().generation, 2);
    bench.server.behave(Behaviour::Says("<html>".into()));
    assert!(matches!(
        bench.verifier.reload_keys().await,
        Err(FetchError::Unusable(_))
    ));
    assert_eq!(bench.status().keys, 1, "a bad answer costs nothing");
}

#[tokio::test]
async fn an_unchanged_document_is_not_sent_again() {
    let bench = Bench::new().await;
    assert_eq!(bench.present().await, Outcome::Accepted);
    let (reloaded, counts) = counting(bench.verifier.reload_keys()).await;
    reloaded.unwrap();
    assert_eq!((bench.server.asked(), bench.server.unchanged()), (2, 1));
    assert_eq!(counts.of("tenancy_jwks_fetches_total", "unchanged"), 1);
    assert_eq!(bench.status().generation, 1);
    // The 304 counts as an answer: the keys are as good as new.
    bench.clock.advance(Duration::from_mins(4));
    bench.verifier.reload_keys().await.unwrap();
    assert_eq!(bench.status().age, Some(Duration::ZERO));
}

#[tokio::test]
async fn max_age_says_how_long_keys_are_fresh() {
    let bench = Bench::new().await;
    bench.server.cache_control("public, max-age=3600");
    assert_eq!(bench.present().await, Outcome::Accepted);
    bench.clock.advance(Duration::from_mins(53));
    assert_eq!(bench.status().state, KeyState::Fresh);
    bench.clock.advance(Duration::from_mins(8));
    assert_eq!(bench.status().state, KeyState::Stale);
}

#[tokio::test]
async fn fetches_and_left_out_keys_are_counted() {
    let bench = Bench::new().await;
    bench.server.publish(vec![
        bench.key.public(),
        json!({ "kty": "oct", "k": "AA" }),
        json!(null),
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB" }),
    ]);
    let (outcome, counts) = counting(bench.present()).await;
    assert_eq!(outcome, Outcome::Accepted);
    assert_eq!(counts.of("tenancy_jwks_fetches_total", "fetched"), 1);
    for reason in ["symmetric", "unreadable", "weak_rsa"] {
        let skipped = counts.of("tenancy_jwks_keys_skipped_total", reason);
        assert_eq!(skipped, 1, "{reason}");
    }
    assert_eq!(
        counts.of("tenancy_token_verifications_total", "accepted"),
        1
    );
    bench.server.behave(Behaviour::Fails(503));
    let (_, counts) = counting(bench.verifier.reload_keys()).await;
    assert_eq!(counts.of("tenancy_jwks_fetches_total", "failed"), 1);
}

/// The same key, published once for each algorithm, is one key with both.
#[tokio::test]
async fn a_key_that_is_published_twice_serves_both_algorithms() {
    let key = SigningKey::rsa(1).unwrap();
    let mut for_pss = key.public();
    for_pss["alg"] = json!("PS256");
    let set = json!({ "keys": [key.public(), for_pss] }).to_string();
    let issuer = Issuer::new("https://issuer.example", ClaimMap::new("org_id"))
        .audience(AUDIENCE)
        .keys(KeySource::fixed(set));
    let verifier = JwtVerifier::new([issuer]).unwrap();
    let status = &verifier.key_status()[0];
    assert_eq!((status.keys, status.contested.len()), (1, 0));
    let mut header = key.header();
    let exp = SystemClock::default().now().as_seconds() + 60;
    let claims = json!({
        "iss": "https://issuer.example", "aud": AUDIENCE, "sub": "ada", "org_id": "acme", "exp": exp
    });
    assert_eq!(
        outcome(&verifier, &key.sign(&claims)).await,
        Outcome::Accepted
    );
    // PS256 is allowed now, and this is no signature of it.
    header["alg"] = json!("PS256");
    assert_eq!(
        outcome(&verifier, &key.sign_with(&header, &claims)).await,
        Outcome::Refused(TokenProblem::Signature)
    );
}

/// In real time: the whole fetch may take five seconds, however it spends them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_hang_or_drip_are_given_up() {
    let started = tokio::time::Instant::now();
    let cases = [
        Behaviour::Hangs,
        Behaviour::Drips(Duration::from_millis(100)),
    ]
    .map(|behaviour| {
        tokio::spawn(async move {
            let bench = Bench::new().await;
            bench.server.behave(behaviour.clone());
            let outcome = bench.present().await;
            assert!(matches!(outcome, Outcome::Unavailable(_)), "{behaviour:?}");
        })
    });
    for case in cases {
        case.await.unwrap();
    }
    assert!(started.elapsed() < Duration::from_secs(8));
}

/// Whatever it answers, a server that is not itself costs nothing that was there.
#[tokio::test]
async fn no_bad_answer_costs_the_keys_at_hand() {
    let bench = Bench::new().await;
    assert_eq!(bench.present().await, Outcome::Accepted);
    let elsewhere = KeyServer::start(vec![SigningKey::ec(1).unwrap().public()])
        .await
        .unwrap();
    for behaviour in [
        Behaviour::Fails(404),
        Behaviour::Fails(500),
        Behaviour::Fails(204),
        Behaviour::Redirects(elsewhere.url()),
        Behaviour::Says(String::new()),
        Behaviour::Says("<html>".into()),
        Behaviour::Says("{}".into()),
        Behaviour::Says(r#"{"keys":[]}"#.into()),
        Behaviour::Says(r#"{"keys":{}}"#.into()),
        Behaviour::Says(r#"{"keys":[{"kty":"oct","k":"AAAA"}]}"#.into()),
        Behaviour::Says("{".repeat(300_000)),
    ] {
        bench.server.behave(behaviour.clone());
        assert!(bench.verifier.reload_keys().await.is_err(), "{behaviour:?}");
        assert_eq!(bench.present().await, Outcome::Accepted, "{behaviour:?}");
    }
    assert_eq!(elsewhere.asked(), 0, "redirects are not followed");
}

/// A flood of tokens with unknown keys of one issuer, while others verify theirs.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_at_one_issuer_delays_no_other() {
    let (flooded, calm) = (Arc::new(Bench::new().await), Bench::new().await);
    assert_eq!(flooded.present().await, Outcome::Accepted);
    assert_eq!(calm.present().await, Outcome::Accepted);
    flooded.clock.advance(COOLDOWN);
    // The one fetch that the flood may cause never ends.
    flooded.server.behave(Behaviour::Hangs);
    let flood: Vec<_> = (0..200)
        .map(|n| {
            let flooded = Arc::clone(&flooded);
            tokio::spawn(async move {
                let header = json!({ "alg": "ES256", "kid": format!("unknown-{n}") });
                let claims = json!({ "iss": flooded.server.issuer() });
                let token = flooded.key.sign_with(&header, &claims);
                outcome(&flooded.verifier, &token).await
            })
        })
        .collect();
    until(|| flooded.server.asked() == 2).await;
    let started = tokio::time::Instant::now();
    for _ in 0..50 {
        assert_eq!(calm.present().await, Outcome::Accepted);
        // Nor the known keys of the flooded one.
        assert_eq!(flooded.present().await, Outcome::Accepted);
    }
    assert!(started.elapsed() < Duration::from_secs(2));
    for token in flood {
        assert_eq!(
            token.await.unwrap(),
            Outcome::Refused(TokenProblem::NoMatchingKey)
        );
    }
    assert_eq!(flooded.server.asked(), 2);
}

/// Whoever repeats a key id that a fetch has looked for in vain does not even wait for the next one.
#[tokio::test]
async fn a_key_id_that_is_known_to_be_absent_waits_for_nobody() {
    let key = SigningKey::ec(1).unwrap();
    let server = KeyServer::start(vec![key.public()]).await.unwrap();
    let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
    let source = KeySource::url(server.url())
        .fresh(Duration::from_mins(1))
        .cooldown(Duration::from_mins(10));
    let issuer = Issuer::new(server.issuer(), ClaimMap::new("org_id"))
        .audience(AUDIENCE)
        .keys(source);
    let verifier = JwtVerifier::builder()
        .issuer(issuer)
        .clock(clock.clone())
        .build()
        .unwrap();
    let unknown = |id: &str| {
        let header = json!({ "alg": "ES256", "kid": id });
        key.sign_with(&header, &json!({ "iss": server.issuer() }))
    };
    let (looked_for, new) = (unknown("looked for"), unknown("new"));
    let refused = Outcome::Refused(TokenProblem::NoMatchingKey);
    assert_eq!(outcome(&verifier, &looked_for).await, refused);
    clock.advance(Duration::from_mins(10));
    assert_eq!(outcome(&verifier, &looked_for).await, refused);
    assert_eq!(server.asked(), 2);

    // The keys are due for renewal, and that takes for ever.
    server.behave(Behaviour::Hangs);
    clock.advance(Duration::from_mins(2));
    let soon = Duration::from_secs(1);
    let repeated = tokio::time::timeout(soon, outcome(&verifier, &looked_for)).await;
    assert_eq!(repeated, Ok(refused));
    until(|| server.asked() == 3).await;
    let waits = tokio::time::timeout(soon, outcome(&verifier, &new)).await;
    assert!(waits.is_err(), "an id that nobody looked for yet waits");
}
