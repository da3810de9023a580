//! Tokens that are good and no longer accepted.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tenancy_core::{
    Algorithm, BearerToken, ClaimMap, Claims, Clock as _, Issuer, JwtVerifier, KeySource,
    ManualClock, RevocationList, Revocations, RevocationsUnavailable, SigningKey, SystemClock,
    TokenIssuer, TokenProblem, UnixTime, VerifyError,
};
use tenancy_examples::identity_provider::SigningKey as ProviderKey;

use super::{acme, ada, globex, verify};

const NAME: &str = "https://us.example";

struct Bench {
    issuer: TokenIssuer,
    clock: Arc<ManualClock>,
}

impl Bench {
    fn new() -> Self {
        let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
        let key = SigningKey::generate(Algorithm::ES256).unwrap();
        let issuer = TokenIssuer::new(NAME, "us", key)
            .unwrap()
            .clock(clock.clone());
        Self { issuer, clock }
    }

    fn token(&self) -> String {
        self.issuer.token(&acme(), &ada()).sign().unwrap()
    }

    fn verifier(&self, revocations: impl Revocations + 'static) -> JwtVerifier {
        JwtVerifier::builder()
            .issuer(self.issuer.issuer())
            .clock(self.clock.clone())
            .revocations(revocations)
            .build()
            .unwrap()
    }
}

#[tokio::test]
async fn one_token_is_revoked_by_its_id_and_its_neighbour_is_not() {
    let bench = Bench::new();
    let revoked = RevocationList::new();
    let verifier = bench.verifier(revoked.clone());
    let (one, neighbour) = (bench.token(), bench.token());
    let claims = verify(&verifier, &one).await.unwrap();
    assert!(verify(&verifier, &neighbour).await.is_ok());

    let id = claims.token_id().unwrap();
    revoked.revoke_token("https://other.example", id, claims.expires_at());
    assert!(verify(&verifier, &one).await.is_ok(), "another issuer's id");
    revoked.revoke_token(NAME, id, claims.expires_at());
    // Both were remembered: revocation is asked about on hits too.
    assert_eq!(
        verify(&verifier, &one).await.err(),
        Some(TokenProblem::Revoked)
    );
    assert!(verify(&verifier, &neighbour).await.is_ok());

    // The entry goes only when the token has expired by itself, leeway included.
    revoked.forget_expired(claims.expires_at());
    assert_eq!(
        verify(&verifier, &one).await.err(),
        Some(TokenProblem::Revoked)
    );
    revoked.forget_expired(claims.expires_at().saturating_add(Duration::from_mins(6)));
    assert!(verify(&verifier, &one).await.is_ok());
}

#[tokio::test]
async fn what_a_subject_or_a_tenant_held_is_revoked_and_what_they_get_is_not() {
    for by_tenant in [false, true] {
        let bench = Bench::new();
        let revoked = RevocationList::new();
        let verifier = bench.verifier(revoked.clone());
        let before = bench.token();
        let elsewhere = bench.issuer.token(&globex(), &super::eve()).sign().unwrap();
        assert!(verify(&verifier, &before).await.is_ok());

        bench.clock.advance(Duration::from_secs(10));
        let now = bench.clock.now();
        if by_tenant {
            revoked.revoke_tenant_before(acme(), now);
            revoked.revoke_tenant_before(acme(), now.saturating_sub(Duration::from_hours(1)));
        } else {
            revoked.revoke_subject_before(NAME, ada(), now);
            revoked.revoke_subject_before("https://other.example", super::eve(), now);
        }
        assert_eq!(
            verify(&verifier, &before).await.err(),
            Some(TokenProblem::Revoked)
        );
        let after = bench.token();
        assert!(verify(&verifier, &after).await.is_ok());
        assert!(verify(&verifier, &elsewhere).await.is_ok());
    }
}

impl Bench {
    /// A provider whose tokens say what a test wants them to say, and who verifies them.
    fn provider(&self, revoked: &RevocationList) -> (ProviderKey, JwtVerifier) {
        let key = ProviderKey::ec(1).unwrap();
        let set = json!({ "keys": [key.public()] }).to_string();
        let issuer = Issuer::new(NAME, ClaimMap::new("org"))
            .audience("us")
            .keys(KeySource::fixed(set));
        let verifier = JwtVerifier::builder()
            .issuer(issuer)
            .clock(self.clock.clone())
            .revocations(revoked.clone())
            .build()
            .unwrap();
        (key, verifier)
    }
}

