//! Which tokens are accepted: everything below is signed by the issuer's real key and verified over its real
//! JWKS endpoint, unless the forgery is the signature itself.

mod algorithms;
mod allocations;
mod cache;
mod hostile;
mod issuers;
mod issuing;
mod profiles;
mod revocation;

use std::net::{Ipv4Addr, SocketAddr};

use serde_json::{Value, json};
use tenancy_core::{
    BearerToken, ClaimMap, Claims, Issuer, JwtVerifier, KeySource, SignatureBackend, SubjectId,
    TenantId, TokenProblem, VerifyError,
};
use tenancy_examples::identity_provider::{IdentityProvider, SigningKey, encode_part};

const AUDIENCE: &str = "us";

async fn provider() -> IdentityProvider {
    IdentityProvider::start(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), AUDIENCE)
        .await
        .unwrap()
}

fn issuer(provider: &IdentityProvider) -> Issuer {
    Issuer::new(provider.issuer(), ClaimMap::frontegg())
        .audience(AUDIENCE)
        .keys(KeySource::url(provider.jwks_url()))
}

async fn verify(verifier: &JwtVerifier, token: &str) -> Result<Claims, TokenProblem> {
    let token = BearerToken::parse(token).expect("the syntax of a bearer token");
    match verifier.verify(token).await {
        Ok(claims) => Ok(claims.into_inner()),
        Err(VerifyError::Token(problem)) => Err(problem),
        Err(other) => panic!("{other}"),
    }
}

const BACKENDS: [SignatureBackend; 2] = [SignatureBackend::AwsLc, SignatureBackend::Portable];

/// A provider, a verifier that trusts it, and a good token to vary.
struct Door {
    provider: IdentityProvider,
    verifier: JwtVerifier,
    key: SigningKey,
}

impl Door {
    async fn new() -> Self {
        Self::with(SignatureBackend::default()).await
    }

    async fn with(backend: SignatureBackend) -> Self {
        let provider = provider().await;
        let verifier = JwtVerifier::builder()
            .issuer(issuer(&provider))
            .signature_backend(backend)
            .build()
            .unwrap();
        let key = provider.rsa_key();
        Self {
            provider,
            verifier,
            key,
        }
    }

    fn claims(&self) -> Value {
        self.provider.claims("acme", "ada", 600)
    }

    /// A token with one claim set to `value`, or removed.
    async fn with_claim(&self, name: &str, value: Option<Value>) -> Result<Claims, TokenProblem> {
        let claims = changed(self.claims(), name, value);
        verify(&self.verifier, &self.key.sign(&claims)).await
    }

    /// A token with one header parameter set to `value`, or removed.
    async fn with_parameter(
        &self,
        name: &str,
        value: Option<Value>,
    ) -> Result<Claims, TokenProblem> {
        let header = changed(self.key.header(), name, value);
        verify(&self.verifier, &self.key.sign_with(&header, &self.claims())).await
    }
}

fn acme() -> TenantId {
    TenantId::parse("acme").unwrap()
}

fn globex() -> TenantId {
    TenantId::parse("globex").unwrap()
}

fn ada() -> SubjectId {
    SubjectId::parse("ada").unwrap()
}

fn eve() -> SubjectId {
    SubjectId::parse("eve").unwrap()
}

fn changed(mut object: Value, name: &str, value: Option<Value>) -> Value {
    let members = object.as_object_mut().unwrap();
    match value {
        Some(value) => members.insert(name.to_owned(), value),
        None => members.remove(name),
    };
    object
}

#[tokio::test]
async fn a_good_token_yields_its_claims() {
    for backend in BACKENDS {
        a_good_token_yields_its_claims_with(&Door::with(backend).await).await;
    }
}

async fn a_good_token_yields_its_claims_with(door: &Door) {
    for token in [
        door.provider.token("acme", "ada"),
        door.provider.ec_key().sign(&door.claims()),
    ] {
        let claims = verify(&door.verifier, &token).await.unwrap();
        assert_eq!(claims.tenant().unwrap().as_str(), "acme");
        assert_eq!(claims.subject().as_str(), "ada");
        assert_eq!(claims.roles(), ["Analyst"]);
        assert_eq!(claims.issuer(), door.provider.issuer());
        assert_eq!(
            claims.claim::<Vec<String>>("roles").unwrap().unwrap(),
            ["Analyst"]
        );
        assert_eq!(claims.claim::<String>("nickname").unwrap(), None);
        assert!(claims.claim::<u8>("org_id").is_err());
    }
    assert_eq!(door.provider.fetches(), 1);
}

#[tokio::test]
async fn claims_of_the_wrong_value_or_type_are_refused() {
    for backend in BACKENDS {
        claims_of_the_wrong_value_or_type_are_refused_with(&Door::with(backend).await).await;
    }
}

