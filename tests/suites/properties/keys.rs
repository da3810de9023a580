//! JWK sets of any content: no harm to the good key among them, and no welcome for strangers.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use tenancy_core::{BearerToken, FetchError, FetchKeys, Fetched, JwtVerifier, KeySource};
use tenancy_tests::fuzzed;

use super::oracle::NOW;
use super::{any_json, at, bytes, ed25519, holds, tokens, verifier, verify};

/// What a provider, or somebody who breaks into one, may put among its keys. Nothing of it is a usable key
/// with the id `good`.
fn junk_entry(good: &str) -> BoxedStrategy<String> {
    let deep =
        (1..2000_usize).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let octets = bytes(70).prop_map(|octets| Value::from(URL_SAFE_NO_PAD.encode(octets)));
    let point = any::<[u8; 32]>().prop_map(|octets| Value::from(URL_SAFE_NO_PAD.encode(octets)));
    let names = [
        "RSA", "EC", "OKP", "oct", "sig", "enc", "Ed25519", "P-256", "EdDSA", "none", "other",
    ];
    let word = select(names.map(Value::from).to_vec());
    let value = prop_oneof![4 => word, 2 => octets, 2 => point, 1 => any_json()];
    let member = select(vec![
        "kty", "use", "key_ops", "alg", "crv", "n", "e", "x", "y", "d", "k",
    ]);
    let members = vec((member.prop_map(str::to_owned), value), 0..10);
    let fragment =
        members.prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>());
    let id = good.to_owned();
    let unusable = vec![("kty", "oct"), ("use", "enc"), ("alg", "none"), ("kty", "")];
    let with_the_same_id =
        (fragment.clone(), select(unusable)).prop_map(move |(mut jwk, (name, value))| {
            jwk.insert("kid".to_owned(), id.as_str().into());
            jwk.insert(name.to_owned(), value.into());
            Value::from(jwk).to_string()
        });
    let other_key = any::<[u8; 32]>().prop_map(|x| {
        let x = URL_SAFE_NO_PAD.encode(x);
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": x, "x": x }).to_string()
    });
    prop_oneof![
        any_json().prop_map(|json| json.to_string()),
        fragment.prop_map(|jwk| Value::from(jwk).to_string()),
        with_the_same_id,
        other_key,
        deep,
    ]
    .boxed()
}

fn jwk_of_ours() -> Value {
    let set: Value = serde_json::from_str(&ed25519().jwks().unwrap()).unwrap();
    set["keys"][0].clone()
}

#[test]
fn a_good_key_among_junk_still_verifies_up_to_a_hundred_entries() {
    let issuer = ed25519();
    let good = jwk_of_ours();
    let token = &tokens()[0];
    let junk = junk_entry(good["kid"].as_str().unwrap());
    let junk =
        prop_oneof![6 => vec(junk.clone(), 0..30), 1 => vec(junk.clone(), 99), 1 => vec(junk, 100)];
    holds(
        32,
        (junk, any::<Index>(), any_json()),
        |(mut entries, place, more)| {
            entries.insert(place.index(entries.len() + 1), good.to_string());
            let document = format!(r#"{{"more":{more},"keys":[{}]}}"#, entries.join(","));
            let verifier = JwtVerifier::builder()
                .issuer(issuer.issuer().keys(KeySource::fixed(document.clone())))
                .clock(at(NOW))
                .without_cache()
                .build();
            let fits = entries.len() <= 100 && document.len() <= 256 * 1024;
            prop_assert_eq!(verifier.is_ok(), fits);
            if let Ok(verifier) = verifier {
                prop_assert!(verify(&verifier, token).is_ok());
                let status = &verifier.key_status()[0];
                prop_assert!(status.keys + status.skipped <= entries.len());
            }
            Ok(())
        },
    );
}

/// A provider that answers with anything.
#[derive(Debug)]
struct Answers(Vec<u8>);

#[async_trait::async_trait]
impl FetchKeys for Answers {
    async fn fetch(&self, _etag: Option<&str>) -> Result<Fetched, FetchError> {
        Ok(Fetched::Document {
            body: self.0.clone(),
            etag: None,
            max_age: None,
        })
    }
}

#[test]
fn a_key_set_of_any_bytes_makes_no_stranger_welcome() {
    let token = &tokens()[0];
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    // Under the id that the token names, or nobody would look at its signature.
    let id = jwk_of_ours()["kid"].clone();
    let stranger = any::<[u8; 32]>().prop_map(move |x| {
        let x = URL_SAFE_NO_PAD.encode(x);
        json!({ "kty": "OKP", "crv": "Ed25519", "kid": id, "x": x }).to_string()
    });
    let junk = vec(prop_oneof![junk_entry("good"), stranger], 0..5)
        .prop_map(|keys| format!(r#"{{"keys":[{}]}}"#, keys.join(",")));
    let shaped = vec(any_json(), 0..5).prop_map(|keys| json!({ "keys": keys }).to_string());
    let document = prop_oneof![
        bytes(300),
        any_json().prop_map(|json| json.to_string().into_bytes()),
        shaped.prop_map(String::into_bytes),
        junk.prop_map(String::into_bytes),
    ];
    holds(256, document, |document| {
        fuzzed::jwks(&document);
        let text = String::from_utf8_lossy(&document).into_owned();
        let fixed = ed25519().issuer().keys(KeySource::fixed(text));
        let builder = JwtVerifier::builder().clock(at(NOW)).without_cache();
        let fixed = builder.issuer(fixed).build();
        let fetched = verifier([ed25519()
            .issuer()
            .keys(KeySource::fetched(Answers(document)))]);
        if let Ok(fixed) = fixed {
            prop_assert!(verify(&fixed, token).is_err());
        }
        let outcome = runtime.block_on(fetched.verify(BearerToken::parse(token).unwrap()));
        prop_assert!(outcome.is_err());
        Ok(())
    });
}