/// The first half of a second is before its end, however the issuer writes it.
#[tokio::test]
async fn a_fraction_of_a_second_is_no_way_out() {
    let bench = Bench::new();
    let revoked = RevocationList::new();
    let (key, verifier) = bench.provider(&revoked);
    let now = bench.clock.now().as_seconds();
    let token = key.sign(&json!({
        "iss": NAME, "aud": "us", "sub": "ada", "org": "acme", "exp": now + 600,
        "iat": serde_json::from_str::<serde_json::Value>(&format!("{now}.1")).unwrap(),
    }));
    assert!(verify(&verifier, &token).await.is_ok());
    revoked.revoke_tenant_before(acme(), UnixTime::from_seconds(now + 1));
    assert_eq!(
        verify(&verifier, &token).await.err(),
        Some(TokenProblem::Revoked)
    );
}

/// A token that does not say when it was issued may have been issued before.
#[tokio::test]
async fn a_token_without_a_date_counts_as_old() {
    let bench = Bench::new();
    let revoked = RevocationList::new();
    let (key, verifier) = bench.provider(&revoked);
    let exp = bench.clock.now().as_seconds() + 600;
    let undated = key.sign(&json!({
        "iss": NAME, "aud": "us", "sub": "ada", "org": "acme", "exp": exp,
    }));
    assert!(verify(&verifier, &undated).await.is_ok());
    revoked.revoke_tenant_before(acme(), UnixTime::from_seconds(0));
    assert_eq!(
        verify(&verifier, &undated).await.err(),
        Some(TokenProblem::Revoked)
    );
}

/// Counts how often it is asked, and answers or does not.
#[derive(Debug)]
struct Storage {
    asked: Arc<AtomicUsize>,
    is_up: bool,
}

#[async_trait::async_trait]
impl Revocations for Storage {
    async fn is_revoked(&self, claims: &Claims) -> Result<bool, RevocationsUnavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        if self.is_up {
            Ok(claims.subject().as_str() == "eve")
        } else {
            Err(RevocationsUnavailable {
                retry_after: Duration::from_secs(7),
                cause: "no connection".to_owned(),
            })
        }
    }
}

#[tokio::test]
async fn the_hook_is_asked_about_every_good_token_and_no_other() {
    let bench = Bench::new();
    let asked = Arc::new(AtomicUsize::new(0));
    let storage = Storage {
        asked: asked.clone(),
        is_up: true,
    };
    let verifier = bench.verifier(storage);
    let token = bench.token();
    for times in 1..=3 {
        assert!(verify(&verifier, &token).await.is_ok());
        assert_eq!(asked.load(Ordering::SeqCst), times);
    }
    let revoked = bench.issuer.token(&acme(), &super::eve()).sign().unwrap();
    for _ in 0..2 {
        assert_eq!(
            verify(&verifier, &revoked).await.err(),
            Some(TokenProblem::Revoked)
        );
    }
    assert_eq!(asked.load(Ordering::SeqCst), 5);
    let forged = &token[..token.len() - 4];
    assert!(verify(&verifier, forged).await.is_err());
    assert_eq!(asked.load(Ordering::SeqCst), 5);
}

/// When in doubt, refuse: 503, not 401, and nobody enters.
#[tokio::test]
async fn a_hook_that_does_not_answer_lets_nobody_in() {
    let bench = Bench::new();
    let storage = Storage {
        asked: Arc::default(),
        is_up: false,
    };
    let verifier = bench.verifier(storage);
    let token = bench.token();
    for _ in 0..2 {
        let bearer = BearerToken::parse(&token).unwrap();
        let error = verifier.verify(bearer).await.unwrap_err();
        assert_eq!(
            error,
            VerifyError::Unavailable {
                retry_after: Duration::from_secs(7),
                cause: "revocations are unavailable: no connection".to_owned(),
            }
        );
    }
}
