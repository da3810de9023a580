//! How often the store is asked, and what happens when it does not answer well.

use std::sync::Arc;

use serde_json::json;
use tenancy_core::{Admission, ApiKeys};
use tenancy_examples::identity_provider::SigningKey;
use tenancy_tests::faulty::Faulty;

use super::{ask, key, told};
use crate::presenting::{admission, on_both, token};

#[tokio::test]
async fn what_is_no_key_or_not_the_only_credential_is_refused_before_the_store_is_asked() {
    let signing = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&signing, &json!(["acme"])));
    let (good, record) = key("acme", "import");
    let keys = Arc::new(Faulty::new(Some(record)));
    let admission = admission(&signing).api_keys(ApiKeys::new(Arc::clone(&keys)));
    for service in on_both(admission).await {
        let before = keys.asked().len();
        for at in 0..good.len() {
            let mut misspelt = good.clone().into_bytes();
            misspelt[at] = if misspelt[at] == b'7' { b'8' } else { b'7' };
            let misspelt = String::from_utf8(misspelt).unwrap();
            let answer = ask(&service, &[("x-api-key", &misspelt)]).await;
            assert_eq!(told(&answer), (400, "invalid_request"), "{at}");
        }
        let with_token = [("x-api-key", good.as_str()), ("authorization", &bearer)];
        assert_eq!(ask(&service, &with_token).await.status, 400);
        let twice = [("x-api-key", good.as_str()), ("x-api-key", &good)];
        assert_eq!(ask(&service, &twice).await.status, 400);
        assert_eq!(keys.asked().len(), before);
        // The neighbour that is accepted.
        assert_eq!(ask(&service, &[("x-api-key", &good)]).await.status, 200);
        assert_eq!(keys.asked().len(), before + 1);
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_or_answers_for_another_is_503() {
    let (_, another) = key("globex", "eve");
    let (good, _) = key("acme", "import");
    for (has, retry_after) in [(None, "7"), (Some(another), "1")] {
        let admission = Admission::api_keys_only(ApiKeys::new(Faulty::new(has)));
        for service in on_both(admission).await {
            let answer = ask(&service, &[("x-api-key", &good)]).await;
            assert_eq!(told(&answer), (503, "temporarily_unavailable"));
            assert_eq!(answer.retry_after(), Some(retry_after));
            assert!(!answer.body.contains("secret-host"));
        }
    }
}