async fn claims_of_the_wrong_value_or_type_are_refused_with(door: &Door) {
    let now = tenancy_examples::identity_provider::now();
    for (name, value, problem) in [
        ("iss", None, TokenProblem::Issuer),
        (
            "iss",
            Some(json!([door.provider.issuer()])),
            TokenProblem::Issuer,
        ),
        (
            "iss",
            Some(json!(format!("{}/", door.provider.issuer()))),
            TokenProblem::Issuer,
        ),
        (
            "iss",
            Some(json!(door.provider.issuer().to_uppercase())),
            TokenProblem::Issuer,
        ),
        (
            "iss",
            Some(json!("https://evil.example")),
            TokenProblem::Issuer,
        ),
        ("iss", Some(json!(null)), TokenProblem::Issuer),
        ("aud", None, TokenProblem::Audience),
        ("aud", Some(json!("them")), TokenProblem::Audience),
        ("aud", Some(json!(["them"])), TokenProblem::Audience),
        ("aud", Some(json!(["us", 7])), TokenProblem::Audience),
        ("aud", Some(json!({ "us": true })), TokenProblem::Audience),
        ("exp", None, TokenProblem::Expiry),
        ("exp", Some(json!("9999999999")), TokenProblem::Expiry),
        ("exp", Some(json!(now - 61)), TokenProblem::Expired),
        ("exp", Some(json!(0)), TokenProblem::Expired),
        ("exp", Some(json!(-1)), TokenProblem::Expired),
        (
            "exp",
            Some(json!((now + 600) * 1000)),
            TokenProblem::Lifetime,
        ),
        ("nbf", Some(json!(now + 120)), TokenProblem::NotYetValid),
        ("nbf", Some(json!("now")), TokenProblem::NotYetValid),
        ("iat", Some(json!(now + 120)), TokenProblem::NotYetValid),
        ("cnf", Some(json!({ "jkt": "x" })), TokenProblem::KeyBound),
        ("sub", None, TokenProblem::Subject),
        ("sub", Some(json!("")), TokenProblem::Subject),
        ("sub", Some(json!(7)), TokenProblem::Subject),
        (
            "userId",
            Some(json!("somebody else")),
            TokenProblem::Subject,
        ),
        ("org_id", None, TokenProblem::TenantMissing),
        ("org_id", Some(json!("")), TokenProblem::TenantInvalid),
        ("org_id", Some(json!(" acme")), TokenProblem::TenantInvalid),
        (
            "org_id",
            Some(json!("ac\u{0}me")),
            TokenProblem::TenantInvalid,
        ),
        (
            "org_id",
            Some(json!("x".repeat(256))),
            TokenProblem::TenantInvalid,
        ),
        ("org_id", Some(json!(7)), TokenProblem::TenantInvalid),
        ("org_id", Some(json!(null)), TokenProblem::TenantInvalid),
        ("org_id", Some(json!(["acme"])), TokenProblem::TenantInvalid),
        (
            "org_id",
            Some(json!({ "id": "acme" })),
            TokenProblem::TenantInvalid,
        ),
        (
            "organizationId",
            Some(json!("globex")),
            TokenProblem::TenantConflict,
        ),
        ("roles", Some(json!([1])), TokenProblem::Roles),
    ] {
        assert_eq!(
            door.with_claim(name, value.clone()).await.err(),
            Some(problem),
            "{name}: {value:?}"
        );
    }
    for (name, value) in [
        ("aud", json!(["them", "us"])),
        ("exp", json!(now - 30)),
        ("nbf", json!(now + 30)),
        ("organizationId", json!("acme")),
        ("userId", json!("ada")),
        ("org_id", json!("*")),
    ] {
        assert!(
            door.with_claim(name, Some(value.clone())).await.is_ok(),
            "{name}: {value}"
        );
    }
}

#[tokio::test]
async fn header_parameters_that_are_not_ours_are_refused() {
    for backend in BACKENDS {
        header_parameters_that_are_not_ours_are_refused_with(&Door::with(backend).await).await;
    }
}

async fn header_parameters_that_are_not_ours_are_refused_with(door: &Door) {
    for (name, value, problem) in [
        ("alg", None, TokenProblem::Algorithm),
        ("alg", Some(json!("none")), TokenProblem::Algorithm),
        ("alg", Some(json!("HS256")), TokenProblem::Algorithm),
        // The key itself is pinned to RS256 by its `alg`.
        ("alg", Some(json!("RS384")), TokenProblem::Algorithm),
        ("alg", Some(json!("PS256")), TokenProblem::Algorithm),
        ("alg", Some(json!("ES256")), TokenProblem::Algorithm),
        ("kid", Some(json!("ec-1")), TokenProblem::Algorithm),
        ("kid", Some(json!("unknown")), TokenProblem::NoMatchingKey),
        ("kid", Some(json!("")), TokenProblem::NoMatchingKey),
        ("kid", Some(json!(7)), TokenProblem::Header),
        ("kid", Some(json!(null)), TokenProblem::Header),
        ("typ", Some(json!("dpop+jwt")), TokenProblem::Type),
        ("typ", Some(json!("logout+jwt")), TokenProblem::Type),
        ("typ", Some(json!("secevent+jwt")), TokenProblem::Type),
        ("crit", Some(json!(["exp"])), TokenProblem::Extension),
        ("crit", Some(json!([])), TokenProblem::Extension),
        ("b64", Some(json!(true)), TokenProblem::Extension),
        ("zip", Some(json!("DEF")), TokenProblem::Extension),
        ("enc", Some(json!("A128GCM")), TokenProblem::Extension),
    ] {
        assert_eq!(
            door.with_parameter(name, value.clone()).await.err(),
            Some(problem),
            "{name}: {value:?}"
        );
    }
    // Without a key id the one RS256 key fits. Key material in the header is not even looked at.
    for (name, value) in [
        ("kid", None),
        ("typ", None),
        ("typ", Some(json!("at+JWT"))),
        ("jku", Some(json!("https://evil.example/jwks"))),
        ("x5u", Some(json!("https://evil.example/x5u"))),
        ("jwk", Some(json!({ "kty": "oct", "k": "AA" }))),
    ] {
        assert!(
            door.with_parameter(name, value.clone()).await.is_ok(),
            "{name}: {value:?}"
        );
    }
}

