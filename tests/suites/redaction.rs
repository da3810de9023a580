//! What is secret stays out of logs, answers, errors and debug output: canaries are put everywhere,
//! everything is done with them that goes well or wrong, and then nothing that was said may show one.

mod api_keys;
pub(crate) mod capture;
mod outages;
mod own_keys;
mod requests;
mod secrets;
mod tokens;

use std::fmt::{Debug, Display};

use serde_json::{Value, json};
use tenancy_core::{
    Algorithm, BearerToken, ClaimMap, Issuer, JwtVerifier, KeySource, SharedSecret, SigningKey,
    SubjectId, TenantId, TokenIssuer,
};
use tenancy_examples::identity_provider::{SigningKey as ProviderKey, encode_part};

use self::capture::Log;
use self::outages::Directory;
use self::own_keys::{bad_configurations, own_issuers};
use self::requests::tokens_of_every_kind;
use self::secrets::Secrets;

const AUDIENCE: &str = "us";
const SECRET: &str = "canary-Pf5mQ2-shared-secret-of-more-than-32-bytes";
/// The bytes of an Ed25519 key (RFC 8032 §5.1.5), which may be any.
const PRIVATE_KEY: &[u8; 32] = b"canary-Zt8wH4-bytes-of-a-private";
// Put into a claim, a header or a place where something else belongs.
const EMAIL: &str = "canary-A1xk7R-email@example.com";
const ROLE: &str = "canary-B2nv8S-role";
const PERMISSION: &str = "canary-C3bm9T-permission";
const TOKEN_ID: &str = "canary-D4cq1U-token-id";
const KEY_ID: &str = "canary-E5dw2V-key-id";
const ISSUER: &str = "canary-F6er3W-issuer";
const TENANT: &str = "canary-G7ft4X-tenant";
const OTHER_AUDIENCE: &str = "canary-H8gy5Y-audience";
const SUBJECT: &str = "canary-I9hu6Z-subject";
const GARBAGE: &str = "canary-J1ji7A-garbage";
const PARAMETER: &str = "canary-K2ko8B-parameter";
const USER: &str = "canary-L3lp9C-user-id";
const CANARIES: [&str; 12] = [
    EMAIL,
    ROLE,
    PERMISSION,
    TOKEN_ID,
    KEY_ID,
    ISSUER,
    TENANT,
    OTHER_AUDIENCE,
    SUBJECT,
    GARBAGE,
    PARAMETER,
    USER,
];

/// Everything that was said, with its occasion, and what must not have been.
#[derive(Default)]
struct Said {
    secrets: Secrets,
    said: Vec<(String, String)>,
}

impl Said {
    fn with_canaries() -> Self {
        let mut said = Self::default();
        for canary in CANARIES {
            said.secrets.add(canary, canary);
        }
        said.secrets.add("the shared secret", SECRET);
        said.secrets.add("the private key", PRIVATE_KEY);
        said
    }

    fn text(&mut self, occasion: impl Into<String>, text: impl Into<String>) {
        self.said.push((occasion.into(), text.into()));
    }

    fn debug(&mut self, occasion: &str, value: &impl Debug) {
        self.text(
            format!("`Debug` of {occasion}"),
            format!("{value:?}\n{value:#?}"),
        );
    }

    fn error(&mut self, occasion: &str, error: &(impl Debug + Display)) {
        self.debug(occasion, error);
        self.text(
            format!("`Display` of {occasion}"),
            format!("{error}\n{error:#}"),
        );
    }

    /// Each occasion on which something leaked, with what.
    fn leaks(&self) -> Vec<(&str, Vec<&str>)> {
        let texts = self.said.iter().map(|(_, text)| text.as_str());
        let all = texts.collect::<Vec<_>>().join("\n");
        if self.secrets.leaks(&all).is_empty() {
            return Vec::new();
        }
        let leaks = self
            .said
            .iter()
            .map(|(occasion, text)| (occasion.as_str(), self.secrets.leaks(text)));
        leaks.filter(|(_, leaked)| !leaked.is_empty()).collect()
    }
}

fn bearer(token: &str) -> BearerToken<'_> {
    BearerToken::parse(token).unwrap()
}

