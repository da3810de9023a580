//! Which kind of token an issuer's tokens have to be, and where they name their audience.

use serde_json::{Value, json};
use tenancy_core::{ClaimMap, Issuer, JwtVerifier, KeySource, TokenProblem, TokenProfile};
use tenancy_examples::identity_provider::{SigningKey, now};

use super::{changed, verify};

const NAME: &str = "https://issuer.example";

fn issuer(key: &SigningKey) -> Issuer {
    let set = json!({ "keys": [key.public()] }).to_string();
    Issuer::new(NAME, ClaimMap::new("org"))
        .audience("us")
        .keys(KeySource::fixed(set))
}

/// The example of RFC 9068 §2.2, with a tenant.
fn claims() -> Value {
    let now = now();
    json!({
        "iss": NAME, "sub": "5ba552d67", "aud": "us", "exp": now + 600, "iat": now, "client_id": "s6BhdRkqt3",
        "jti": "dbe39bf3a3ba4238a513f51d6e1691c4", "scope": "openid profile reademail", "org": "acme",
    })
}

#[tokio::test]
async fn an_rfc_9068_access_token_can_be_required() {
    let key = SigningKey::ec(1).unwrap();
    let strict = JwtVerifier::new([issuer(&key).profile(TokenProfile::AccessToken)]).unwrap();
    let lenient = JwtVerifier::new([issuer(&key)]).unwrap();
    let header = |typ: Option<&str>| changed(key.header(), "typ", typ.map(|typ| json!(typ)));
    for (header, claims, problem) in [
        (header(Some("at+jwt")), claims(), None),
        (header(Some("application/at+jwt")), claims(), None),
        (header(Some("JWT")), claims(), Some(TokenProblem::Type)),
        (header(None), claims(), Some(TokenProblem::Type)),
        (
            header(Some("at+jwt")),
            changed(claims(), "client_id", None),
            Some(TokenProblem::Profile),
        ),
        (
            header(Some("at+jwt")),
            changed(claims(), "jti", None),
            Some(TokenProblem::Profile),
        ),
        (
            header(Some("at+jwt")),
            changed(claims(), "iat", None),
            Some(TokenProblem::Profile),
        ),
    ] {
        let token = key.sign_with(&header, &claims);
        assert_eq!(verify(&strict, &token).await.err(), problem, "{claims}");
        assert!(verify(&lenient, &token).await.is_ok(), "{claims}");
    }
}

#[tokio::test]
async fn an_audience_may_stand_in_another_claim() {
    let key = SigningKey::ec(1).unwrap();
    let elsewhere = issuer(&key)
        .audience_claim("client_id")
        .audience("s6BhdRkqt3");
    let verifier = JwtVerifier::new([elsewhere]).unwrap();
    for (client, outcome) in [
        (Some(json!("s6BhdRkqt3")), None),
        (Some(json!("other")), Some(TokenProblem::Audience)),
        (None, Some(TokenProblem::Audience)),
    ] {
        let token = key.sign(&changed(claims(), "client_id", client));
        assert_eq!(verify(&verifier, &token).await.err(), outcome);
    }
}

#[tokio::test]
async fn a_token_id_is_text() {
    let key = SigningKey::ec(1).unwrap();
    let verifier = JwtVerifier::new([issuer(&key)]).unwrap();
    for bad in [json!(1), json!(""), json!(null), json!(["x"])] {
        let token = key.sign(&changed(claims(), "jti", Some(bad)));
        assert_eq!(
            verify(&verifier, &token).await.err(),
            Some(TokenProblem::TokenId)
        );
    }
}

/// Claims of the token itself, read as a type of the service's own.
#[tokio::test]
async fn other_claims_are_read_as_types() {
    #[derive(Debug, PartialEq, serde::Deserialize)]
    struct Plan {
        name: String,
        seats: u32,
    }

    let key = SigningKey::ec(1).unwrap();
    let verifier = JwtVerifier::new([issuer(&key)]).unwrap();
    let plan = json!({ "plan": { "name": "gold", "seats": 5 } });
    let claims = changed(claims(), "https://example.com/billing", Some(plan));
    let claims = verify(&verifier, &key.sign(&claims)).await.unwrap();
    let path = ["https://example.com/billing", "plan"];
    assert_eq!(
        claims.claim::<Plan>(path).unwrap(),
        Some(Plan {
            name: "gold".into(),
            seats: 5
        })
    );
    assert_eq!(claims.claim::<String>("plan").unwrap(), None);
    assert_eq!(claims.claim::<String>(["aud", "x"]).unwrap(), None);
    assert!(claims.claim::<String>(path).is_err());
    assert_eq!(
        claims.claim::<i64>("exp").unwrap(),
        Some(claims.expires_at().as_seconds())
    );
}