#[tokio::test]
async fn a_key_that_the_token_brings_along_is_not_used() {
    for backend in BACKENDS {
        a_key_that_the_token_brings_along_is_not_used_with(&Door::with(backend).await).await;
    }
}

async fn a_key_that_the_token_brings_along_is_not_used_with(door: &Door) {
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

/// The classic confusion: the public key, which everybody knows, used as an HMAC secret.
#[tokio::test]
async fn the_public_key_is_no_shared_secret() {
    for backend in BACKENDS {
        the_public_key_is_no_shared_secret_with(&Door::with(backend).await).await;
    }
}

async fn the_public_key_is_no_shared_secret_with(door: &Door) {
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

fn jsonwebtoken_secret(secret: &str, message: &str) -> String {
    use base64::Engine as _;
    let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, secret.as_bytes());
    base64::engine::general_purpose::URL_SAFE_NO_PAD
        .encode(aws_lc_rs::hmac::sign(&key, message.as_bytes()))
}

#[tokio::test]
async fn every_changed_byte_of_a_token_is_noticed() {
    let door = Door::new().await;
    let token = door.provider.token("acme", "ada");
    for position in 0..token.len() {
        let mut bytes = token.clone().into_bytes();
        bytes[position] = if bytes[position] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes).unwrap();
        assert!(
            verify(&door.verifier, &changed).await.is_err(),
            "byte {position}"
        );
    }
    for cut in 0..token.len() {
        let Some(bearer) = BearerToken::parse(&token[..cut]) else {
            continue;
        };
        assert!(door.verifier.verify(bearer).await.is_err(), "cut at {cut}");
    }
}

#[tokio::test]
async fn payloads_and_headers_are_strict_json() {
    for backend in BACKENDS {
        payloads_and_headers_are_strict_json_with(&Door::with(backend).await).await;
    }
}

async fn payloads_and_headers_are_strict_json_with(door: &Door) {
    let header = door.key.header().to_string();
    let claims = door.claims().to_string();
    let doubled = claims.replacen('{', r#"{"org_id":"globex","#, 1);
    let escaped = claims.replacen('{', r#"{"\u006frg_id":"globex","#, 1);
    let nested = claims.replacen('{', r#"{"extra":{"a":1,"a":2},"#, 1);
    let deep = claims.replacen(
        '{',
        &format!(r#"{{"extra":{}1{},"#, "[".repeat(40), "]".repeat(40)),
        1,
    );
    let huge = claims.replacen('{', r#"{"extra":1e400,"#, 1);
    for payload in [
        &doubled,
        &escaped,
        &nested,
        &deep,
        &huge,
        "[]",
        "null",
        "7",
        "\"x\"",
        "{}x",
        "\u{feff}{}",
        "{",
    ] {
        let token = door.key.sign_text(&header, payload);
        assert_eq!(
            verify(&door.verifier, &token).await.err(),
            Some(TokenProblem::Payload),
            "{payload:.80}"
        );
    }
    for bad in [
        header.replacen('{', r#"{"alg":"RS256","#, 1),
        "[]".to_owned(),
        format!("{header}x"),
    ] {
        let token = door.key.sign_text(&bad, &claims);
        assert_eq!(
            verify(&door.verifier, &token).await.err(),
            Some(TokenProblem::Header),
            "{bad}"
        );
    }
    let long = door.key.sign(&changed(
        door.claims(),
        "extra",
        Some(json!("x".repeat(16 * 1024))),
    ));
    assert_eq!(
        verify(&door.verifier, &long).await.err(),
        Some(TokenProblem::TooLong)
    );
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

#[tokio::test]
async fn debug_output_shows_neither_token_nor_claims() {
    let door = Door::new().await;
    let claims = changed(door.claims(), "email", Some(json!("canary@example.com")));
    let claims = changed(claims, "sub", Some(json!("canary-subject")));
    let token = door.key.sign(&claims);
    let bearer = BearerToken::parse(&token).unwrap();
    let verified = door.verifier.verify(bearer).await.unwrap();
    let shown = format!("{bearer:?} {verified:?} {:?}", door.verifier);
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!shown.contains(&token[..20]), "{shown}");
}
