//! What holds for whatever token, key set, header and time: tried with values that nobody thought of.
//!
//! A failure prints the smallest case that was found. Make it a test of its own.

mod oracle;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Value, json};
use tenancy_core::{
    Algorithm, BearerToken, Claims, Clock as _, FetchError, FetchKeys, Fetched, Issuer,
    JwtVerifier, KeySource, ManualClock, Presented, ProjectId, RequestHead, SharedSecret,
    SigningKey, SubjectId, TenantId, TokenIssuer, UnixTime, VerifyError,
};
use tenancy_tests::fuzzed;

use self::oracle::{AUDIENCE, Json, NAME, NOW, judge};

const SECRET: &[u8; 32] = b"a secret of thirty-two bytes ...";
const B64TOKEN: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

fn holds<S: Strategy>(
    cases: u32,
    strategy: S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let config = Config {
        cases,
        // What it would write into the tree belongs into a test with a name.
        failure_persistence: None,
        ..Config::default()
    };
    if let Err(failure) = TestRunner::new(config).run(&strategy, property) {
        panic!("{failure}");
    }
}

/// An issuer that signs with Ed25519, always with the same key.
fn ed25519() -> TokenIssuer {
    // RFC 8410 §7: a private key in PKCS #8, up to the 32 octets of the key itself.
    let prefix = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    let der = [prefix.as_slice(), &[7; 32]].concat();
    let key = SigningKey::from_pkcs8_der(Algorithm::EdDSA, &der).unwrap();
    token_issuer("https://ed25519.example", key)
}

/// An issuer that signs with [`SECRET`].
fn hs256() -> TokenIssuer {
    let secret = SharedSecret::new(Algorithm::HS256, SECRET);
    token_issuer(NAME, SigningKey::shared_secret(secret))
}

fn token_issuer(name: &str, key: SigningKey) -> TokenIssuer {
    let issuer = TokenIssuer::new(name, AUDIENCE, key).unwrap();
    issuer.clock(at(NOW))
}

fn at(seconds: i64) -> Arc<ManualClock> {
    Arc::new(ManualClock::at(UnixTime::from_seconds(seconds)))
}

fn verifier(issuers: impl IntoIterator<Item = Issuer>) -> JwtVerifier {
    let builder = JwtVerifier::builder().clock(at(NOW));
    let builder = issuers.into_iter().fold(builder, tenancy_core::JwtVerifierBuilder::issuer);
    builder.build().unwrap()
}

/// Trusts both issuers above.
fn door() -> JwtVerifier {
    verifier([ed25519().issuer(), hs256().issuer()])
}

/// A good token of each issuer.
fn tokens() -> Vec<String> {
    let (acme, ada) = (TenantId::parse("acme").unwrap(), SubjectId::parse("ada").unwrap());
    let sign = |issuer: &TokenIssuer| issuer.token(&acme, &ada).roles(["Editor"]).sign().unwrap();
    vec![sign(&ed25519()), sign(&hs256())]
}

/// Keys that are fixed make nobody wait.
fn verify(verifier: &JwtVerifier, token: &str) -> Result<Claims, VerifyError> {
    let token = BearerToken::parse(token).expect("the syntax of a bearer token");
    let verified = verifier.verify(token).now_or_never().expect("an answer at once");
    verified.map(tenancy_core::Verified::into_inner)
}

/// A token with this payload and a good signature of [`hs256`].
fn signed(payload: impl AsRef<[u8]>) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(r#"{"alg":"HS256"}"#),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, SECRET);
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
    format!("{message}.{signature}")
}

/// Mapped as the oracle knows it.
fn mapped() -> Issuer {
    let secret = SharedSecret::new(Algorithm::HS256, SECRET);
    Issuer::new(NAME, oracle::map())
        .audience(AUDIENCE)
        .keys(KeySource::shared_secret(secret))
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..most)
}

fn b64token_char() -> impl Strategy<Value = u8> {
    select(B64TOKEN)
}

fn segments(parts: [Vec<u8>; 3]) -> Vec<u8> {
    parts.map(|part| URL_SAFE_NO_PAD.encode(part)).join(".").into_bytes()
}

