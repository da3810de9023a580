//! Whose keys count: those of the issuer that the token names, for its tokens and for nothing else.

use serde_json::json;
use tenancy_core::{JwtVerifier, TokenProblem};
use tenancy_examples::identity_provider::{SigningKey, encode_part};

use super::{Door, changed, issuer, provider, verify};

#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_used() {
    for door in Door::on_each_backend().await {
        let stranger = SigningKey::rsa(7).unwrap();
        for header in [
            changed(stranger.header(), "jwk", Some(stranger.public())),
            changed(door.key.header(), "jwk", Some(stranger.public())),
            door.key.header(),
            changed(door.key.header(), "kid", None),
        ] {
            let token = stranger.sign_with(&header, &door.claims());
            assert!(verify(&door.verifier, &token).await.is_err(), "{header}");
        }
    }
}

/// The classic confusion: the public key, which everybody knows, used as an HMAC secret.
#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    for door in Door::on_each_backend().await {
        let header = changed(door.key.header(), "alg", Some(json!("HS256"))).to_string();
        let message = format!(
            "{}.{}",
            encode_part(&header),
            encode_part(&door.claims().to_string())
        );
        for secret in [
            door.key.public().to_string(),
            door.key.public()["n"].as_str().unwrap().to_owned(),
        ] {
            let key = jsonwebtoken_secret(&secret, &message);
            assert_eq!(
                verify(&door.verifier, &format!("{message}.{key}"))
                    .await
                    .err(),
                Some(TokenProblem::Algorithm)
            );
        }
    }
}

fn jsonwebtoken_secret(secret: &str, message: &str) -> String {
    use base64::Engine as _;
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .encode(aws_lc_rs::hmac::sign(&key, message.as_bytes()))
}

#[tokio::test]
async fn a_key_speaks_for_its_own_issuer_only() {
    let (one, other) = (provider().await, provider().await);
    let verifier = JwtVerifier::new([issuer(&one), issuer(&other)]).unwrap();
    // Both publish a key `rsa-1`.
    assert_eq!(one.rsa_key().id(), other.rsa_key().id());
    assert!(verify(&verifier, &one.token("acme", "ada")).await.is_ok());
    assert!(verify(&verifier, &other.token("acme", "ada")).await.is_ok());
    let forged = other.rsa_key().sign(&one.claims("acme", "ada", 600));
    assert_eq!(
        verify(&verifier, &forged).await.err(),
        Some(TokenProblem::Signature)
    );
}

#[tokio::test]
async fn an_unknown_issuer_causes_no_traffic() {
    let door = Door::new().await;
    for _ in 0..100 {
        let claims = changed(door.claims(), "iss", Some(json!("http://127.0.0.1:1")));
        assert_eq!(
            verify(&door.verifier, &door.key.sign(&claims)).await.err(),
            Some(TokenProblem::Issuer)
        );
    }
    assert_eq!(door.provider.fetches(), 0);
}
