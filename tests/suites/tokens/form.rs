//! The text of a token, byte by byte.

use serde_json::json;
use tenancy_core::{BearerToken, TokenProblem};

use super::{Door, changed, verify};

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
    for door in Door::on_each_backend().await {
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
}
