//! What a token says, and what it may say.

use serde_json::json;
use tenancy_core::{BearerToken, TokenProblem};

use super::{Door, changed, verify};

#[tokio::test]
async fn a_good_token_yields_its_claims() {
    for door in Door::on_each_backend().await {
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
}

#[tokio::test]
async fn claims_of_the_wrong_value_or_type_are_refused() {
    for door in Door::on_each_backend().await {
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
