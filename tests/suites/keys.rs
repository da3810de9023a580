//! How keys are fetched and kept, against a real JWKS endpoint and with a clock that stands still.

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
    IssuerError, JwtVerifier, JwtVerifierError, KeySource, ManualClock, SystemClock, TokenProblem,
    VerifyError,
};
use tenancy_examples::identity_provider::{IdentityProvider, SigningKey};
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
        let verifier = JwtVerifier::with_clock([issuer], clock.clone()).unwrap();
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
    let requests: Vec<_> = (0..50)
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
        assert_eq!(watch.present().await, Outcome::Unavailable(expected));
        watch.clock.advance(expected);
    }
}

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
        JwtVerifier::with_clock([issuer], clock.clone()).unwrap(),
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
    assert_eq!(
        outcome(&verifier, &any_token()).await,
        Outcome::Unavailable(Duration::from_secs(2))
    );
}

#[tokio::test]
async fn a_fetch_that_panics_is_a_failure_like_others() {
    let (verifier, clock) = misbehaving(Misbehaving::Panicking);
    for expected in [1, 2, 4] {
        let expected = Duration::from_secs(expected);
        assert_eq!(
            outcome(&verifier, &any_token()).await,
            Outcome::Unavailable(expected)
        );
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

/// Serves one answer for every path.
async fn endpoint(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/jwks")
}

#[tokio::test]
async fn answers_that_are_no_key_set_are_no_keys() {
    let key = SigningKey::rsa(1).unwrap();
    let set = json!({ "keys": [key.public()] }).to_string();
    let good = endpoint(Router::new().route("/jwks", get(|| async { set }))).await;
    let target = good.clone();
    let padded = json!({ "keys": [key.public()], "x": "x".repeat(256 * 1024) }).to_string();
    let many = json!({ "keys": vec![key.public(); 101] }).to_string();
    let endless = || async {
        let chunk = axum::body::Bytes::from(vec![b' '; 65_536]);
        let stream = futures_util::stream::repeat(Ok::<_, std::convert::Infallible>(chunk));
        axum::body::Body::from_stream(stream)
    };
    for (what, app) in [
        (
            "a redirect",
            Router::new().route(
                "/jwks",
                get(move || async move { Redirect::temporary(&target) }),
            ),
        ),
        (
            "an error with a body",
            Router::new().route(
                "/jwks",
                get(|| async { (StatusCode::NOT_FOUND, "{\"keys\":[]}") }),
            ),
        ),
        (
            "no content",
            Router::new().route("/jwks", get(|| async { StatusCode::NO_CONTENT })),
        ),
        (
            "an empty set",
            Router::new().route("/jwks", get(|| async { "{\"keys\":[]}" })),
        ),
        (
            "no set",
            Router::new().route("/jwks", get(|| async { "[]" })),
        ),
        (
            "no JSON",
            Router::new().route("/jwks", get(|| async { "<html>" })),
        ),
        (
            "more than 256 KiB",
            Router::new().route("/jwks", get(|| async { padded })),
        ),
        (
            "more than 100 keys",
            Router::new().route("/jwks", get(|| async { many })),
        ),
        (
            "an endless body",
            Router::new().route("/jwks", get(endless)),
        ),
    ] {
        let url = endpoint(app).await;
        assert!(
            matches!(
                with_keys(KeySource::url(url), &key).await,
                Outcome::Unavailable(_)
            ),
            "{what}"
        );
    }
    assert_eq!(
        with_keys(KeySource::url(good), &key).await,
        Outcome::Accepted
    );
}

/// What comes of a good token of `key` when the keys come from `source`.
async fn with_keys(source: KeySource, key: &SigningKey) -> Outcome {
    let issuer = Issuer::new("https://issuer.example", ClaimMap::new("org_id"))
        .audience(AUDIENCE)
        .keys(source);
    let now = SystemClock::default().now().as_seconds();
    let claims = json!({ "iss": "https://issuer.example", "aud": AUDIENCE, "sub": "ada", "org_id": "acme", "exp": now + 60 });
    outcome(&JwtVerifier::new([issuer]).unwrap(), &key.sign(&claims)).await
}

#[tokio::test]
async fn one_odd_key_never_spoils_the_set() {
    let key = SigningKey::rsa(1).unwrap();
    let with = |name: &str, value: Value| {
        let mut jwk = key.public();
        jwk["kid"] = json!("odd");
        jwk[name] = value;
        jwk
    };
    for odd in [
        json!(null),
        json!(7),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "kty": "XYZ", "kid": "x" }),
        json!({ "kty": "EC", "crv": "P-999", "x": "AA", "y": "AA" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AA" }),
        json!({ "kty": "oct", "k": "AAAA", "kid": "rsa-1" }),
        with("kid", json!(7)),
        with("use", json!("enc")),
        with("key_ops", json!(["encrypt"])),
        with("alg", json!("RSA-OAEP")),
        with("n", json!("AQAB")),
        with("e", json!("AQ")),
        with("e", json!("AAAA")),
        with("n", json!("!")),
        with("n", json!(null)),
    ] {
        for keys in [
            vec![odd.clone(), key.public()],
            vec![key.public(), odd.clone()],
        ] {
            let document = json!({ "keys": keys }).to_string();
            assert_eq!(
                with_keys(KeySource::fixed(document), &key).await,
                Outcome::Accepted,
                "{odd}"
            );
        }
    }
}

#[tokio::test]
async fn keys_that_must_not_verify_do_not() {
    let key = SigningKey::rsa(1).unwrap();
    let other = SigningKey::rsa(1).unwrap();
    let bystander = SigningKey::ec(1).unwrap().public();
    let with = |name: &str, value: Value| {
        let mut jwk = key.public();
        jwk[name] = value;
        jwk
    };
    for keys in [
        json!([with("use", json!("enc")), bystander]),
        json!([with("key_ops", json!(["sign"])), bystander]),
        json!([with("alg", json!("PS256")), bystander]),
        json!([with("kid", json!("another")), bystander]),
        // Two keys claim the same id: neither is used.
        json!([key.public(), other.public(), bystander]),
        json!([other.public(), key.public(), bystander]),
    ] {
        let document = json!({ "keys": keys }).to_string();
        assert!(
            matches!(
                with_keys(KeySource::fixed(document), &key).await,
                Outcome::Refused(_)
            ),
            "{keys}"
        );
    }
    let leading_zero = {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let n = engine.decode(key.public()["n"].as_str().unwrap()).unwrap();
        with("n", json!(engine.encode([&[0], n.as_slice()].concat())))
    };
    for keys in [json!([key.public(), key.public()]), json!([leading_zero])] {
        let document = json!({ "keys": keys }).to_string();
        assert_eq!(
            with_keys(KeySource::fixed(document), &key).await,
            Outcome::Accepted
        );
    }
}

#[test]
fn configurations_that_would_accept_too_much_are_errors() {
    let keys = || KeySource::url("https://issuer.example/jwks");
    let issuer = || Issuer::new("https://issuer.example", ClaimMap::new("org_id"));
    let error = |issuer: Issuer| match JwtVerifier::new([issuer]) {
        Err(JwtVerifierError::Issuer(error)) => error,
        other => panic!("{other:?}"),
    };
    assert!(matches!(
        error(issuer().keys(keys())),
        IssuerError::NoAudience(_)
    ));
    assert!(matches!(
        error(issuer().audience("").keys(keys())),
        IssuerError::EmptyAudience(_)
    ));
    assert!(matches!(
        error(issuer().audience("us")),
        IssuerError::NoKeys(_)
    ));
    assert!(matches!(
        error(
            Issuer::new("", ClaimMap::new("x"))
                .audience("us")
                .keys(keys())
        ),
        IssuerError::NoName
    ));
    assert!(matches!(
        error(
            issuer()
                .audience("us")
                .keys(keys())
                .leeway(Duration::from_mins(6))
        ),
        IssuerError::Leeway(_)
    ));
    for url in [
        "http://issuer.example/jwks",
        "ftp://issuer.example",
        "jwks",
        "https://u:p@issuer.example/",
    ] {
        assert!(
            matches!(
                error(issuer().audience("us").keys(KeySource::url(url))),
                IssuerError::Keys { .. }
            ),
            "{url}"
        );
    }
    assert!(matches!(
        error(issuer().audience("us").keys(KeySource::fixed("{}"))),
        IssuerError::Keys { .. }
    ));
    assert!(JwtVerifier::new([issuer().accept_any_audience().keys(keys())]).is_ok());
    assert!(matches!(
        JwtVerifier::new([]),
        Err(JwtVerifierError::NoIssuer)
    ));
    let twice = [
        issuer().audience("us").keys(keys()),
        issuer().audience("us").keys(keys()),
    ];
    assert!(matches!(
        JwtVerifier::new(twice),
        Err(JwtVerifierError::Duplicate(_))
    ));
}

#[tokio::test]
async fn an_issuer_narrows_its_algorithms() {
    let key = SigningKey::rsa(1).unwrap();
    let document =
        json!({ "keys": [key.public(), SigningKey::ec(1).unwrap().public()] }).to_string();
    let issuer = Issuer::new("https://issuer.example", ClaimMap::new("org_id"))
        .audience(AUDIENCE)
        .algorithms([Algorithm::ES256])
        .keys(KeySource::fixed(document));
    let claims = json!({ "iss": "https://issuer.example" });
    let outcome = outcome(&JwtVerifier::new([issuer]).unwrap(), &key.sign(&claims)).await;
    assert_eq!(outcome, Outcome::Refused(TokenProblem::NoMatchingKey));
}
