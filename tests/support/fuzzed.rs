//! What fuzzing drives: one function for each target of `tests/fuzz`, which asserts what holds for any bytes.
//!
//! The targets include this file as it is, so it needs nothing of this package. The suites replay the corpus
//! through the same functions.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::FutureExt as _;
use serde_json::{Map, Value};
use tenancy_core::{
    Algorithm, BearerToken, ClaimMap, Claims, ConfigError, Issuer, JwtVerifier, KeySource,
    MalformedCredential, ManualClock, Presented, ProjectId, RequestHead, SharedSecret, TenantId,
    UnixTime,
};

const NAME: &str = "fuzzed";
const AUDIENCE: &str = "us";
const KEY_ID: &str = "key";
const SECRET: &[u8] = b"known to everybody who reads this";
/// The time of the verifiers here, so that a token of the corpus never expires.
const NOW: i64 = 1_700_000_000;
const LEEWAY: Duration = Duration::from_mins(1);
const MAX_LIFETIME: Duration = Duration::from_hours(366 * 24);
const GOOD_CLAIMS: &str =
    r#"{"iss":"fuzzed","aud":"us","exp":1700000600,"sub":"ada","tenant_id":"acme"}"#;
/// The public half of the key that signed [`TOKEN_OF_THE_KEY`].
const PUBLIC_KEY: &str = "_RckOFqgx1tk-3jNYC-h2ZH96_drE8WO1wLqyDXp9hg";
/// An `EdDSA` token with the claims above and the `kid` [`KEY_ID`].
const TOKEN_OF_THE_KEY: &str = concat!(
    "eyJhbGciOiJFZERTQSIsImtpZCI6ImtleSJ9.",
    "eyJpc3MiOiJmdXp6ZWQiLCJhdWQiOiJ1cyIsImV4cCI6MTcwMD",
    "AwMDYwMCwic3ViIjoiYWRhIiwidGVuYW50X2lkIjoiYWNtZSJ9.",
    "AJ5dtKsTi2aBLZ82Ze1zbeQdM21nAxRTbLktdQVwsXOKUkATdMqHIF1Z7M159t98srnMpnkTcH8ac4piwbKGDA",
);

/// `data` as the header of a token whose signature fits.
///
/// # Panics
/// When a token is accepted whose header does not say what it must.
pub fn header(data: &[u8]) {
    let verifier = with_secret();
    let empty = signed(data, b"{}", SECRET);
    assert_eq!(verify(&verifier, &empty), None, "claims of nobody");
    if verify(&verifier, &signed(data, GOOD_CLAIMS.as_bytes(), SECRET)).is_none() {
        return;
    }
    let header = object(data).unwrap_or_default();
    let text = |name| {
        header
            .get(name)
            .map(|value| value.as_str().unwrap_or_default())
    };
    assert_eq!(text("alg"), Some("HS256"));
    assert!(text("kid").is_none_or(|id| id == KEY_ID));
    let types = ["jwt", "at+jwt", "application/at+jwt"];
    let of_access_tokens = |typ: &str| types.contains(&typ.to_ascii_lowercase().as_str());
    assert!(text("typ").is_none_or(of_access_tokens));
    let extensions = ["crit", "b64", "zip", "enc"];
    assert!(!extensions.iter().any(|name| header.contains_key(*name)));
}

