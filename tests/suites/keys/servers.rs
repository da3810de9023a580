//! Servers of keys at their worst: they hang, answer with nonsense, or are flooded by way of us.

use tenancy_tests::key_server::{Behaviour, KeyServer};

use super::bench::Bench;
use super::*;

/// In real time: the whole fetch may take five seconds, however it spends them; these two would take for ever.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn servers_that_hang_or_drip_are_given_up() {
    let cases = [
        Behaviour::Hangs,
        Behaviour::Drips(Duration::from_millis(100)),
    ]
    .map(|behaviour| {
        tokio::spawn(async move {
            let bench = Bench::at_its_url().await;
            bench.server.behave(behaviour.clone());
            let outcome = bench.present().await;
            assert!(matches!(outcome, Outcome::Unavailable(_)), "{behaviour:?}");
        })
    });
    for case in cases {
        let given_up = tokio::time::timeout(Duration::from_mins(1), case).await;
        given_up.unwrap().unwrap();
    }
}

/// Whatever it answers, a server that is not itself costs nothing that was there.
#[tokio::test]
async fn no_bad_answer_costs_the_keys_at_hand() {
    let bench = Bench::at_its_url().await;
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
    let (flooded, calm) = (
        Arc::new(Bench::at_its_url().await),
        Bench::at_its_url().await,
    );
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
    for _ in 0..5 {
        assert_eq!(calm.present().await, Outcome::Accepted);
        // Nor the known keys of the flooded one.
        assert_eq!(flooded.present().await, Outcome::Accepted);
    }
    assert!(flood.iter().all(|token| !token.is_finished()));
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
