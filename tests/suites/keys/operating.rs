//! What an operator sees of the keys and can do about them.

use tenancy_core::{FetchError, KeyState};
use tenancy_tests::key_server::Behaviour;

use super::bench::Bench;
use super::*;
use crate::metered::counting;

#[tokio::test]
async fn the_state_of_the_keys_is_there_to_see() {
    let bench = Bench::at_its_url().await;
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
    let bench = Bench::at_its_url().await;
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
    let bench = Bench::at_its_url().await;
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
    let bench = Bench::at_its_url().await;
    bench.server.cache_control("public, max-age=3600");
    assert_eq!(bench.present().await, Outcome::Accepted);
    bench.clock.advance(Duration::from_mins(53));
    assert_eq!(bench.status().state, KeyState::Fresh);
    bench.clock.advance(Duration::from_mins(8));
    assert_eq!(bench.status().state, KeyState::Stale);
}

#[tokio::test]
async fn fetches_and_left_out_keys_are_counted() {
    let bench = Bench::at_its_url().await;
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