/// `data` as the claims of a token whose header is good and whose signature fits.
///
/// # Panics
/// When a token is accepted whose claims do not say what they must, or they come back as others.
pub fn claims(data: &[u8]) {
    let header = format!(r#"{{"alg":"HS256","kid":"{KEY_ID}"}}"#);
    let token = signed(header.as_bytes(), data, SECRET);
    let Some(verified) = verify(&with_secret(), &token) else {
        return;
    };
    let claims = object(data).unwrap_or_default();
    let text = |name| claims.get(name).and_then(Value::as_str);
    assert_eq!(text("iss"), Some(NAME));
    let audience = match claims.get("aud") {
        Some(Value::Array(several)) => several.contains(&AUDIENCE.into()),
        one => one == Some(&AUDIENCE.into()),
    };
    assert!(audience, "for somebody else");
    let seconds = |name| {
        claims
            .get(name)
            .map(|value| value.as_f64().unwrap_or(f64::NAN))
    };
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
    let (now, leeway, most) = (NOW as f64, LEEWAY.as_secs_f64(), MAX_LIFETIME.as_secs_f64());
    let expiry = seconds("exp").unwrap_or(f64::NAN);
    assert!(
        now < expiry + leeway && expiry < now + most + 1.0,
        "out of time"
    );
    for start in ["nbf", "iat"] {
        assert!(
            seconds(start).is_none_or(|start| start <= now + leeway),
            "too early"
        );
    }
    assert!(!claims.contains_key("cnf"), "bound to a key");
    assert_eq!(text("sub"), Some(verified.subject().as_str()));
    assert_eq!(text("tenant_id"), verified.tenant().map(TenantId::as_str));
    assert_eq!(
        text("project_id"),
        verified.project().map(ProjectId::as_str)
    );
    assert_eq!(text("jti"), verified.token_id());
    for (name, value) in &claims {
        assert_eq!(
            verified.claim(name.as_str()),
            Ok(Some(value.clone())),
            "{name}"
        );
    }
}

/// `data` as a JWK set.
///
/// # Panics
/// When a token is accepted that none of the keys has signed.
pub fn jwks(data: &[u8]) {
    let document = String::from_utf8_lossy(data).into_owned();
    let issuer = issuer().keys(KeySource::fixed(document.clone()));
    let Ok(verifier) = verifier(issuer) else {
        return;
    };
    let status = verifier.key_status();
    assert!(
        status
            .iter()
            .all(|issuer| issuer.keys > 0 && issuer.keys + issuer.skipped <= 100)
    );
    // The classic confusion: the document, which everybody knows, used as an HMAC secret.
    let header = format!(r#"{{"alg":"HS256","kid":"{KEY_ID}"}}"#);
    let forged = signed(
        header.as_bytes(),
        GOOD_CLAIMS.as_bytes(),
        document.as_bytes(),
    );
    assert_eq!(
        verify(&verifier, &forged),
        None,
        "signed with what is public"
    );
    // serde_json gives up where the reader under test, which skips what it does not know, goes on.
    let Some(set) = object(document.as_bytes()) else {
        return;
    };
    let entries = set.get("keys").and_then(Value::as_array);
    let is_there = entries
        .into_iter()
        .flatten()
        .any(|entry| entry.get("x").and_then(Value::as_str) == Some(PUBLIC_KEY));
    assert!(
        is_there || verify(&verifier, TOKEN_OF_THE_KEY).is_none(),
        "signed by nobody"
    );
}

/// `data` as the `Authorization` fields of a request, one in each line.
///
/// # Panics
/// When what was presented is not what stands in the only field.
pub fn authorization(data: &[u8]) {
    let head = Head(data.split(|byte| *byte == b'\n').collect());
    match (Presented::in_authorization(&head), head.0.as_slice()) {
        (Presented::Bearer(token), [only]) => {
            let token = token.expose();
            let scheme = only.strip_suffix(token.as_bytes()).unwrap_or_default();
            let (name, spaces) = scheme.split_at_checked("Bearer".len()).unwrap_or_default();
            assert!(name.eq_ignore_ascii_case(b"bearer"));
            assert!(!spaces.is_empty() && spaces.iter().all(|byte| *byte == b' '));
            assert_eq!(verify(&with_secret(), token), None, "nobody signed that");
        }
        (Presented::Malformed(MalformedCredential::Several), fields) => assert!(fields.len() > 1),
        (Presented::Absent, [only]) => {
            assert!(
                !only.to_ascii_lowercase().starts_with(b"bearer "),
                "overlooked"
            );
        }
        (Presented::Malformed(_), [_]) => {}
        (presented, fields) => assert!(fields.len() == 1, "{presented:?}"),
    }
}

/// The fields of a request, and nothing else of it.
struct Head<'a>(Vec<&'a [u8]>);

impl RequestHead for Head<'_> {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let asked = name == "authorization";
        self.0.iter().copied().filter(move |_| asked)
    }

    fn method(&self) -> &'static str {
        "GET"
    }

    fn authority(&self) -> Option<&str> {
        None
    }

    fn path(&self) -> &'static str {
        "/"
    }

    fn query(&self) -> Option<&str> {
        None
    }

    fn peer_address(&self) -> Option<std::net::IpAddr> {
        None
    }
}

fn issuer() -> Issuer {
    let claims = ClaimMap::new("tenant_id")
        .project("project_id")
        .roles("roles")
        .permissions("permissions");
    Issuer::new(NAME, claims)
        .audience(AUDIENCE)
        .leeway(LEEWAY)
        .max_lifetime(MAX_LIFETIME)
}

fn verifier(issuer: Issuer) -> Result<JwtVerifier, ConfigError> {
    JwtVerifier::builder()
        .issuer(issuer)
        .clock(Arc::new(ManualClock::at(UnixTime::from_seconds(NOW))))
        // Coverage must not depend on what was verified before.
        .without_cache()
        .max_token_bytes(1 << 20)
        .build()
}

#[allow(clippy::expect_used, reason = "the configuration is ours and sound")]
fn with_secret() -> JwtVerifier {
    let secret = SharedSecret::new(Algorithm::HS256, SECRET).key_id(KEY_ID);
    verifier(issuer().keys(KeySource::shared_secret(secret))).expect("a sound configuration")
}

#[allow(clippy::expect_used, reason = "keys that are fixed make nobody wait")]
fn verify(verifier: &JwtVerifier, token: &str) -> Option<Claims> {
    let outcome = verifier.verify(BearerToken::parse(token)?).now_or_never();
    let claims = outcome.expect("an answer at once").ok()?;
    Some(claims.into_inner())
}

fn signed(header: &[u8], payload: &[u8], secret: &[u8]) -> String {
    let message = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header),
        URL_SAFE_NO_PAD.encode(payload)
    );
    let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
    let signature = URL_SAFE_NO_PAD.encode(hmac::sign(&key, message.as_bytes()));
    format!("{message}.{signature}")
}

fn object(text: &[u8]) -> Option<Map<String, Value>> {
    serde_json::from_slice(text).ok()
}