/// A real token with a few characters overwritten, taken out or put in.
fn mutated() -> impl Strategy<Value = Vec<u8>> {
    let edits = vec((any::<Index>(), 0..3_u8, b64token_char()), 1..6);
    (select(tokens()), edits).prop_map(|(token, edits)| {
        edits.iter().fold(token.into_bytes(), |mut token, (at, edit, byte)| {
            let at = at.index(token.len());
            match edit {
                0 => token[at] = *byte,
                1 => token.insert(at, *byte),
                _ => drop(token.remove(at)),
            }
            token
        })
    })
}

#[test]
fn nothing_but_an_issued_token_is_accepted_and_nothing_panics() {
    let (door, issued) = (door(), tokens());
    for token in &issued {
        assert!(verify(&door, token).is_ok());
    }
    let texts = "[A-Za-z0-9._~+/-]{0,200}={0,2}".prop_map(String::into_bytes);
    let with_good_header = (bytes(200), bytes(70)).prop_map(|(payload, signature)| {
        segments([br#"{"alg":"HS256"}"#.to_vec(), payload, signature])
    });
    let anything = prop_oneof![
        bytes(300),
        texts,
        [bytes(80), bytes(200), bytes(70)].prop_map(segments),
        with_good_header,
        mutated(),
    ];
    holds(1024, anything, |token| {
        let Some(bearer) = BearerToken::parse(&token) else {
            return Ok(());
        };
        prop_assert_eq!(bearer.expose().as_bytes(), &token);
        prop_assert!(token.iter().all(|byte| B64TOKEN.contains(byte)));
        let is_issued = issued.iter().any(|one| one == bearer.expose());
        prop_assert_eq!(verify(&door, bearer.expose()).is_ok(), is_issued);
        Ok(())
    });
}

#[test]
fn a_token_with_any_character_replaced_or_inserted_is_refused() {
    let door = door();
    for token in tokens() {
        // From now on it is in the cache.
        assert!(verify(&door, &token).is_ok());
        holds(8, vec(b64token_char(), token.len() + 1), |drawn| {
            for (at, byte) in drawn.iter().enumerate() {
                let mut longer = token.clone().into_bytes();
                longer.insert(at, *byte);
                let mut other = token.clone().into_bytes();
                if let Some(place) = other.get_mut(at) {
                    *place = *byte;
                }
                for changed in [longer, other] {
                    let Some(bearer) = BearerToken::parse(&changed) else {
                        continue;
                    };
                    let is_same = bearer.expose() == token;
                    let outcome = verify(&door, bearer.expose());
                    prop_assert_eq!(outcome.is_ok(), is_same, "at {}: {}", at, char::from(*byte));
                }
            }
            Ok(())
        });
    }
}

#[test]
fn a_token_with_any_character_taken_out_or_two_swapped_is_refused() {
    let door = door();
    for token in tokens() {
        assert!(verify(&door, &token).is_ok());
        for at in 0..token.len() {
            let mut shorter = token.clone();
            shorter.remove(at);
            assert!(verify(&door, &shorter).is_err(), "without {at}");
            let mut swapped = token.clone().into_bytes();
            swapped.swap(at, (at + 1) % token.len());
            if swapped != token.as_bytes() {
                let swapped = String::from_utf8(swapped).unwrap();
                assert!(verify(&door, &swapped).is_err(), "swapped at {at}");
            }
        }
    }
}

/// JSON of no meaning, names of claims included.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        // Quarters survive being written and read, which not every double does.
        any::<i32>().prop_map(|quarters| Value::from(f64::from(quarters) / 4.0)),
        any::<String>().prop_map(Value::from),
        select(vec![NAME, AUDIENCE, "acme"]).prop_map(Value::from),
    ];
    let known = vec!["iss", "aud", "exp", "sub", "tenant_id", "org", "id", "roles", "scope", "cnf"];
    let name = prop_oneof![select(known).prop_map(str::to_owned), any::<String>()];
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            vec(inner.clone(), 0..8).prop_map(Value::from),
            vec((name.clone(), inner), 0..8).prop_map(|members| members.into_iter().collect()),
        ]
    })
}

