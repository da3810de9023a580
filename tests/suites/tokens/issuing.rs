//! Tokens that a service issues itself.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use serde_json::{Value, json};
use tenancy_core::{
    Algorithm, ClaimMap, Issuer, JwtVerifier, KeySource, ManualClock, ProjectId, SharedSecret,
    SigningKey, TokenIssuer, TokenProblem, UnixTime,
};

use super::{acme, ada, verify};

const ALL: [Algorithm; 10] = [
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::ES512,
    Algorithm::EdDSA,
];

fn decoded(token: &str, part: usize) -> Value {
    let part = token.split('.').nth(part).unwrap();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD
        .decode(part)
        .unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

#[tokio::test]
async fn what_is_issued_with_any_key_pair_verifies_with_the_published_half() {
    for algorithm in ALL {
        let key = SigningKey::generate(algorithm).unwrap();
        let issuer = TokenIssuer::new("https://us.example", "api", key).unwrap();
        let token = issuer
            .token(&acme(), &ada())
            .project(&ProjectId::parse("apollo").unwrap())
            .roles(["Editor"])
            .permissions(["note.read", "note.write"])
            .claim("plan", "gold")
            .sign()
            .unwrap();
        // Another service sees the published set only.
        let elsewhere = Issuer::new("https://us.example", ClaimMap::new("tenant_id"))
            .audience("api")
            .keys(KeySource::fixed(issuer.jwks().unwrap()));
        for trusted in [issuer.issuer(), elsewhere] {
            let verifier = JwtVerifier::new([trusted]).unwrap();
            let claims = verify(&verifier, &token).await.unwrap();
            assert_eq!(claims.tenant(), Some(&acme()));
            assert_eq!(claims.subject(), &ada());
            assert_eq!(
                claims.claim::<String>("plan").unwrap().as_deref(),
                Some("gold")
            );
        }
        let verifier = JwtVerifier::new([issuer.issuer()]).unwrap();
        let claims = verify(&verifier, &token).await.unwrap();
        assert_eq!(claims.project().unwrap().as_str(), "apollo");
        assert_eq!(claims.roles(), ["Editor"]);
        assert_eq!(claims.permissions(), ["note.read", "note.write"]);
    }
}

/// Another implementation of JSON Web Tokens understands what is issued.
#[test]
fn jsonwebtoken_reads_the_published_set() {
    let issuer = |algorithm| {
        let key = SigningKey::generate(algorithm).unwrap();
        TokenIssuer::new("https://us.example", "api", key).unwrap()
    };
    for algorithm in ALL.into_iter().filter(|one| *one != Algorithm::ES512) {
        let jwks = issuer(algorithm).jwks().unwrap();
        let set: jsonwebtoken::jwk::JwkSet = serde_json::from_str(&jwks).unwrap();
        assert!(jsonwebtoken::DecodingKey::from_jwk(&set.keys[0]).is_ok());
        assert!(!jwks.contains("\"d\""), "nothing private: {jwks}");
    }
}

#[tokio::test]
async fn tokens_have_sane_defaults() {
    let start = UnixTime::from_seconds(1_700_000_000);
    let clock = Arc::new(ManualClock::at(start));
    let secret = SharedSecret::new(Algorithm::HS256, [7; 32]).key_id("2026");
    let issuer = TokenIssuer::new("me", "us", SigningKey::shared_secret(secret))
        .unwrap()
        .clock(clock.clone());
    assert_eq!(issuer.jwks(), None, "a secret is not published");

    let (acme, ada) = (acme(), ada());
    let token = issuer.token(&acme, &ada).sign().unwrap();
    assert_eq!(
        decoded(&token, 0),
        json!({ "alg": "HS256", "typ": "JWT", "kid": "2026" })
    );
    let claims = decoded(&token, 1);
    assert_eq!(claims["iat"], 1_700_000_000);
    assert_eq!(claims["exp"], 1_700_003_600);
    assert_ne!(
        claims["jti"],
        decoded(&issuer.token(&acme, &ada).sign().unwrap(), 1)["jti"]
    );

    let verifier = JwtVerifier::builder()
        .issuer(issuer.issuer())
        .clock(clock.clone())
        .build()
        .unwrap();
    assert!(verify(&verifier, &token).await.is_ok());
    clock.advance(Duration::from_mins(61));
    assert_eq!(
        verify(&verifier, &token).await.err(),
        Some(TokenProblem::Expired)
    );
}

/// As `openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256` wrote it.
const PEM: &str = "-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQggAIJSWxvgcUdZ2J1
5Wr95JRVsUi7OXh74xiOwD2f4DShRANCAAQ6b2YzC6gMmT0SkIGYHRlT8TyZcc5Y
LcRxv9DDndd31Nw8fc68GZLd6ZzAaQXAcRMbZSE9Ktf0nXSPYN/E6kA9
-----END PRIVATE KEY-----
";

#[tokio::test]
async fn a_private_key_is_read_from_its_text_form() {
    let read = || SigningKey::from_pkcs8_pem(Algorithm::ES256, PEM).unwrap();
    let issuer = TokenIssuer::new("me", "us", read()).unwrap();
    let token = issuer.token(&acme(), &ada()).sign().unwrap();
    // The id is that of the key: another instance that loads it publishes the same set.
    let other = TokenIssuer::new("me", "us", read()).unwrap();
    assert_eq!(issuer.jwks(), other.jwks());
    let verifier = JwtVerifier::new([other.issuer()]).unwrap();
    assert!(verify(&verifier, &token).await.is_ok());
    assert!(SigningKey::from_pkcs8_pem(Algorithm::ES384, PEM).is_err());
    assert!(SigningKey::from_pkcs8_pem(Algorithm::RS256, PEM).is_err());
}
