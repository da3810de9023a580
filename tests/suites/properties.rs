//! What holds for whatever token, key set, header and time: tried with values that nobody thought of.
//!
//! A failure prints the smallest case that was found. Make it a test of its own.

mod claims;
mod corpus;
mod credentials;
mod doors;
mod keys;
mod oracle;
mod proxies;
mod times;

use std::sync::Arc;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use proptest::test_runner::{Config, TestRunner};
use serde_json::Value;
use tenancy_core::{
    Algorithm, BearerToken, Claims, Issuer, JwtVerifier, JwtVerifierBuilder, KeySource,
    ManualClock, SharedSecret, SigningKey, SubjectId, TenantId, TokenIssuer, UnixTime, Verified,
    VerifyError,
};

use self::oracle::{AUDIENCE, NAME, NOW};

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
        .fold(builder, JwtVerifierBuilder::issuer);
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
    let outcome = verifier.verify(token).now_or_never();
    outcome
        .expect("an answer at once")
        .map(Verified::into_inner)
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