#[test]
fn a_signed_payload_of_any_bytes_is_accepted_only_if_it_meets_the_rules() {
    let verifier = verifier([mapped()]);
    let good = json!({
        "iss": NAME, "aud": AUDIENCE, "exp": NOW + 60, "sub": "ada", "tenant_id": "acme",
    });
    let good = good.to_string();
    assert!(verify(&verifier, &signed(&good)).is_ok());
    let cut = (any::<Index>(), bytes(4)).prop_map({
        let good = good.clone();
        move |(at, put)| {
            let at = at.index(good.len());
            [good[..at].as_bytes(), &put, good[at + 1..].as_bytes()].concat()
        }
    });
    let nearly_good = any_json().prop_map({
        move |extra| {
            let extra = json!({ "extra": extra }).to_string();
            format!("{},{}", good.trim_end_matches('}'), extra.trim_start_matches('{')).into_bytes()
        }
    });
    let payload = prop_oneof![
        bytes(300),
        any_json().prop_map(|json| json.to_string().into_bytes()),
        cut,
        nearly_good,
    ];
    holds(1024, payload, |payload| {
        let accepted = verify(&verifier, &signed(&payload)).is_ok();
        let read = serde_json::from_slice::<Value>(&payload).ok();
        let acceptable = read.as_ref().and_then(|json| judge(&json.into())).is_some();
        prop_assert!(!accepted || acceptable);
        Ok(())
    });
}

/// Mostly `good`, sometimes one of `bad`, or nothing at all.
fn claim(name: &'static str, good: Vec<Json>, bad: Vec<Json>) -> BoxedStrategy<Option<(String, Json)>> {
    let rare = prop_oneof![3 => select(bad).prop_map(Some), 1 => Just(None)];
    prop_oneof![15 => select(good).prop_map(Some), 1 => rare]
        .prop_map(move |value| value.map(|value| (name.to_owned(), value)))
        .boxed()
}

/// The same for a claim that may be left out.
fn optional(name: &'static str, good: Vec<Json>, bad: Vec<Json>) -> BoxedStrategy<Option<(String, Json)>> {
    prop_oneof![2 => Just(None), 1 => claim(name, good, bad)].boxed()
}

fn text(text: impl Into<String>) -> Json {
    Json::Text(text.into())
}

fn texts<const N: usize>(texts: [&str; N]) -> Json {
    Json::Array(texts.map(text).into())
}

fn not_texts() -> Vec<Json> {
    vec![
        Json::Null,
        Json::Bool(true),
        Json::Int(7),
        Json::Float(0.5),
        Json::Object(Vec::new()),
        Json::Array(vec![text("x"), Json::Int(7)]),
    ]
}

fn no_identifiers() -> Vec<Json> {
    let texts = ["", " acme", "acme\u{a0}", "ac\0me", "ac\u{85}me", "acme\n"].map(text);
    let long = text("ä".repeat(128));
    [not_texts(), texts.into(), vec![long, Json::Array(Vec::new())]].concat()
}

fn identifiers() -> Vec<Json> {
    let long = text("x".repeat(255));
    vec![text("acme"), text("globex"), text("'; --"), text("ä \u{202e}ö"), long]
}

/// Seconds about `edge`, on both sides.
fn about(edge: i64) -> Vec<Json> {
    let near = [-2, -1, 0, 1, 2].map(|by| Json::Int(edge + by));
    let quarters = [-5, -4, -3, -1, 0, 1, 3, 4, 5].map(|by| f64::from(by) / 4.0);
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
    let between = quarters.map(|by| Json::Float(edge as f64 + by));
    [near.as_slice(), &between].concat()
}

fn no_times() -> Vec<Json> {
    let numbers = [1e300, -1e300, 9.3e18, -9.3e18].map(Json::Float);
    [not_texts(), numbers.into(), vec![text("1800000000")]].concat()
}

