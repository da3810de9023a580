//! What holds for whatever token, key set, header and time: tried with values that nobody thought of.
//!
//! A failure prints the smallest case that was found. Make it a test of its own.

mod oracle;

use std::cell::Cell;
use std::fs;
use std::path::Path;
use std::sync::Arc;
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

use self::oracle::{AUDIENCE, Json, NAME, NOW, Who, judge};

const SECRET: &[u8; 32] = b"a secret of thirty-two bytes ...";
const B64TOKEN: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/=";

/// Tries `property` with so many values, times the number in `TENANCY_PROPERTY_EFFORT`.
fn holds<S: Strategy>(
    cases: u32,
    strategy: S,
    property: impl Fn(S::Value) -> Result<(), TestCaseError>,
) {
    let effort =
        std::env::var("TENANCY_PROPERTY_EFFORT").map_or(1, |effort| effort.parse().unwrap());
    let config = Config {
        cases: cases * effort,
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
    let builder = issuers
        .into_iter()
        .fold(builder, tenancy_core::JwtVerifierBuilder::issuer);
    builder.build().unwrap()
}

/// Trusts both issuers above.
fn door() -> JwtVerifier {
    verifier([ed25519().issuer(), hs256().issuer()])
}

/// A good token of each issuer.
fn tokens() -> Vec<String> {
    let (acme, ada) = (
        TenantId::parse("acme").unwrap(),
        SubjectId::parse("ada").unwrap(),
    );
    let sign = |issuer: &TokenIssuer| issuer.token(&acme, &ada).roles(["Editor"]).sign().unwrap();
    vec![sign(&ed25519()), sign(&hs256())]
}

/// Keys that are fixed make nobody wait.
fn verify(verifier: &JwtVerifier, token: &str) -> Result<Claims, VerifyError> {
    let token = BearerToken::parse(token).expect("the syntax of a bearer token");
    let verified = verifier
        .verify(token)
        .now_or_never()
        .expect("an answer at once");
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
    parts
        .map(|part| URL_SAFE_NO_PAD.encode(part))
        .join(".")
        .into_bytes()
}

/// One of these tokens with a few characters overwritten, taken out or put in.
fn mutated(tokens: Vec<String>) -> impl Strategy<Value = Vec<u8>> {
    let edits = vec((any::<Index>(), 0..3_u8, b64token_char()), 1..6);
    (select(tokens), edits).prop_map(|(token, edits)| {
        edits
            .iter()
            .fold(token.into_bytes(), |mut token, (at, edit, byte)| {
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
        mutated(issued.clone()),
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

/// The last character of a signature has bits to spare, which a lenient reader would not look at.
#[test]
fn a_token_has_one_spelling() {
    let door = door();
    for token in tokens() {
        let (rest, last) = token.split_at(token.len() - 1);
        for byte in B64TOKEN {
            let byte = char::from(*byte);
            for spelling in [format!("{rest}{byte}"), format!("{token}{byte}")] {
                let is_same = spelling == token;
                assert_eq!(
                    verify(&door, &spelling).is_ok(),
                    is_same,
                    "{byte} for {last}"
                );
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
    let known = vec![
        "iss",
        "aud",
        "exp",
        "sub",
        "tenant_id",
        "org",
        "id",
        "roles",
        "scope",
        "cnf",
    ];
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
            format!(
                "{},{}",
                good.trim_end_matches('}'),
                extra.trim_start_matches('{')
            )
            .into_bytes()
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
fn claim(
    name: &'static str,
    good: Vec<Json>,
    bad: Vec<Json>,
) -> BoxedStrategy<Option<(String, Json)>> {
    let rare = prop_oneof![3 => select(bad).prop_map(Some), 1 => Just(None)];
    prop_oneof![15 => select(good).prop_map(Some), 1 => rare]
        .prop_map(move |value| value.map(|value| (name.to_owned(), value)))
        .boxed()
}

/// The same for a claim that may be left out.
fn optional(
    name: &'static str,
    good: Vec<Json>,
    bad: Vec<Json>,
) -> BoxedStrategy<Option<(String, Json)>> {
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
    [
        not_texts(),
        texts.into(),
        vec![long, Json::Array(Vec::new())],
    ]
    .concat()
}

fn identifiers() -> Vec<Json> {
    let long = text("x".repeat(255));
    vec![
        text("acme"),
        text("globex"),
        text("'; --"),
        text("ä \u{202e}ö"),
        long,
    ]
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
    let starts = [
        about(NOW),
        about(NOW + 60),
        vec![Json::Int(i64::MIN), Json::Int(0)],
    ]
    .concat();
    let no_starts = [no_times(), vec![Json::Int(i64::MAX)]].concat();
    let org = |id: Json| Json::Object(vec![("name".to_owned(), text("x")), ("id".to_owned(), id)]);
    let nested = |ids: Vec<Json>| ids.into_iter().map(org).collect::<Vec<_>>();
    let not_us = [
        not_texts(),
        vec![text("them"), texts([]), texts(["them", "us "])],
    ]
    .concat();
    let deep =
        |depth| (1..depth).fold(Json::Array(Vec::new()), |inner, _| Json::Array(vec![inner]));
    let twice = Json::Object(vec![
        ("a".to_owned(), Json::Null),
        ("a".to_owned(), Json::Null),
    ]);
    let claims = [
        claim(
            "iss",
            vec![text(NAME)],
            [not_texts(), vec![text("https://issuer.example/")]].concat(),
        ),
        claim("aud", vec![text("us"), texts(["them", "us"])], not_us),
        prop_oneof![
            claim("exp", vec![Json::Int(NOW + 600)], no_ends.clone()),
            claim("exp", ends, no_ends)
        ]
        .boxed(),
        optional("nbf", starts.clone(), no_starts.clone()),
        optional("iat", starts, no_starts),
        claim("sub", identifiers(), no_identifiers()),
        claim("tenant_id", identifiers(), no_identifiers()),
        prop_oneof![
            5 => Just(None),
            1 => optional("org", nested(identifiers()), nested(no_identifiers())),
        ]
        .boxed(),
        optional("project_id", identifiers(), no_identifiers()),
        optional(
            "roles",
            vec![texts([]), texts(["a", "", "b c"]), text("b c")],
            not_texts(),
        ),
        optional(
            "scope",
            vec![texts(["a b"]), text(" a b\tc "), text("")],
            not_texts(),
        ),
        optional(
            "jti",
            vec![text("1")],
            [not_texts(), vec![text("")]].concat(),
        ),
        optional(
            "extra",
            vec![deep(3), deep(31)],
            vec![deep(32), deep(100), twice],
        ),
        prop_oneof![19 => Just(None), 1 => optional("cnf", vec![Json::Null], not_texts())].boxed(),
    ];
    let claims: Vec<_> = claims.into();
    let filling = prop_oneof![9 => Just(0), 1 => 10..40_usize];
    let doubled = prop_oneof![15 => Just(None), 1 => any::<Index>().prop_map(Some)];
    (claims, filling, doubled)
        .prop_map(|(claims, filling, doubled)| {
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
    assert!(
        accepted.get() > 200 && refused.get() > 200,
        "{accepted:?} {refused:?}"
    );
}

fn identifier() -> impl Strategy<Value = String> {
    let anything =
        any::<String>().prop_filter("an identifier", |text| TenantId::parse(text).is_ok());
    prop_oneof!["[a-z0-9-]{1,36}", anything]
}

#[test]
fn what_an_issuer_writes_is_what_a_verifier_reads() {
    let issuer = hs256().lifetime(Duration::from_mins(10));
    let verifier = verifier([issuer.issuer()]);
    let words = || vec(any::<String>(), 0..6);
    // `cnf` has a meaning of its own, and what the issuer writes itself it does not take.
    let taken = [
        "cnf", "nbf", "iss", "aud", "sub", "exp", "iat", "jti", "roles",
    ];
    let name = any::<String>().prop_filter("a free name", move |name| {
        !taken.contains(&name.as_str()) && !name.contains("_id") && name != "permissions"
    });
    let more = btree_map(name, any_json(), 0..6);
    let who = (
        identifier(),
        identifier(),
        proptest::option::of(identifier()),
    );
    holds(
        128,
        (who, words(), words(), more),
        |(who, roles, permissions, more)| {
            let tenant = TenantId::parse(&who.0).unwrap();
            let subject = SubjectId::parse(&who.1).unwrap();
            let project = who.2.map(|project| ProjectId::parse(&project).unwrap());
            let mut token = issuer
                .token(&tenant, &subject)
                .roles(&roles)
                .permissions(&permissions);
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
                prop_assert_eq!(
                    &claims.claim::<Vec<String>>("roles"),
                    &Ok(Some(roles.clone()))
                );
                for (name, value) in &more {
                    prop_assert_eq!(
                        claims.claim::<Value>(name.as_str()),
                        Ok(Some(value.clone()))
                    );
                }
                let unknown = format!("{}?", more.keys().map(String::as_str).collect::<String>());
                prop_assert_eq!(claims.claim::<Value>(unknown.as_str()), Ok(None));
            }
            Ok(())
        },
    );
}

/// What a provider, or somebody who breaks into one, may put among its keys. Nothing of it is a usable key with the
/// id `good`.
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

#[test]
fn a_good_key_among_junk_still_verifies_up_to_a_hundred_entries() {
    let issuer = ed25519();
    let good: Value = serde_json::from_str(&issuer.jwks().unwrap()).unwrap();
    let good = good["keys"][0].clone();
    let token = &tokens()[0];
    let junk = junk_entry(good["kid"].as_str().unwrap());
    let junk = prop_oneof![3 => vec(junk.clone(), 0..30), 1 => vec(junk, 95..105)];
    holds(
        64,
        (junk, any::<Index>(), any_json()),
        |(mut entries, place, more)| {
            entries.insert(place.index(entries.len() + 1), good.to_string());
            let document = format!(r#"{{"more":{more},"keys":[{}]}}"#, entries.join(","));
            let verifier = JwtVerifier::builder()
                .issuer(issuer.issuer().keys(KeySource::fixed(document.clone())))
                .clock(at(NOW))
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
    let junk = vec(junk_entry("good"), 0..5)
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
        let fixed = JwtVerifier::builder().issuer(fixed).clock(at(NOW)).build();
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

/// RFC 6750 §2.1: `Bearer`, whatever its case, one or more spaces, and a `b64token`.
fn token_in(field: &[u8]) -> Result<Option<&[u8]>, ()> {
    let is_of_a_name =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let name = field.iter().take_while(|byte| is_of_a_name(byte)).count();
    match field[..name].to_ascii_lowercase().as_slice() {
        b"" => return Err(()),
        b"bearer" => {}
        _ => return Ok(None),
    }
    let spaces = field[name..]
        .iter()
        .take_while(|byte| **byte == b' ')
        .count();
    let token = &field[name + spaces..];
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = &token[..token.len() - padding];
    let is_well_formed = body
        .iter()
        .all(|byte| B64TOKEN.contains(byte) && *byte != b'=');
    if spaces > 0 && !body.is_empty() && is_well_formed {
        Ok(Some(token))
    } else {
        Err(())
    }
}

#[test]
fn any_bytes_in_authorization_are_absent_malformed_or_what_stands_there() {
    let (door, issued) = (door(), tokens());
    let scheme = select(vec![
        "Bearer", "bearer", "BEARER", "Basic", "Bearers", "", "\t",
    ]);
    let space = select(vec!["", " ", "  ", "\t", " \t", ",", "\u{a0}", " = "]);
    let texts = "[A-Za-z0-9._~+/-]{0,40}={0,2}";
    let token = prop_oneof![texts, any::<String>(), select(issued.clone())];
    let field = prop_oneof![
        1 => bytes(60),
        4 => (scheme, space, token).prop_map(|(scheme, space, token)| {
            [scheme, space, &token].concat().into_bytes()
        }),
    ];
    let fields = prop_oneof![4 => vec(field.clone(), 1), 1 => vec(field, 0..4)];
    holds(1024, fields, |fields| {
        if !fields.is_empty() {
            fuzzed::authorization(&fields.join(&b'\n'));
        }
        // TODO: without this exception once the ignored test below passes.
        if fields.iter().any(|field| has_other_white_space(field)) {
            return Ok(());
        }
        let head = Head(fields);
        let presented = Presented::in_authorization(&head);
        let found = match presented {
            Presented::Absent => Ok(None),
            Presented::Malformed(_) => Err(()),
            Presented::Bearer(token) => {
                let accepted = verify(&door, token.expose()).is_ok();
                prop_assert_eq!(accepted, issued.iter().any(|one| one == token.expose()));
                Ok(Some(token.expose().as_bytes()))
            }
        };
        let expected = match head.0.as_slice() {
            [] => Ok(None),
            [only] => token_in(only),
            _ => Err(()),
        };
        prop_assert_eq!(found, expected);
        Ok(())
    });
}

/// Whether something else than spaces stands before the token.
fn has_other_white_space(field: &[u8]) -> bool {
    let rest = field.get("Bearer".len()..).unwrap_or_default();
    let blanks = rest.iter().take_while(|byte| byte.is_ascii_whitespace());
    blanks.into_iter().any(|byte| *byte != b' ')
}

#[test]
#[ignore = "a bug: any white space is taken for spaces"]
fn nothing_but_spaces_separates_the_token_from_its_scheme() {
    for field in [
        "Bearer \ta.b.c",
        "Bearer\x0ca.b.c",
        "Bearer \r\n a.b.c",
        "Bearer\na.b.c",
    ] {
        let head = Head(vec![field.into()]);
        let presented = Presented::in_authorization(&head);
        assert!(
            matches!(presented, Presented::Malformed(_)),
            "{field:?}: {presented:?}"
        );
    }
}

/// `serde_json` hands over numbers as such objects where its feature `arbitrary_precision` is on. It is off here, so
/// this one is an object that somebody wrote.
#[test]
#[ignore = "a bug: an object of this name is read as a number"]
fn an_object_is_no_number() {
    let number = json!({ "$serde_json::private::Number": (NOW + 60).to_string() });
    let claims = json!({
        "iss": NAME, "aud": AUDIENCE, "sub": "ada", "tenant_id": "acme", "exp": number,
    });
    assert!(verify(&verifier([mapped()]), &signed(claims.to_string())).is_err());
}

/// Any point of time, the ends of time and the neighbourhood of `near` included.
fn seconds(near: i64) -> impl Strategy<Value = i64> {
    let ends = select(vec![
        i64::MIN,
        i64::MIN + 1,
        -1,
        0,
        1,
        i64::MAX - 1,
        i64::MAX,
    ]);
    prop_oneof![
        4 => (-400..400_i64).prop_map(move |by| near.saturating_add(by)),
        1 => any::<i64>(),
        1 => ends,
    ]
}

/// When a token is good, in numbers that cannot overflow. Time ends with `i64`, and so does every token.
fn is_in_time(
    exp: i64,
    starts: [Option<i64>; 2],
    now: i64,
    leeway: u64,
    max_lifetime: u64,
) -> bool {
    let (exp, now, leeway) = (i128::from(exp), i128::from(now), i128::from(leeway));
    let end_of_time = i128::from(i64::MAX);
    now < (exp + leeway).min(end_of_time)
        && exp <= now + i128::from(max_lifetime)
        && starts
            .into_iter()
            .flatten()
            .all(|start| i128::from(start) <= now + leeway)
}

#[test]
fn decisions_about_time_are_those_of_numbers_that_cannot_overflow() {
    let now = prop_oneof![Just(NOW), seconds(NOW)];
    let cases = now.prop_flat_map(|now| {
        let lifetime = prop_oneof![
            1..1000_u64,
            1..400 * 86_400_u64,
            1..=i64::MAX.unsigned_abs()
        ];
        let optional = || proptest::option::of(seconds(now));
        let passing = prop_oneof![0..800_u64, any::<u64>()];
        (
            Just(now),
            seconds(now),
            [optional(), optional()],
            0..=300_u64,
            lifetime,
            passing,
        )
    });
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    holds(
        2048,
        cases,
        |(now, exp, starts, leeway, max_lifetime, passing)| {
            let clock = at(now);
            let issuer = mapped()
                .leeway(Duration::from_secs(leeway))
                .max_lifetime(Duration::from_secs(max_lifetime));
            let verifier = JwtVerifier::builder()
                .issuer(issuer)
                .clock(clock.clone())
                .build()
                .unwrap();
            let mut claims = json!({
                "iss": NAME, "aud": AUDIENCE, "sub": "ada", "tenant_id": "acme", "exp": exp,
            });
            for (name, start) in ["nbf", "iat"].into_iter().zip(starts) {
                if let Some(start) = start {
                    claims[name] = start.into();
                }
            }
            let token = signed(claims.to_string());
            // At first it is read; then, if it was good, what is remembered of it counts, also as time passes.
            for passing in [0, 0, passing, 0] {
                clock.advance(Duration::from_secs(passing));
                let now = clock.now().as_seconds();
                let expected = is_in_time(exp, starts, now, leeway, max_lifetime);
                prop_assert_eq!(verify(&verifier, &token).is_ok(), expected, "at {}", now);
                let count = if expected { &accepted } else { &refused };
                count.set(count.get() + 1);
            }
            Ok(())
        },
    );
    assert!(
        accepted.get() > 400 && refused.get() > 400,
        "{accepted:?} {refused:?}"
    );
}

/// What fuzzing starts from, and what it once found.
#[test]
fn the_corpus_of_the_fuzz_targets_holds() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let targets: [(&str, fn(&[u8])); 4] = [
        ("header", fuzzed::header),
        ("claims", fuzzed::claims),
        ("jwks", fuzzed::jwks),
        ("authorization", fuzzed::authorization),
    ];
    for (target, drive) in targets {
        let folder = corpus.join(target);
        let mut files = 0;
        for file in fs::read_dir(&folder).unwrap() {
            let file = file.unwrap().path();
            let outcome = std::panic::catch_unwind(|| drive(&fs::read(&file).unwrap()));
            assert!(outcome.is_ok(), "{}", file.display());
            files += 1;
        }
        assert!(files > 0, "{} is empty", folder.display());
    }
}
