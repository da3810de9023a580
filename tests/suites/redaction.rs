//! What is secret stays out of logs, answers, errors and debug output: canaries are put everywhere, everything is
//! done with them that goes well or wrong, and then nothing that was said may show one.

mod capture;
mod secrets;

use std::fmt::{Debug, Display};
use std::net::{Ipv4Addr, SocketAddr};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::routing::get;
use serde_json::{Value, json};
use tenancy_axum::{Tenant, TenantLayer};
use tenancy_core::{
    Admission, Admitted, Algorithm, BearerToken, ClaimMap, Claims, DirectoryUnavailable,
    FetchError, FetchKeys, Fetched, Issuer, IssuerDirectory, JwtVerifier, KeySource, Presented,
    ProjectId, Refusal, RequestHead, RevocationList, Revocations, RevocationsUnavailable,
    SharedSecret, SigningKey, SubjectId, TenantId, TokenCache, TokenIssuer, TokenProblem,
    TokenProfile, UnixTime, VerifyError,
};
use tenancy_examples::identity_provider::{
    IdentityProvider, SigningKey as ProviderKey, encode_part, now,
};
use tower_service::Service as _;

use self::capture::Log;
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

/// A token, and why it is refused, if it is.
struct Case {
    name: &'static str,
    token: String,
    problem: Option<TokenProblem>,
}

fn changed(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

fn good_claims(provider: &IdentityProvider) -> Value {
    let mut claims = provider.claims("acme", USER, 600);
    claims["email"] = EMAIL.into();
    claims["roles"] = json!([ROLE]);
    claims["permissions"] = json!([PERMISSION]);
    claims["jti"] = TOKEN_ID.into();
    claims
}

/// One token for each problem that a token of the provider can have.
fn cases(provider: &IdentityProvider) -> Vec<Case> {
    let (key, claims) = (provider.rsa_key(), good_claims(provider));
    let good = key.sign(&claims);
    let stranger = ProviderKey::rsa(1).unwrap().sign(&claims);
    let case = |name, token, problem| Case {
        name,
        token,
        problem: Some(problem),
    };
    let mut cases = vec![
        Case {
            name: "good",
            token: good.clone(),
            problem: None,
        },
        case("of a stranger", stranger, TokenProblem::Signature),
        case(
            "not JSON",
            key.sign_text(&key.header().to_string(), &format!(r#"{{"email":"{EMAIL}"#)),
            TokenProblem::Payload,
        ),
        case(
            "without a header",
            key.sign_text(PARAMETER, &claims.to_string()),
            TokenProblem::Header,
        ),
        case("garbage", GARBAGE.to_owned(), TokenProblem::NotCompact),
        case(
            "garbage in three",
            format!("{GARBAGE}.{GARBAGE}.{GARBAGE}"),
            TokenProblem::NotCompact,
        ),
        case(
            "garbage in five",
            format!("{good}.{GARBAGE}.{GARBAGE}"),
            TokenProblem::Encrypted,
        ),
        case("long", GARBAGE.repeat(1000), TokenProblem::TooLong),
    ];
    for (name, value, problem) in [
        ("exp", json!(now() - 100), TokenProblem::Expired),
        ("exp", json!(now() * 1000), TokenProblem::Lifetime),
        ("exp", json!(EMAIL), TokenProblem::Expiry),
        ("nbf", json!(now() + 100), TokenProblem::NotYetValid),
        ("iat", json!(EMAIL), TokenProblem::NotYetValid),
        ("aud", json!(OTHER_AUDIENCE), TokenProblem::Audience),
        ("iss", json!(ISSUER), TokenProblem::Issuer),
        ("cnf", json!({ "jkt": GARBAGE }), TokenProblem::KeyBound),
        ("org_id", Value::Null, TokenProblem::TenantInvalid),
        (
            "org_id",
            json!(format!("{TENANT} ")),
            TokenProblem::TenantInvalid,
        ),
        ("org_id", json!([TENANT]), TokenProblem::TenantInvalid),
        ("org_id", json!(TENANT), TokenProblem::TenantNotOfIssuer),
        ("tenant", json!(TENANT), TokenProblem::TenantConflict),
        ("sub", json!(format!("{SUBJECT}\n")), TokenProblem::Subject),
        ("project", json!([GARBAGE]), TokenProblem::Project),
        ("roles", json!([ROLE, 7]), TokenProblem::Roles),
        ("permissions", json!({ PERMISSION: 7 }), TokenProblem::Roles),
        ("kind", json!([GARBAGE]), TokenProblem::ClaimValue),
        ("jti", json!([TOKEN_ID]), TokenProblem::TokenId),
    ] {
        cases.push(case(
            name,
            key.sign(&changed(&claims, name, value)),
            problem,
        ));
    }
    for (name, value, problem) in [
        ("kid", json!(KEY_ID), TokenProblem::NoMatchingKey),
        ("kid", json!([KEY_ID]), TokenProblem::Header),
        ("alg", json!(PARAMETER), TokenProblem::Algorithm),
        ("typ", json!(PARAMETER), TokenProblem::Type),
        ("crit", json!([PARAMETER]), TokenProblem::Extension),
    ] {
        let header = changed(&key.header(), name, value);
        cases.push(case(name, key.sign_with(&header, &claims), problem));
    }
    cases
}

fn issuer(provider: &IdentityProvider) -> Issuer {
    let claims = ClaimMap::new("org_id")
        .or_tenant("tenant")
        .project("project")
        .roles("roles")
        .permissions("permissions")
        .refuse("kind", ["id"]);
    Issuer::new(provider.issuer(), claims)
        .audience(AUDIENCE)
        .keys(KeySource::url(provider.jwks_url()))
        .tenants([TenantId::parse("acme").unwrap()])
}

async fn provider() -> IdentityProvider {
    let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    IdentityProvider::start(anywhere, AUDIENCE).await.unwrap()
}

fn bearer(token: &str) -> BearerToken<'_> {
    BearerToken::parse(token).unwrap()
}

/// A request as a service that uses `Admission` without a framework has it.
struct Head(String);

impl RequestHead for Head {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        (name == "authorization")
            .then_some(self.0.as_bytes())
            .into_iter()
    }

    fn path(&self) -> &'static str {
        "/who"
    }

    fn query(&self) -> Option<&str> {
        None
    }
}