/// Claims as issuers write them, and as they should not.
fn any_claims() -> impl Strategy<Value = Json> {
    let year = 366 * 86_400;
    let ends = [about(NOW - 60), about(NOW), about(NOW + year)].concat();
    let no_ends = [no_times(), [i64::MIN, 0, i64::MAX].map(Json::Int).into()].concat();
    let starts = [about(NOW), about(NOW + 60), vec![Json::Int(i64::MIN), Json::Int(0)]].concat();
    let no_starts = [no_times(), vec![Json::Int(i64::MAX)]].concat();
    let org = |id: Json| Json::Object(vec![("name".to_owned(), text("x")), ("id".to_owned(), id)]);
    let nested = |ids: Vec<Json>| ids.into_iter().map(org).collect::<Vec<_>>();
    let not_us = [not_texts(), vec![text("them"), texts([]), texts(["them", "us "])]].concat();
    let deep = |depth| (1..depth).fold(Json::Array(Vec::new()), |inner, _| Json::Array(vec![inner]));
    let twice = Json::Object(vec![("a".to_owned(), Json::Null), ("a".to_owned(), Json::Null)]);
    let claims = [
        claim("iss", vec![text(NAME)], [not_texts(), vec![text("https://issuer.example/")]].concat()),
        claim("aud", vec![text("us"), texts(["them", "us"])], not_us),
        prop_oneof![claim("exp", vec![Json::Int(NOW + 600)], no_ends.clone()), claim("exp", ends, no_ends)].boxed(),
        optional("nbf", starts.clone(), no_starts.clone()),
        optional("iat", starts, no_starts),
        claim("sub", identifiers(), no_identifiers()),
        claim("tenant_id", identifiers(), no_identifiers()),
        prop_oneof![
            5 => Just(None),
            1 => optional("org", nested(identifiers()), nested(no_identifiers())),
        ].boxed(),
        optional("project_id", identifiers(), no_identifiers()),
        optional("roles", vec![texts([]), texts(["a", "", "b c"]), text("b c")], not_texts()),
        optional("scope", vec![texts(["a b"]), text(" a b\tc "), text("")], not_texts()),
        optional("jti", vec![text("1")], [not_texts(), vec![text("")]].concat()),
        optional("extra", vec![deep(3), deep(31)], vec![deep(32), deep(100), twice]),
        prop_oneof![19 => Just(None), 1 => optional("cnf", vec![Json::Null], not_texts())].boxed(),
    ];
    let claims: Vec<_> = claims.into();
    let filling = prop_oneof![9 => Just(0), 1 => 10..40_usize];
    let doubled = prop_oneof![15 => Just(None), 1 => any::<Index>().prop_map(Some)];
    (claims, filling, doubled).prop_map(|(claims, filling, doubled)| {
        let mut members: Vec<_> = claims.into_iter().flatten().collect();
        members.extend((0..filling).map(|n| (format!("claim {n}"), Json::Null)));
        if let Some(member) = doubled.filter(|_| !members.is_empty()) {
            let again = members[member.index(members.len())].clone();
            members.push(again);
        }
        members
    })
    .prop_shuffle()
    .prop_map(Json::Object)
}

#[test]
fn signed_claims_are_accepted_exactly_if_they_meet_the_rules_and_mean_the_same() {
    let verifier = verifier([mapped()]);
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let noise = prop_oneof![Just(0), any::<u64>()];
    holds(2048, (any_claims(), noise), |(claims, noise)| {
        let token = signed(claims.write(noise));
        let found = verify(&verifier, &token).ok().map(|claims| Who {
            tenant: claims.tenant().unwrap().to_string(),
            project: claims.project().map(ToString::to_string),
            subject: claims.subject().to_string(),
            roles: claims.roles().to_vec(),
            permissions: claims.permissions().to_vec(),
            token_id: claims.token_id().map(str::to_owned),
        });
        let count = if found.is_some() { &accepted } else { &refused };
        count.set(count.get() + 1);
        prop_assert_eq!(found, judge(&claims), "{}", claims.write(noise));
        Ok(())
    });
    // Or it would compare refusals with refusals.
    assert!(accepted.get() > 200 && refused.get() > 200, "{accepted:?} {refused:?}");
}

fn identifier() -> impl Strategy<Value = String> {
    let anything = any::<String>().prop_filter("an identifier", |text| TenantId::parse(text).is_ok());
    prop_oneof!["[a-z0-9-]{1,36}", anything]
}

