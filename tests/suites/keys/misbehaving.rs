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

/// One that runs only while something is waited for on it.
fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap()
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

/// Answers its first question with the old key, late, and the others with the new one.
#[derive(Debug)]
struct Late {
    asked: std::sync::atomic::AtomicUsize,
    released: Arc<tokio::sync::Notify>,
    documents: [String; 2],
}

#[async_trait::async_trait]
impl FetchKeys for Late {
    async fn fetch(&self, _etag: Option<&str>) -> Result<Fetched, FetchError> {
        let first = self.asked.fetch_add(1, std::sync::atomic::Ordering::SeqCst) == 0;
        if first {
            self.released.notified().await;
        }
        let body = self.documents[usize::from(!first)].clone().into_bytes();
        Ok(Fetched::Document {
            body,
            etag: None,
            max_age: None,
        })
    }
}

/// What was given up on and answers after all is old news: it does not bring back a key that is gone.
#[test]
fn an_answer_that_comes_too_late_does_not_count() {
    let (old, new) = (SigningKey::ec(1).unwrap(), SigningKey::ec(2).unwrap());
    let set = |key: &SigningKey| json!({ "keys": [key.public()] }).to_string();
    let released = Arc::new(tokio::sync::Notify::new());
    let late = Late {
        asked: std::sync::atomic::AtomicUsize::new(0),
        released: Arc::clone(&released),
        documents: [set(&old), set(&new)],
    };
    let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
    let issuer = Issuer::new("https://issuer.example", ClaimMap::new("org_id"))
        .audience(AUDIENCE)
        .keys(KeySource::fetched(late));
    let verifier = JwtVerifier::builder()
        .issuer(issuer)
        .clock(clock.clone())
        .build()
        .unwrap();
    let exp = clock.now().as_seconds() + 600;
    let token = new.sign(&json!({
        "iss": "https://issuer.example", "aud": AUDIENCE, "sub": "ada", "org_id": "acme", "exp": exp
    }));

    let (standing, other) = (runtime(), runtime());
    let waits = standing.block_on(async {
        let waits = at_await(1, outcome(&verifier, &token)).await;
        // So that the fetch is on its way.
        tokio::task::yield_now().await;
        waits
    });
    assert!(waits.is_none());
    let given_up = other.block_on(outcome(&verifier, &token));
    assert!(matches!(given_up, Outcome::Unavailable(_)));
    clock.advance(Duration::from_secs(2));
    assert_eq!(
        other.block_on(outcome(&verifier, &token)),
        Outcome::Accepted
    );

    released.notify_one();
    standing.block_on(async {
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
    });
    verifier.forget_all();
    assert_eq!(
        other.block_on(outcome(&verifier, &token)),
        Outcome::Accepted
    );
    assert_eq!(verifier.key_status()[0].generation, 1);
}