fn admission(verifier: &JwtVerifier) -> Admission {
    Admission::new(verifier.clone())
        .token_header("x-token")
        .token_cookie("session")
        .token_query_parameter("access_token")
        .tenant_header("x-tenant-id")
        .exempt("/open")
}

/// Asks a service on axum, which answers with what it knows of the tenant.
async fn ask(verifier: &JwtVerifier, said: &mut Said, path: &str, fields: &[(&str, &str)]) -> u16 {
    let who = |Tenant(tenant): Tenant| async move { format!("{tenant:?}\n{tenant:#?}") };
    let mut app = Router::new()
        .route("/who", get(who))
        .route("/open", get(who))
        .layer(TenantLayer::new(admission(verifier)));
    let mut request = Request::get(path);
    for (name, value) in fields {
        request = request.header(*name, *value);
    }
    let request = request.body(Body::empty()).unwrap();
    let response = app.call(request).await.unwrap();
    let occasion = "an answer";
    said.debug(occasion, &response);
    if let Some(refusal) = response.extensions().get::<Refusal>() {
        said.error("a `Refusal`", refusal);
        said.debug("a `RefusalCause`", refusal.cause());
        said.text("`Display` of a `RefusalCause`", refusal.cause().to_string());
        said.debug(
            "a `RefusalResponse`",
            &admission(verifier).response(refusal),
        );
    }
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
    said.text(occasion, String::from_utf8_lossy(&body));
    status
}