#[test]
fn what_an_issuer_writes_is_what_a_verifier_reads() {
    let issuer = hs256().lifetime(Duration::from_mins(10));
    let verifier = verifier([issuer.issuer()]);
    let words = || vec(any::<String>(), 0..6);
    // `cnf` has a meaning of its own, and what the issuer writes itself it does not take.
    let taken = ["cnf", "nbf", "iss", "aud", "sub", "exp", "iat", "jti", "roles"];
    let name = any::<String>().prop_filter("a free name", move |name| {
        !taken.contains(&name.as_str()) && !name.contains("_id") && name != "permissions"
    });
    let more = btree_map(name, any_json(), 0..6);
    let who = (identifier(), identifier(), proptest::option::of(identifier()));
    holds(256, (who, words(), words(), more), |(who, roles, permissions, more)| {
        let tenant = TenantId::parse(&who.0).unwrap();
        let subject = SubjectId::parse(&who.1).unwrap();
        let project = who.2.map(|project| ProjectId::parse(&project).unwrap());
        let mut token = issuer.token(&tenant, &subject).roles(&roles).permissions(&permissions);
        if let Some(project) = &project {
            token = token.project(project);
        }
        for (name, value) in &more {
            token = token.claim(name, value);
        }
        let token = token.sign().unwrap();
        if token.len() > 16 * 1024 {
            return Err(TestCaseError::reject("longer than a verifier looks at"));
        }
        // Twice: from the token, and from what is remembered of it.
        for _ in 0..2 {
            let claims = verify(&verifier, &token).unwrap();
            prop_assert_eq!(claims.tenant(), Some(&tenant));
            prop_assert_eq!(claims.tenants(), std::slice::from_ref(&tenant));
            prop_assert_eq!(claims.subject(), &subject);
            prop_assert_eq!(claims.project(), project.as_ref());
            prop_assert_eq!(claims.roles(), &roles);
            prop_assert_eq!(claims.permissions(), &permissions);
            prop_assert_eq!(claims.issuer(), NAME);
            prop_assert_eq!(claims.issued_at(), Some(UnixTime::from_seconds(NOW)));
            prop_assert_eq!(claims.expires_at(), UnixTime::from_seconds(NOW + 600));
            prop_assert_eq!(&claims.claim::<Vec<String>>("roles"), &Ok(Some(roles.clone())));
            for (name, value) in &more {
                prop_assert_eq!(claims.claim::<Value>(name.as_str()), Ok(Some(value.clone())));
            }
            let unknown = format!("{}?", more.keys().map(String::as_str).collect::<String>());
            prop_assert_eq!(claims.claim::<Value>(unknown.as_str()), Ok(None));
        }
        Ok(())
    });
}

