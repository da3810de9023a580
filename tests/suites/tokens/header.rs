//! Parameters of the header: those that choose the key and what it is for, and none that strangers may choose it by.

use serde_json::json;
use tenancy_core::TokenProblem;

use super::Door;

#[tokio::test]
async fn header_parameters_that_are_not_ours_are_refused() {
    for door in Door::on_each_backend().await {
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
}