/// Every token, through the verifier and through admission.
async fn tokens_of_every_kind(said: &mut Said) {
    let provider = provider().await;
    let verifier = JwtVerifier::new([issuer(&provider)]).unwrap();
    for Case {
        name,
        token,
        problem,
    } in cases(&provider)
    {
        said.secrets.add_token(name, &token);
        let outcome = verifier.verify(bearer(&token)).await;
        assert_eq!(
            outcome.as_ref().err(),
            problem.map(VerifyError::from).as_ref(),
            "{name}"
        );
        match outcome {
            Ok(claims) => shown_claims(said, &claims),
            Err(error) => said.error("a `VerifyError`", &error),
        }
        if let Some(problem) = problem {
            said.error("a `TokenProblem`", &problem);
        }

        let field = format!("Bearer {token}");
        let fields = [("authorization", field.as_str())];
        let expected = if problem.is_none() { 200 } else { 401 };
        assert_eq!(
            ask(&verifier, said, "/who", &fields).await,
            expected,
            "{name}"
        );
        match admission(&verifier).admit(&Head(field)).await {
            Ok(admitted) => shown_admitted(said, &admitted),
            Err(refusal) => said.error("a `Refusal`", &refusal),
        }
    }
    said.debug("`JwtVerifier`", &verifier);
    said.debug("`Admission`", &admission(&verifier));
    said.debug("`KeyStatus`", &verifier.key_status());
    requests_of_every_kind(said, &provider, &verifier).await;
    what_is_unavailable(said, &provider).await;
    provider.go_down();
    assert!(verifier.reload_keys().await.is_err());
}

fn shown_claims(said: &mut Said, claims: &tenancy_core::Verified<Claims>) {
    said.debug("`Verified<Claims>`", claims);
    said.debug("`Claims`", &claims.clone().into_inner());
    for name in ["email", "sub", "roles", "jti"] {
        said.error("a `ClaimTypeError`", &claims.claim::<u8>(name).unwrap_err());
    }
    let wanted = claims.claim::<std::collections::BTreeMap<String, u8>>("roles");
    said.debug("claims of a wrong type", &wanted);
}

fn shown_admitted(said: &mut Said, admitted: &Admitted) {
    said.debug("`Admitted`", admitted);
    let Admitted::For(context) = admitted else {
        panic!("{admitted:?}");
    };
    said.debug("`TenantContext`", context);
    said.error("a `Refusal`", &context.require_role("Admin").unwrap_err());
}

/// What a request can do wrong with a good token.
async fn requests_of_every_kind(
    said: &mut Said,
    provider: &IdentityProvider,
    verifier: &JwtVerifier,
) {
    let token = provider.rsa_key().sign(&good_claims(provider));
    said.secrets.add_token("a good token", &token);
    let (authorization, cookie) = (format!("Bearer {token}"), format!("a=b; session={token}"));
    let (authorization, cookie) = (
        ("authorization", authorization.as_str()),
        ("cookie", cookie.as_str()),
    );
    let with_space = format!("Bearer {token} {GARBAGE}");
    let broken = ("authorization", with_space.as_str());
    let query = format!("/who?access_token={token}");
    for (path, fields, status) in [
        ("/who", &[][..], 401),
        ("/who", &[authorization], 200),
        ("/who", &[cookie], 200),
        ("/who", &[("x-token", token.as_str())], 200),
        (query.as_str(), &[], 200),
        (query.as_str(), &[authorization], 400),
        ("/who", &[authorization, cookie], 400),
        ("/who", &[broken], 400),
        ("/who", &[("authorization", "Basic Y2FuYXJ5")], 401),
        ("/who", &[authorization, ("x-tenant-id", TENANT)], 403),
        ("/who", &[authorization, ("x-tenant-id", "")], 403),
        // The handler wants a tenant where none is admitted, and the service logs that.
        (&query.replace("who", "open"), &[authorization], 500),
    ] {
        assert_eq!(
            ask(verifier, said, path, fields).await,
            status,
            "{path} {fields:?}"
        );
    }
    for token in [token.as_str(), GARBAGE] {
        said.debug("`BearerToken`", &bearer(token));
        said.debug("`Presented`", &Presented::Bearer(bearer(token)));
        let head = Head(format!("Bearer {token}"));
        said.debug("`Presented`", &Presented::in_authorization(&head));
    }
}

/// Knows nobody, or nothing at all.
#[derive(Debug)]
struct Directory {
    is_down: bool,
}