/// What a provider, or somebody who breaks into one, may put among its keys. Nothing of it is a usable key with the
/// id `good`.
fn junk_entry(good: &str) -> impl Strategy<Value = String> + use<> {
    let deep = (1..2000_usize).prop_map(|depth| format!("{}{}", "[".repeat(depth), "]".repeat(depth)));
    let octets = bytes(70).prop_map(|octets| Value::from(URL_SAFE_NO_PAD.encode(octets)));
    let point = any::<[u8; 32]>().prop_map(|octets| Value::from(URL_SAFE_NO_PAD.encode(octets)));
    let names = ["RSA", "EC", "OKP", "oct", "sig", "enc", "Ed25519", "P-256", "EdDSA", "none", "other"];
    let word = select(names.map(Value::from).to_vec());
    let value = prop_oneof![4 => word, 2 => octets, 2 => point, 1 => any_json()];
    let member = select(vec!["kty", "use", "key_ops", "alg", "crv", "n", "e", "x", "y", "d", "k"]);
    let members = vec((member.prop_map(str::to_owned), value), 0..10);
    let fragment = members.prop_map(|members| members.into_iter().collect::<serde_json::Map<_, _>>());
    let (id, usable) = (good.to_owned(), any::<[u8; 32]>());
    let with_the_same_id = (fragment.clone(), 0..4).prop_map(move |(mut jwk, why)| {
        let (name, value) = [("kty", "oct"), ("use", "enc"), ("alg", "none"), ("kty", "")][why];
        jwk.insert("kid".to_owned(), id.as_str().into());
        jwk.insert(name.to_owned(), value.into());
        Value::from(jwk).to_string()
    });
    let other_key = usable.prop_map(|x| {
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
}

#[test]
fn a_good_key_among_junk_still_verifies_up_to_a_hundred_entries() {
    let issuer = ed25519();
    let good: Value = serde_json::from_str(&issuer.jwks().unwrap()).unwrap();
    let good = good["keys"][0].clone();
    let token = &tokens()[0];
    let junk = junk_entry(good["kid"].as_str().unwrap());
    let junk = prop_oneof![3 => vec(junk.clone(), 0..30), 1 => vec(junk, 95..105)];
    holds(64, (junk, any::<Index>(), any_json()), |(mut entries, at, more)| {
        let at = at.index(entries.len() + 1);
        entries.insert(at, good.to_string());
        let document = format!(r#"{{"more":{more},"keys":[{}]}}"#, entries.join(","));
        let verifier = JwtVerifier::builder()
            .issuer(issuer.issuer().keys(KeySource::fixed(document.clone())))
            .clock(at_now())
            .build();
        let fits = entries.len() <= 100 && document.len() <= 256 * 1024;
        prop_assert_eq!(verifier.is_ok(), fits);
        if let Ok(verifier) = verifier {
            prop_assert!(verify(&verifier, token).is_ok());
            let status = &verifier.key_status()[0];
            prop_assert!(status.keys + status.skipped <= entries.len());
        }
        Ok(())
    });
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
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let junk = vec(junk_entry("good"), 0..5).prop_map(|keys| format!(r#"{{"keys":[{}]}}"#, keys.join(",")));
    let shaped = vec(any_json(), 0..5).prop_map(|keys| json!({ "keys": keys }).to_string());
    let document = prop_oneof![
        bytes(300),
        any_json().prop_map(|json| json.to_string().into_bytes()),
        shaped.prop_map(String::into_bytes),
        junk.prop_map(String::into_bytes),
    ];
    holds(512, document, |document| {
        fuzzed::jwks(&document);
        let text = String::from_utf8_lossy(&document).into_owned();
        let fixed = ed25519().issuer().keys(KeySource::fixed(text));
        let fixed = JwtVerifier::builder().issuer(fixed).clock(at_now()).build();
        let fetched = verifier([ed25519().issuer().keys(KeySource::fetched(Answers(document)))]);
        if let Ok(fixed) = fixed {
            prop_assert!(verify(&fixed, token).is_err());
        }
        let outcome = runtime.block_on(fetched.verify(BearerToken::parse(token).unwrap()));
        prop_assert!(outcome.is_err());
        Ok(())
    });
}

/// The fields of a request, and nothing else of it.
struct Head(Vec<Vec<u8>>);

impl RequestHead for Head {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let asked = name == "authorization";
        self.0.iter().map(Vec::as_slice).filter(move |_| asked)
    }

    fn path(&self) -> &'static str {
        "/"
    }

    fn query(&self) -> Option<&str> {
        None
    }
}

#[test]
fn any_bytes_in_authorization_are_absent_malformed_or_what_stands_there() {
    let door = door();
    let scheme = select(vec!["Bearer", "bearer", "BEARER", "Basic", "Bearers", "", "\t"]);
    let space = select(vec!["", " ", "  ", "\t", " \t", ",", "\u{a0}", " = "]);
    let token = prop_oneof!["[A-Za-z0-9._~+/-]{0,40}={0,2}", any::<String>(), select(tokens())];
    let field = prop_oneof![
        bytes(60),
        (scheme, space, token).prop_map(|(scheme, space, token)| [scheme, space, &token].concat().into_bytes()),
    ];
    holds(1024, vec(field, 0..3), |fields| {
        fuzzed::authorization(&fields.join(&b'\n'));
        let head = Head(fields);
        let presented = Presented::in_authorization(&head);
        let field = match head.0.as_slice() {
            [] => {
                prop_assert_eq!(presented, Presented::Absent);
                return Ok(());
            }
            [only] => only,
            _ => {
                prop_assert!(matches!(presented, Presented::Malformed(_)));
                return Ok(());
            }
        };
        if let Presented::Bearer(token) = presented {
            prop_assert!(field.ends_with(token.expose().as_bytes()));
            prop_assert!(field.to_ascii_lowercase().starts_with(b"bearer "));
            let issued = tokens_of(&door, token);
            prop_assert!(issued || door.verify(token).now_or_never().unwrap().is_err());
        }
        Ok(())
    });
}
