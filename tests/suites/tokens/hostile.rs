//! What strangers send to make a verifier work: the work is linear in what they send.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tenancy_core::{BearerToken, ClaimMap, Issuer, JwtVerifier, KeySource, TokenProblem};
use tenancy_examples::identity_provider::SigningKey;

use super::verify;

const MEGABYTE: usize = 1 << 20;

/// A verifier that looks at tokens of a megabyte, sixty times what it looks at by default.
fn patient() -> JwtVerifier {
    let key = SigningKey::ec(1).unwrap();
    let set = serde_json::json!({ "keys": [key.public()] }).to_string();
    let issuer = Issuer::new("https://issuer.example", ClaimMap::frontegg())
        .audience("us")
        .keys(KeySource::fixed(set));
    JwtVerifier::builder()
        .issuer(issuer)
        .max_token_bytes(MEGABYTE)
        .build()
        .unwrap()
}

fn token(header: &str, payload: &str) -> String {
    let encode = |part: &str| URL_SAFE_NO_PAD.encode(part);
    format!("{}.{}.AA", encode(header), encode(payload))
}

/// With a loop over a loop each of these would take minutes, in this build hours.
#[tokio::test]
async fn a_megabyte_of_anything_costs_a_look() {
    let verifier = patient();
    let size = MEGABYTE / 2;
    let members = |name: fn(usize) -> String| {
        let members: Vec<_> = (0..size / 16)
            .map(|n| format!(r#""{}":1"#, name(n)))
            .collect();
        format!("{{{}}}", members.join(","))
    };
    let header = r#"{"alg":"ES256"}"#;
    let started = tokio::time::Instant::now();
    for (hostile, problem) in [
        (".".repeat(MEGABYTE), TokenProblem::NotCompact),
        ("A".repeat(MEGABYTE), TokenProblem::NotCompact),
        (format!("..{}", "A".repeat(size)), TokenProblem::NotCompact),
        (token(&"[".repeat(size), "{}"), TokenProblem::Header),
        (
            token(header, &"{\"a\":".repeat(size / 5)),
            TokenProblem::Payload,
        ),
        (
            token(header, &members(|n| format!("name{n}"))),
            TokenProblem::Issuer,
        ),
        (
            token(header, &members(|_| "name".to_owned())),
            TokenProblem::Payload,
        ),
        (
            token(header, &members(|n| format!("n{}", n % 20_000))),
            TokenProblem::Payload,
        ),
        (
            token(
                header,
                &format!(r#"{{"iss":"{}"}}"#, "\\u0061".repeat(size / 6)),
            ),
            TokenProblem::Issuer,
        ),
    ] {
        assert_eq!(verify(&verifier, &hostile).await.err(), Some(problem));
    }
    assert!(started.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_credential_of_a_megabyte_is_looked_at_once() {
    let started = tokio::time::Instant::now();
    for byte in ["=", ".", "a", " ", "\u{e4}"] {
        let long = byte.repeat(MEGABYTE / byte.len());
        let is_token = BearerToken::parse(&long).is_some();
        assert_eq!(is_token, matches!(byte, "." | "a"), "{byte}");
    }
    assert!(started.elapsed() < Duration::from_secs(5));
}
