//! Several issuers: which tenants each may speak for.

use serde_json::{Value, json};
use tenancy_core::{
    ClaimMap, Clock as _, Issuer, JwtVerifier, KeySource, SystemClock, TokenProblem,
};
use tenancy_examples::identity_provider::SigningKey;

use super::{acme, globex, verify};

pub(super) fn claims(issuer: &str, org: &Value) -> Value {
    let exp = SystemClock::default().now().as_seconds() + 86_400;
    json!({ "iss": issuer, "aud": "us", "sub": "ada", "org": org, "exp": exp })
}

pub(super) fn trusted(name: &str, key: &SigningKey) -> Issuer {
    let set = json!({ "keys": [key.public()] }).to_string();
    Issuer::new(name, ClaimMap::new("org"))
        .audience("us")
        .keys(KeySource::fixed(set))
}

#[tokio::test]
async fn an_issuer_speaks_for_its_own_tenants_only() {
    let (one, two) = (SigningKey::ec(1).unwrap(), SigningKey::ec(2).unwrap());
    let verifier = JwtVerifier::new([
        trusted("https://one.example", &one).tenants([acme()]),
        trusted("https://two.example", &two).tenants([globex()]),
    ])
    .unwrap();
    for (key, issuer, org, outcome) in [
        (&one, "https://one.example", "acme", None),
        (&two, "https://two.example", "globex", None),
        (
            &one,
            "https://one.example",
            "globex",
            Some(TokenProblem::TenantNotOfIssuer),
        ),
        (
            &two,
            "https://two.example",
            "acme",
            Some(TokenProblem::TenantNotOfIssuer),
        ),
        // Case is another tenant, and nothing stands for all of them.
        (
            &one,
            "https://one.example",
            "ACME",
            Some(TokenProblem::TenantNotOfIssuer),
        ),
        (
            &one,
            "https://one.example",
            "*",
            Some(TokenProblem::TenantNotOfIssuer),
        ),
    ] {
        let token = key.sign(&claims(issuer, &json!(org)));
        assert_eq!(verify(&verifier, &token).await.err(), outcome, "{org}");
    }
}

/// Of the memberships that an issuer lists, those that it may speak for count.
#[tokio::test]
async fn a_binding_narrows_memberships() {
    let key = SigningKey::ec(1).unwrap();
    let set = json!({ "keys": [key.public()] }).to_string();
    let issuer = Issuer::new("https://one.example", ClaimMap::of_memberships("org"))
        .audience("us")
        .keys(KeySource::fixed(set))
        .tenants([acme()]);
    let verifier = JwtVerifier::new([issuer]).unwrap();
    let of = |org| key.sign(&claims("https://one.example", &org));
    let claims = verify(&verifier, &of(json!(["acme", "globex"]))).await;
    assert_eq!(claims.unwrap().tenants(), [acme()]);
    assert_eq!(
        verify(&verifier, &of(json!(["globex"]))).await.err(),
        Some(TokenProblem::TenantNotOfIssuer)
    );
}
