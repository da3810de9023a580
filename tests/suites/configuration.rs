//! What cannot be configured: each mistake has a name and says what to change, and all are told at once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tenancy_core::{
    Algorithm, ClaimMap, ConfigProblem, IssueError, Issuer, JwtVerifier, KeySource, SharedSecret,
    SignatureBackend, SigningKey, SubjectId, TenantId, TokenCache, TokenIssuer,
};
use tenancy_examples::identity_provider::SigningKey as ProviderKey;

const NAME: &str = "https://issuer.example";

fn issuer() -> Issuer {
    Issuer::new(NAME, ClaimMap::new("org_id"))
        .audience("us")
        .keys(KeySource::url("https://issuer.example/jwks"))
}

fn with_secret(algorithm: Algorithm, bytes: usize) -> Issuer {
    let secret = SharedSecret::new(algorithm, vec![7; bytes]);
    issuer().keys(KeySource::shared_secret(secret))
}

fn problems(issuers: impl IntoIterator<Item = Issuer>) -> Vec<ConfigProblem> {
    match JwtVerifier::new(issuers) {
        Ok(_) => Vec::new(),
        Err(error) => error.problems().to_vec(),
    }
}

/// Each issuer has this problem and no other.
fn each_is(cases: Vec<(Issuer, ConfigProblem)>) {
    for (issuer, problem) in cases {
        assert_eq!(problems([issuer]), [problem]);
    }
}

#[test]
fn mistakes_about_an_issuer_have_a_name() {
    let name: Arc<str> = NAME.into();
    let keys = || KeySource::url("https://issuer.example/jwks");
    let insecure = "http://a.example";
    each_is(vec![
        (
            Issuer::new(NAME, ClaimMap::new("t")).keys(keys()),
            ConfigProblem::NoAudience(name.clone()),
        ),
        (
            issuer().audience(""),
            ConfigProblem::EmptyAudience(name.clone()),
        ),
        (
            Issuer::new(NAME, ClaimMap::new("t")).audience("us"),
            ConfigProblem::NoKeys(name.clone()),
        ),
        (
            Issuer::new("", ClaimMap::new("t"))
                .audience("us")
                .keys(keys()),
            ConfigProblem::NoName,
        ),
        (
            Issuer::new(insecure, ClaimMap::new("t"))
                .audience("us")
                .keys(keys()),
            ConfigProblem::InsecureName(insecure.into()),
        ),
        (
            issuer().accept_any_audience(),
            ConfigProblem::AnyAudience(name.clone()),
        ),
        (
            issuer().leeway(Duration::from_secs(301)),
            ConfigProblem::Leeway(name.clone()),
        ),
        (
            issuer().max_lifetime(Duration::ZERO),
            ConfigProblem::MaxLifetime(name.clone()),
        ),
        (issuer().tenants([]), ConfigProblem::NoTenants(name)),
    ]);
}

/// HMAC beside RSA: with the public key as the secret, everybody could sign.
#[test]
fn algorithms_that_do_not_go_with_the_keys_are_mistakes() {
    let name: Arc<str> = NAME.into();
    let other = |algorithm| ConfigProblem::AlgorithmOfOtherKeys {
        issuer: NAME.into(),
        algorithm,
    };
    each_is(vec![
        (issuer().algorithms([]), ConfigProblem::NoAlgorithm(name)),
        (
            issuer().algorithms([Algorithm::RS256, Algorithm::HS256]),
            other(Algorithm::HS256),
        ),
        (
            with_secret(Algorithm::HS256, 32).algorithms([Algorithm::HS256, Algorithm::RS256]),
            other(Algorithm::RS256),
        ),
        // A secret that no token may use is not dropped in silence.
        (
            issuer()
                .algorithms([Algorithm::HS256])
                .keys(KeySource::shared_secrets([
                    SharedSecret::new(Algorithm::HS256, [1; 64]).key_id("1"),
                    SharedSecret::new(Algorithm::HS512, [2; 64]).key_id("2"),
                ])),
            ConfigProblem::SecretLeftOut {
                issuer: NAME.into(),
                algorithm: Algorithm::HS512,
            },
        ),
    ]);
}

