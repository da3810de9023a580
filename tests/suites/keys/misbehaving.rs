//! Fetches that hang, panic or stand still.

use super::*;

/// A fetch that misbehaves.
#[derive(Debug)]
enum Misbehaving {
    NeverEnding,
    Panicking,
}

#[async_trait::async_trait]
impl FetchKeys for Misbehaving {
    async fn fetch(&self, _etag: Option<&str>) -> Result<Fetched, FetchError> {
        match self {
            Self::NeverEnding => std::future::pending().await,
            Self::Panicking => panic!("in the middle of a fetch"),
        }
    }
}

fn misbehaving(fetch: Misbehaving) -> (JwtVerifier, Arc<ManualClock>) {
    let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
    let issuer = Issuer::new("https://issuer.example", ClaimMap::new("org_id"))
        .audience(AUDIENCE)
        .keys(KeySource::fetched(fetch));
    (
        JwtVerifier::builder()
            .issuer(issuer)
            .clock(clock.clone())
            .build()
            .unwrap(),
        clock,
    )
}

fn any_token() -> String {
    SigningKey::ec(1)
        .unwrap()
        .sign(&json!({ "iss": "https://issuer.example" }))
}

#[tokio::test(start_paused = true)]
async fn a_fetch_that_never_ends_is_given_up() {
    let (verifier, clock) = misbehaving(Misbehaving::NeverEnding);
    let started = tokio::time::Instant::now();
    assert_eq!(
        outcome(&verifier, &any_token()).await,
        Outcome::Unavailable(Duration::from_secs(1))
    );
    assert!(started.elapsed() < Duration::from_secs(6));
    // And counted as a failure, so that the next attempt waits its turn.
    clock.advance(Duration::from_secs(1));
    let next = outcome(&verifier, &any_token()).await;
    assert!(next.is_pause(Duration::from_secs(2)));
}

#[tokio::test]
async fn a_fetch_that_panics_is_a_failure_like_others() {
    let (verifier, clock) = misbehaving(Misbehaving::Panicking);
    for expected in [1, 2, 4] {
        let expected = Duration::from_secs(expected);
        assert!(outcome(&verifier, &any_token()).await.is_pause(expected));
        clock.advance(expected);
    }
}

/// The runtime that runs the fetch may be blocked, or never driven again; others go on without it.
#[test]
fn a_runtime_that_stands_still_holds_up_nobody_else() {
    let runtime = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .start_paused(true)
            .build()
            .unwrap()
    };
    let (verifier, _clock) = misbehaving(Misbehaving::NeverEnding);
    let (standing, other) = (runtime(), runtime());
    let token = any_token();
    assert!(
        standing
            .block_on(at_await(1, outcome(&verifier, &token)))
            .is_none()
    );
    assert!(matches!(
        other.block_on(outcome(&verifier, &token)),
        Outcome::Unavailable(_)
    ));
}