#[async_trait::async_trait]
impl IssuerDirectory for Directory {
    async fn issuer(&self, _name: &str) -> Result<Option<Issuer>, DirectoryUnavailable> {
        let error = DirectoryUnavailable {
            retry_after: Duration::from_secs(1),
            cause: "down".to_owned(),
        };
        if self.is_down { Err(error) } else { Ok(None) }
    }
}

#[derive(Debug)]
struct NoRevocations;

#[async_trait::async_trait]
impl Revocations for NoRevocations {
    async fn is_revoked(&self, _claims: &Claims) -> Result<bool, RevocationsUnavailable> {
        Err(RevocationsUnavailable {
            retry_after: Duration::from_secs(1),
            cause: "down".to_owned(),
        })
    }
}

#[derive(Debug)]
struct NoKeys;

#[async_trait::async_trait]
impl FetchKeys for NoKeys {
    async fn fetch(&self, _etag: Option<&str>) -> Result<Fetched, FetchError> {
        Ok(Fetched::Document {
            body: format!("{{{GARBAGE}").into(),
            etag: None,
            max_age: None,
        })
    }
}

/// What cannot be decided, or is decided by more than the token.
async fn what_is_unavailable(said: &mut Said, provider: &IdentityProvider) {
    let claims = good_claims(provider);
    let good = provider.rsa_key().sign(&claims);
    let strange = provider
        .rsa_key()
        .sign(&changed(&claims, "iss", ISSUER.into()));
    said.secrets.add_token("an undecided token", &good);
    said.secrets.add_token("a token of nobody", &strange);
    let revoked = RevocationList::new();
    revoked.revoke_token(
        provider.issuer(),
        TOKEN_ID,
        UnixTime::from_seconds(now() + 600),
    );
    revoked.revoke_subject_before(
        provider.issuer(),
        SubjectId::parse(USER).unwrap(),
        UnixTime::from_seconds(0),
    );
    said.debug("`RevocationList`", &revoked);
    let builder = || JwtVerifier::builder().cache(TokenCache::default().keyed_by_digest());
    let ours = || issuer(provider);
    let is_refused = |problem: TokenProblem| move |error: &VerifyError| *error == problem.into();
    for (builder, token, expected) in [
        (
            builder().issuer(ours()).revocations(revoked),
            &good,
            Some(TokenProblem::Revoked),
        ),
        (
            builder().issuer(ours()).revocations(NoRevocations),
            &good,
            None,
        ),
        (
            builder().issuer(ours().profile(TokenProfile::AccessToken)),
            &good,
            Some(TokenProblem::Type),
        ),
        (
            builder().issuer(ours().keys(KeySource::fetched(NoKeys))),
            &good,
            None,
        ),
        (
            builder().issuer(ours().keys(KeySource::url("http://127.0.0.1:1/"))),
            &good,
            None,
        ),
        (
            builder()
                .issuer(ours())
                .directory(Directory { is_down: true }),
            &strange,
            None,
        ),
        (
            builder()
                .issuer(ours())
                .directory(Directory { is_down: false }),
            &strange,
            Some(TokenProblem::Issuer),
        ),
    ] {
        said.debug("`JwtVerifierBuilder`", &builder);
        let verifier = builder.build().unwrap();
        let error = verifier.verify(bearer(token)).await.unwrap_err();
        let is_undecided = !matches!(error, VerifyError::Token(_));
        assert!(
            expected.map_or(is_undecided, |problem| is_refused(problem)(&error)),
            "{error}"
        );
        said.error("a `VerifyError`", &error);
        let field = format!("Bearer {token}");
        let status = ask(&verifier, said, "/who", &[("authorization", &field)]).await;
        assert_eq!(status, if expected.is_some() { 401 } else { 503 });
        said.debug("`KeyStatus`", &verifier.key_status());
        // TODO: without this exception once the ignored test below passes.
        if expected != Some(TokenProblem::Issuer) {
            said.debug("`Admission`", &admission(&verifier));
        }
    }
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

/// Keys that sign, from both ends.
async fn own_issuers(said: &mut Said) {
    said.debug("`SharedSecret`", &shared_secret());
    said.debug("`KeySource`", &KeySource::shared_secret(shared_secret()));
    for key in [SigningKey::shared_secret(shared_secret()), private_key()] {
        said.debug("`SigningKey`", &key);
        let issuer = TokenIssuer::new("us", AUDIENCE, key).unwrap();
        said.debug("`TokenIssuer`", &issuer);
        said.debug("`Issuer`", &issuer.issuer());
        let builder = JwtVerifier::builder().issuer(issuer.issuer());
        said.debug("`JwtVerifierBuilder`", &builder);
        let verifier = builder.build().unwrap();

        let (acme, user) = (
            TenantId::parse("acme").unwrap(),
            SubjectId::parse(USER).unwrap(),
        );
        let token = issuer
            .token(&acme, &user)
            .roles([ROLE])
            .claim("email", EMAIL)
            .sign()
            .unwrap();
        said.secrets.add_token("a token of ours", &token);
        let claims = verifier.verify(bearer(&token)).await.unwrap();
        said.debug("`Verified<Claims>`", &claims);
        said.debug("`JwtVerifier`", &verifier);
        let error = issuer
            .token(&acme, &user)
            .claim("sub", SUBJECT)
            .sign()
            .unwrap_err();
        said.error("an `IssueError`", &error);
        let without_text_keys = std::collections::BTreeMap::from([((1, 2), EMAIL)]);
        let error = issuer
            .token(&acme, &user)
            .claim("map", without_text_keys)
            .sign()
            .unwrap_err();
        said.error("an `IssueError`", &error);
    }
    let error = SigningKey::from_pkcs8_der(Algorithm::ES256, PRIVATE_KEY).unwrap_err();
    said.error("an `IssueError`", &error);
    let pem = format!("-----BEGIN PRIVATE KEY-----\n{SECRET}\n-----END PRIVATE KEY-----");
    let error = SigningKey::from_pkcs8_pem(Algorithm::EdDSA, &pem).unwrap_err();
    said.error("an `IssueError`", &error);
}

/// Mistakes with a secret in them.
fn bad_configurations(said: &mut Said) {
    let issuer = |keys| {
        Issuer::new("us", ClaimMap::new("tenant"))
            .audience(AUDIENCE)
            .keys(keys)
    };
    let symmetric = json!({ "keys": [{ "kty": "oct", "k": SECRET, "kid": KEY_ID }] }).to_string();
    for keys in [
        KeySource::shared_secret(SharedSecret::new(Algorithm::HS512, SECRET)),
        KeySource::shared_secret(SharedSecret::new(Algorithm::RS256, SECRET)),
        KeySource::shared_secrets([shared_secret(), shared_secret()]),
        KeySource::fixed(SECRET),
        KeySource::fixed(symmetric),
    ] {
        let error = JwtVerifier::new([issuer(keys)]).unwrap_err();
        said.error("a `ConfigError`", &error);
        for problem in error.problems() {
            said.error("a `ConfigProblem`", problem);
        }
    }
    let key = SigningKey::shared_secret(SharedSecret::new(Algorithm::HS512, SECRET));
    said.error(
        "an `IssueError`",
        &TokenIssuer::new("us", AUDIENCE, key).unwrap_err(),
    );
    let spaced = format!("{TENANT} ");
    said.error(
        "an `InvalidIdentifier`",
        &TenantId::parse(&spaced).unwrap_err(),
    );
    said.error(
        "an `InvalidIdentifier`",
        &SubjectId::parse(&spaced).unwrap_err(),
    );
    said.error(
        "an `InvalidIdentifier`",
        &ProjectId::parse(&spaced).unwrap_err(),
    );
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
        "refused a request",
        "fetched signing keys",
        "could not fetch signing keys",
        "a handler asks for `Tenant`",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
    said.text("the log", log);
    assert!(said.said.len() > 300);
    assert_eq!(said.leaks(), []);
}

#[test]
#[ignore = "a leak: `NewToken` derives `Debug`"]
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
#[ignore = "a leak: `KeySource` derives `Debug` for the text of a fixed JWK set"]
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
#[ignore = "a leak: `KeySource` derives `Debug` for a URL, and `ConfigProblem::KeyUrl` repeats it"]
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

#[tokio::test]
#[ignore = "a leak: the issuers that a directory does not know are shown with the verifier"]
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