fn shared_secret() -> SharedSecret {
    SharedSecret::new(Algorithm::HS256, SECRET).key_id(KEY_ID)
}

fn private_key() -> SigningKey {
    // RFC 8410 §7: a private key in PKCS #8, up to the 32 octets of the key itself.
    let prefix = b"\x30\x2e\x02\x01\x00\x30\x05\x06\x03\x2b\x65\x70\x04\x22\x04\x20";
    SigningKey::from_pkcs8_der(Algorithm::EdDSA, &[prefix.as_slice(), PRIVATE_KEY].concat())
        .unwrap()
}

#[test]
fn nothing_secret_is_logged_answered_or_shown() {
    let mut said = Said::with_canaries();
    let ((), log) = Log::of(async {
        tokens_of_every_kind(&mut said).await;
        own_issuers(&mut said).await;
        bad_configurations(&mut said);
    });
    // What there is to hear was heard.
    for line in [
        "INFO tenancy::request request:",
        "INFO tenancy::audit ",
        "refused a request",
        "fetched signing keys",
        "could not fetch signing keys",
        "a handler asks for `Tenant`",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
    said.text("the log", without_the_verified(USER, &log));
    assert!(said.said.len() > 300);
    assert_eq!(said.leaks(), []);
}

/// Who acts stands in the span and in the audit log, once a credential has proved it, and nowhere else.
fn without_the_verified(subject: &str, log: &str) -> String {
    let in_span = format!("recorded: tenancy.subject={subject}");
    let in_audit = format!(" subject={subject}");
    assert!(log.contains(&in_span) && log.contains(&in_audit), "{log}");
    let lines = log.lines().filter(|line| *line != in_span);
    let lines = lines.map(|line| match line.strip_prefix("INFO tenancy::audit ") {
        Some(event) => event.replacen(&in_audit, "", 1),
        None => line.to_owned(),
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_token_that_is_being_written_shows_no_claims() {
    let mut said = Said::with_canaries();
    let (acme, user) = (
        TenantId::parse("acme").unwrap(),
        SubjectId::parse("ada").unwrap(),
    );
    let issuer = TokenIssuer::new("us", AUDIENCE, private_key()).unwrap();
    let token = issuer.token(&acme, &user);
    said.debug(
        "`NewToken`",
        &token
            .roles([ROLE])
            .permissions([PERMISSION])
            .claim("email", EMAIL),
    );
    assert_eq!(said.leaks(), []);
}

#[test]
fn a_key_source_shows_no_private_half_of_a_key() {
    let mut said = Said::with_canaries();
    let mut document: Value = serde_json::from_str(
        &TokenIssuer::new("us", AUDIENCE, private_key())
            .unwrap()
            .jwks()
            .unwrap(),
    )
    .unwrap();
    document["keys"][0]["d"] = SECRET.into();
    let keys = KeySource::fixed(document.to_string());
    said.debug("`KeySource`", &keys);
    let issuer = Issuer::new("us", ClaimMap::new("tenant"))
        .audience(AUDIENCE)
        .keys(keys);
    said.debug("`Issuer`", &issuer);
    let builder = JwtVerifier::builder().issuer(issuer);
    said.debug("`JwtVerifierBuilder`", &builder);
    said.debug("`JwtVerifier`", &builder.build().unwrap());
    assert_eq!(said.leaks(), []);
}

#[test]
fn a_password_in_a_url_is_refused_and_not_repeated() {
    let mut said = Said::with_canaries();
    let keys = KeySource::url(format!("https://user:{SECRET}@issuer.example/jwks"));
    said.debug("`KeySource`", &keys);
    let issuer = Issuer::new("us", ClaimMap::new("tenant"))
        .audience(AUDIENCE)
        .keys(keys);
    said.debug("`Issuer`", &issuer);
    said.error("a `ConfigError`", &JwtVerifier::new([issuer]).unwrap_err());
    assert_eq!(said.leaks(), []);
}

/// Passwords that nobody escaped, and URLs that lack their slashes: no URLs, or others than was meant.
#[test]
fn a_password_in_what_is_hardly_a_url_is_not_repeated_either() {
    let mut said = Said::with_canaries();
    for url in [
        format!("https://user:x/{SECRET}@issuer.example/jwks"),
        format!("https://user:x?{SECRET}@issuer.example/jwks"),
        format!("https://user:x#{SECRET}@issuer.example/jwks"),
        format!("https:user:{SECRET}@issuer.example/jwks"),
        format!("https:/user:{SECRET}@issuer.example/jwks"),
        format!("user:{SECRET}@issuer.example/jwks"),
    ] {
        let keys = KeySource::url(&url);
        said.debug(&url.replace(SECRET, "…"), &keys);
        let issuer = Issuer::new("us", ClaimMap::new("tenant"))
            .audience(AUDIENCE)
            .keys(keys);
        said.error(
            &url.replace(SECRET, "…"),
            &JwtVerifier::new([issuer]).unwrap_err(),
        );
    }
    assert_eq!(said.leaks(), []);
}

#[tokio::test]
async fn a_verifier_with_a_directory_shows_no_issuer_that_a_stranger_made_up() {
    let mut said = Said::with_canaries();
    let verifier = JwtVerifier::builder()
        .directory(Directory { is_down: false })
        .build()
        .unwrap();
    let key = ProviderKey::ec(1).unwrap();
    let token = key.sign(&json!({ "iss": ISSUER }));
    assert!(verifier.verify(bearer(&token)).await.is_err());
    said.debug("`JwtVerifier`", &verifier);
    assert_eq!(said.leaks(), []);
}

#[test]
fn the_search_finds_every_secret_in_every_form() {
    let mut secrets = Secrets::default();
    let token = format!(
        "{}.{}.{}",
        encode_part(r#"{"alg":"HS256"}"#),
        encode_part(EMAIL),
        encode_part(SECRET)
    );
    secrets.add_token("token", &token);
    secrets.add("secret", SECRET);
    secrets.add("canary", ROLE);
    assert_eq!(
        secrets.leaks("nothing of the kind, and canary-B2nv is too short"),
        [""; 0]
    );
    for (text, leaked) in [
        // The signature of this token is the secret, so that base64 of it is found too.
        (
            token.clone(),
            &["payload of token", "signature of token", "secret"][..],
        ),
        // Of both segments, a part in the middle.
        (token[30..45].to_owned(), &["payload of token"]),
        (
            token[token.len() - 13..].to_owned(),
            &["signature of token"],
        ),
        (format!("{SECRET:?}"), &["secret"]),
        (format!("{:?}", SECRET.as_bytes()), &["secret"]),
        (format!("{:#?}", SECRET.as_bytes()), &["secret"]),
        (format!("{:x?}", SECRET.as_bytes()), &["secret"]),
        (format!("{:#x?}", SECRET.as_bytes()), &["secret"]),
        (
            format!("{:02x?}", &SECRET.as_bytes()[5..]).replace(", ", ""),
            &["secret"],
        ),
        (SECRET[10..24].to_owned(), &["secret"]),
        (format!("{:#?}", json!({ "roles": [ROLE] })), &["canary"]),
        (format!("{ROLE:?} {SECRET}"), &["secret", "canary"]),
    ] {
        assert_eq!(secrets.leaks(&text), leaked, "{text}");
    }
}

#[test]
fn the_capture_hears_events_spans_and_tasks() {
    let ((), log) = Log::of(async {
        tracing::trace!(text = "in a field", "in the message of an event");
        tracing::debug!(target: "elsewhere", debug = ?Some("in a debug field"));
        let span =
            tracing::trace_span!("a span", early = "in a span", late = tracing::field::Empty);
        span.record("late", "in a span later");
        span.in_scope(|| tracing::error!("in scope {}", "of a span"));
        tokio::spawn(async { tracing::info!(number = 4711, "in a task") })
            .await
            .unwrap();
    });
    for said in [
        "in a field",
        "in the message of an event",
        "in a debug field",
        "in a span",
        "in a span later",
        "in scope of a span",
        "4711",
        "in a task",
        "elsewhere",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    tracing::error!("after the capture");
    assert!(!log.contains("after the capture"));
}