#[test]
fn weak_and_ambiguous_secrets_are_mistakes() {
    let name: Arc<str> = NAME.into();
    let weak = |algorithm, bytes| {
        let problem = ConfigProblem::WeakSecret {
            issuer: NAME.into(),
            algorithm,
            bytes,
            min: bytes + 1,
        };
        (with_secret(algorithm, bytes), problem)
    };
    each_is(vec![
        weak(Algorithm::HS256, 31),
        weak(Algorithm::HS384, 47),
        weak(Algorithm::HS512, 63),
        (
            with_secret(Algorithm::RS256, 64),
            ConfigProblem::SecretForKeyPair {
                issuer: name.clone(),
                algorithm: Algorithm::RS256,
            },
        ),
        (
            issuer().keys(KeySource::shared_secrets([])),
            ConfigProblem::NoKeys(name.clone()),
        ),
        (
            issuer().keys(KeySource::shared_secrets([
                SharedSecret::new(Algorithm::HS256, [1; 32]),
                SharedSecret::new(Algorithm::HS256, [2; 32]),
            ])),
            ConfigProblem::AmbiguousSecrets(name),
        ),
    ]);
}

#[test]
fn keys_from_the_wrong_place_or_for_the_wrong_time_are_mistakes() {
    let name: Arc<str> = NAME.into();
    let keys = || KeySource::url("https://issuer.example/jwks");
    let insecure = "must use https (plain http is for loopback addresses only)";
    let url = |url: &str, problem: &str| {
        let problem = ConfigProblem::KeyUrl {
            issuer: NAME.into(),
            url: url.to_owned(),
            problem: problem.to_owned(),
        };
        (issuer().keys(KeySource::url(url)), problem)
    };
    each_is(vec![
        url("http://issuer.example/jwks", insecure),
        url("ftp://issuer.example", insecure),
        url("jwks", "is not a URL"),
        // And the password is not repeated.
        (
            issuer().keys(KeySource::url("https://u:p@issuer.example/")),
            ConfigProblem::KeyUrl {
                issuer: NAME.into(),
                url: "…@issuer.example/".to_owned(),
                problem: "must not carry a user name or password".to_owned(),
            },
        ),
        (
            issuer().keys(KeySource::fixed("{}")),
            ConfigProblem::FixedKeys {
                issuer: name.clone(),
                problem: "not a JWK set".to_owned(),
            },
        ),
        (
            issuer().keys(keys().cooldown(Duration::from_millis(999))),
            ConfigProblem::Cooldown(name.clone()),
        ),
        (
            issuer().keys(keys().fresh(Duration::from_secs(59))),
            ConfigProblem::Fresh(name.clone()),
        ),
        (
            issuer().keys(keys().outage(Duration::from_secs(299))),
            ConfigProblem::Outage(name),
        ),
    ]);
}

