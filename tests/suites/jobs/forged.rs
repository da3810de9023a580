//! What is no envelope of this queue, however much it looks like one.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use tenancy_core::{
    Algorithm, BearerToken, JobEnvelopes, JobOpenError, JwtVerifier, ManualClock, ProjectId,
    SigningKey, SubjectId, TenantId, TokenIssuer, TokenProblem, VerifyError,
};
use tenancy_tests::notes::context;
use tenancy_tests::person::context_of;

use super::{HOUR, NOW, envelopes, hmac, opened, pair, refused, secret};

#[tokio::test]
async fn an_envelope_that_was_changed_in_any_byte_or_part_is_not_opened() {
    for key in [
        hmac(1),
        pair(),
        SigningKey::generate(Algorithm::EdDSA).unwrap(),
    ] {
        let envelopes = envelopes(key.clone());
        let good = envelopes.seal(&context("a"), "a job", HOUR).unwrap();
        let other = envelopes.seal(&context("b"), "another", HOUR).unwrap();
        assert!(opened(&envelopes, &good).await.is_ok());
        let mut changed = Vec::new();
        for at in 0..good.len() {
            for byte in [b'A', b'B', b'z', b'.', b'=', b' ', b'-'] {
                let mut bytes = good.clone().into_bytes();
                if bytes[at] != byte {
                    bytes[at] = byte;
                    changed.push(String::from_utf8(bytes).unwrap());
                }
            }
            changed.push(good[..at].to_owned());
            changed.push(format!("{}{}", &good[..at], &good[at + 1..]));
        }
        let parts: Vec<_> = good.split('.').collect();
        let others: Vec<_> = other.split('.').collect();
        let header = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let none = header(r#"{"typ":"tenancy-job+jwt","alg":"none"}"#);
        changed.extend([
            [parts[0], others[1], parts[2]].join("."),
            [parts[0], parts[1], others[2]].join("."),
            [parts[0], parts[1]].join("."),
            [parts[0], parts[1], ""].join("."),
            [&none, parts[1], ""].join("."),
            [&none, parts[1], parts[2]].join("."),
            [&header("{}"), parts[1], parts[2]].join("."),
            [parts[0], parts[0], parts[1], parts[2]].join("."),
            format!("{good} "),
            format!("{good}="),
            format!("{good}."),
            format!("{good}A"),
            format!(" {good}"),
            String::new(),
            ".".repeat(1 << 20),
            "a".repeat(1 << 20),
            "ü.ü.ü".to_owned(),
        ]);
        // The same of another key of the same algorithm.
        let another = match key.clone() {
            _ if good.starts_with(&header(r#"{"typ":"tenancy-job+jwt","alg":"HS256"}"#)) => hmac(2),
            _ => pair(),
        };
        let forged = super::envelopes(another).seal(&context("a"), "a job", HOUR);
        changed.push(forged.unwrap());
        for envelope in changed {
            let refusal = refused(&envelopes, &envelope).await;
            assert_eq!(refusal, JobOpenError::NotSealed, "{envelope:.300}");
            assert_eq!(refusal.retry_after(), None);
        }
    }
}

#[tokio::test]
async fn no_envelope_is_an_access_token_and_no_token_an_envelope_whichever_key_signs_them() {
    let secret_with_id = SigningKey::shared_secret(secret(1).key_id("k"));
    for key in [hmac(1), secret_with_id, pair()] {
        let issuer = TokenIssuer::new("notes", "notes", key.clone()).unwrap();
        let verifier = JwtVerifier::new([issuer.issuer()]).unwrap();
        let envelopes = envelopes(key);
        let (tenant, subject) = (
            TenantId::parse("a").unwrap(),
            SubjectId::parse("ada").unwrap(),
        );
        let ada = context_of("a", "ada", "blue", &[]).await.unwrap();

        let envelope = envelopes.seal(&ada, "a job", HOUR).unwrap();
        let presented = BearerToken::parse(&envelope).unwrap();
        let judged = verifier.verify(presented).await;
        assert_eq!(judged, Err(VerifyError::Token(TokenProblem::Type)));
        assert!(opened(&envelopes, &envelope).await.is_ok());

        // It says all that an envelope says, for the same audience.
        let token = issuer
            .token(&tenant, &subject)
            .project(&ProjectId::parse("blue").unwrap())
            .claim("reason", "a job")
            .sign()
            .unwrap();
        assert_eq!(refused(&envelopes, &token).await, JobOpenError::NotSealed);
        let presented = BearerToken::parse(&token).unwrap();
        assert!(verifier.verify(presented).await.is_ok());
    }
}

/// Signed with the right key and of the right type, by something that does not seal as we do.
#[tokio::test]
async fn what_the_right_key_signed_of_another_form_is_not_opened() {
    let clock = Arc::new(ManualClock::at(NOW));
    let envelopes = envelopes(hmac(1)).clock(clock);
    let sign = |payload: &str| {
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"tenancy-job+jwt","alg":"HS256"}"#);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[1; 32]);
        let signature = aws_lc_rs::hmac::sign(&key, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let exp = NOW.as_seconds() + 60;
    let with = |name: &str, value: serde_json::Value| {
        let mut payload =
            json!({ "aud": "notes", "exp": exp, "tenant_id": "a", "reason": "a job" });
        payload[name] = value;
        sign(&payload.to_string())
    };
    for more in [json!(1), json!("x".repeat(4 * 1024))] {
        assert!(opened(&envelopes, &with("more", more)).await.is_ok());
    }
    let limited = with("limited_to_projects", json!(true));
    let limited = opened(&envelopes, &limited).await.unwrap();
    assert!(limited.is_limited_to_projects());
    for (name, value) in [
        ("tenant_id", json!(null)),
        ("tenant_id", json!("")),
        ("tenant_id", json!(["a"])),
        ("tenant_id", json!("a\n")),
        ("sub", json!(null)),
        ("sub", json!(7)),
        ("sub", json!("")),
        ("project_id", json!([])),
        ("limited_to_projects", json!(false)),
        ("limited_to_projects", json!(null)),
        ("limited_to_projects", json!("true")),
        // Too long to be looked at.
        ("more", json!("x".repeat(8 * 1024))),
        ("reason", json!(null)),
        ("exp", json!("1700000060")),
        ("exp", json!(1.7e9)),
        ("exp", json!(null)),
    ] {
        let envelope = with(name, value.clone());
        let refusal = refused(&envelopes, &envelope).await;
        assert_eq!(refusal, JobOpenError::NotSealed, "{name} {value}");
    }
    for payload in [
        "[]".to_owned(),
        "x".to_owned(),
        format!(
            r#"{{"aud":"notes","exp":{exp},"tenant_id":"b","tenant_id":"a","reason":"a job"}}"#
        ),
    ] {
        let refusal = refused(&envelopes, &sign(&payload)).await;
        assert_eq!(refusal, JobOpenError::NotSealed, "{payload}");
    }
    for aud in [json!(["notes"]), json!(null), json!("Notes")] {
        let refusal = refused(&envelopes, &with("aud", aud)).await;
        assert_eq!(refusal, JobOpenError::OtherQueue);
    }
}

#[tokio::test]
async fn an_envelope_is_for_its_queue_only() {
    let key = pair();
    let notes = envelopes(key.clone());
    let envelope = notes.seal(&context("a"), "a job", HOUR).unwrap();
    for queue in ["Notes", "note", "notes2", "invoices"] {
        let other = JobEnvelopes::new(queue, key.clone()).unwrap();
        let refusal = refused(&other, &envelope).await;
        assert_eq!(refusal, JobOpenError::OtherQueue);
        assert_eq!(refusal.retry_after(), None);
    }
    let same = JobEnvelopes::new("notes", key).unwrap();
    assert!(opened(&same, &envelope).await.is_ok());
}