#[test]
fn what_is_next_to_a_mistake_is_none() {
    for good in [
        issuer(),
        Issuer::new(NAME, ClaimMap::new("t"))
            .accept_any_audience()
            .keys(KeySource::discovery()),
        Issuer::new("http://localhost:8080", ClaimMap::new("t"))
            .audience("us")
            .keys(KeySource::discovery()),
        issuer().leeway(Duration::from_mins(5)),
        issuer().algorithms([Algorithm::RS256, Algorithm::EdDSA]),
        with_secret(Algorithm::HS256, 32),
        with_secret(Algorithm::HS512, 64).algorithms([Algorithm::HS512]),
        issuer().keys(KeySource::shared_secrets([
            SharedSecret::new(Algorithm::HS256, [1; 32]).key_id("1"),
            SharedSecret::new(Algorithm::HS256, [2; 32]).key_id("2"),
        ])),
    ] {
        assert_eq!(problems([good]), []);
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    let worst = Issuer::new("http://a.example", ClaimMap::new("t"))
        .leeway(Duration::from_hours(1))
        .max_lifetime(Duration::ZERO)
        .algorithms([Algorithm::HS256])
        .keys(KeySource::url("http://a.example/jwks").cooldown(Duration::ZERO));
    let weak = with_secret(Algorithm::HS256, 8);
    let error = JwtVerifier::builder()
        .issuer(worst)
        .issuer(weak)
        .issuer(issuer())
        .issuer(issuer())
        .cache(TokenCache::default().max_tokens(0))
        .max_token_bytes(0)
        .build()
        .unwrap_err();
    // Two of them for the name that three issuers share.
    assert_eq!(error.problems().len(), 12, "{error}");
    let text = error.to_string();
    for part in [
        "12 mistakes",
        "has no audience",
        "plain http is for loopback",
        "leeway of more than 5 minutes",
        "maximum lifetime",
        "cooldown below 1 second",
        "`HS256`",
        "`http://a.example/jwks` must use https",
        "secret of 8 bytes; `HS256` needs 32",
        "configured twice",
        "call `without_cache`",
        "1 KiB at least",
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
}

#[test]
fn a_verifier_needs_an_issuer() {
    assert_eq!(problems([]), [ConfigProblem::NoIssuer]);
}

#[test]
fn an_algorithm_that_the_backend_lacks_is_no_choice() {
    let only = |algorithm| {
        JwtVerifier::builder()
            .issuer(issuer().algorithms([algorithm]))
            .signature_backend(SignatureBackend::Portable)
            .build()
    };
    let error = only(Algorithm::ES512).unwrap_err();
    assert_eq!(
        error.problems(),
        [ConfigProblem::AlgorithmUnsupported(NAME.into())]
    );
    assert!(only(Algorithm::ES384).is_ok());
}

#[test]
fn algorithms_have_the_names_of_the_rfc() {
    for name in [
        "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA",
        "HS256", "HS384", "HS512",
    ] {
        assert_eq!(name.parse::<Algorithm>().unwrap().to_string(), name);
    }
    assert_eq!("Ed25519".parse(), Ok(Algorithm::EdDSA));
    for name in ["", "none", "rs256", "ES256K", "RS256 "] {
        let error = name.parse::<Algorithm>().unwrap_err().to_string();
        assert!(error.contains("use one of RS256"), "{error}");
    }
}

#[test]
fn a_fixed_set_says_why_it_is_unusable() {
    let private = json!({ "keys": [{ "kty": "oct", "k": "c2VjcmV0" }] }).to_string();
    let weak = json!({ "keys": [ProviderKey::rsa(1).unwrap().public()] })
        .to_string()
        .replace("AQAB", "Aw");
    for (document, problem) in [
        (private, "none of its keys can verify tokens"),
        (weak, "none of its keys can verify tokens"),
        ("[]".to_owned(), "not a JWK set"),
        (" ".repeat(300_000), "larger than"),
    ] {
        let [found] = &problems([issuer().keys(KeySource::fixed(document))])[..] else {
            panic!("one problem");
        };
        assert!(found.to_string().contains(problem), "{found}");
    }
}

#[test]
fn what_cannot_be_issued_is_an_error() {
    let weak = SigningKey::shared_secret(SharedSecret::new(Algorithm::HS256, "short"));
    assert!(matches!(
        TokenIssuer::new("me", "us", weak),
        Err(IssueError::Secret(ConfigProblem::WeakSecret { .. }))
    ));
    assert_eq!(
        SigningKey::generate(Algorithm::HS256).err(),
        Some(IssueError::Key(Algorithm::HS256))
    );
    for pem in [
        "",
        "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
        "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----",
    ] {
        assert!(SigningKey::from_pkcs8_pem(Algorithm::ES256, pem).is_err());
    }

    let key = SigningKey::generate(Algorithm::ES256).unwrap();
    assert!(TokenIssuer::new("", "us", key.clone()).is_err());
    assert!(TokenIssuer::new("me", "", key.clone()).is_err());
    let issuer = TokenIssuer::new("me", "us", key).unwrap();
    let (acme, ada) = (
        TenantId::parse("acme").unwrap(),
        SubjectId::parse("ada").unwrap(),
    );
    let token = || issuer.token(&acme, &ada);
    assert_eq!(
        token().claim("tenant_id", "globex").sign(),
        Err(IssueError::Reserved("tenant_id".into()))
    );
    let keys_that_are_no_text = std::collections::BTreeMap::from([((1, 2), 3)]);
    assert_eq!(
        token().claim("map", keys_that_are_no_text).sign(),
        Err(IssueError::Claim("map".into()))
    );
    for lifetime in [
        Duration::ZERO,
        Duration::from_hours(367 * 24),
        Duration::MAX,
    ] {
        assert_eq!(token().lifetime(lifetime).sign(), Err(IssueError::Lifetime));
    }
    assert!(token().claim("plan", "gold").sign().is_ok());
}
