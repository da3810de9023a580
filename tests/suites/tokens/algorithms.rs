//! Every algorithm with every signature backend, both of them in one process.

use serde_json::{Value, json};
use tenancy_core::{
    Algorithm, ClaimMap, Issuer, JwtVerifier, KeySource, SharedSecret, SignatureBackend,
    TokenIssuer, TokenProblem,
};
use tenancy_examples::identity_provider::{JsonWebAlgorithm, SigningKey, now};

use super::{BACKENDS, verify};

const NAME: &str = "https://issuer.example";
/// Those for which jsonwebtoken signs: all but ES512.
const PUBLISHED: [JsonWebAlgorithm; 9] = [
    JsonWebAlgorithm::RS256,
    JsonWebAlgorithm::RS384,
    JsonWebAlgorithm::RS512,
    JsonWebAlgorithm::PS256,
    JsonWebAlgorithm::PS384,
    JsonWebAlgorithm::PS512,
    JsonWebAlgorithm::ES256,
    JsonWebAlgorithm::ES384,
    JsonWebAlgorithm::EdDSA,
];

fn claims() -> Value {
    let exp = now() + 600;
    json!({ "iss": NAME, "aud": "us", "sub": "ada", "org_id": "acme", "exp": exp })
}

fn verifier(keys: KeySource, backend: SignatureBackend) -> JwtVerifier {
    let issuer = Issuer::new(NAME, ClaimMap::new("org_id"))
        .audience("us")
        .keys(keys);
    JwtVerifier::builder()
        .issuer(issuer)
        .signature_backend(backend)
        .build()
        .unwrap()
}

fn published(keys: &[Value], backend: SignatureBackend) -> JwtVerifier {
    verifier(
        KeySource::fixed(json!({ "keys": keys }).to_string()),
        backend,
    )
}

#[tokio::test]
async fn both_backends_verify_every_published_algorithm() {
    for algorithm in PUBLISHED {
        let key = SigningKey::new("k", 1, algorithm).unwrap();
        let stranger = SigningKey::new("k", 1, algorithm).unwrap();
        let good = key.sign(&claims());
        let (message, signature) = good.rsplit_once('.').unwrap();
        let shorter = &signature[..signature.len() - 4];
        for backend in BACKENDS {
            let verifier = published(&[key.public()], backend);
            assert!(
                verify(&verifier, &good).await.is_ok(),
                "{algorithm:?} {backend:?}"
            );
            for forged in [
                stranger.sign(&claims()),
                format!("{message}.{shorter}"),
                format!("{message}.{signature}AAAA"),
                format!("{message}.AAAA"),
                format!(
                    "{}.{signature}",
                    stranger.sign(&json!({})).rsplit_once('.').unwrap().0
                ),
            ] {
                assert!(
                    verify(&verifier, &forged).await.is_err(),
                    "{algorithm:?} {backend:?} {forged}"
                );
            }
        }
    }
}

/// With all keys published without `alg`, a token still cannot choose another family than its key's.
#[tokio::test]
async fn a_key_serves_the_algorithms_of_its_type_only() {
    let keys: Vec<_> = [
        ("rsa", JsonWebAlgorithm::RS256),
        ("p256", JsonWebAlgorithm::ES256),
        ("p384", JsonWebAlgorithm::ES384),
        ("ed", JsonWebAlgorithm::EdDSA),
    ]
    .map(|(kind, algorithm)| SigningKey::new(kind, 1, algorithm).unwrap())
    .into();
    let unpinned = keys.iter().map(|key| {
        let mut jwk = key.public();
        jwk.as_object_mut().unwrap().remove("alg");
        jwk
    });
    let unpinned: Vec<_> = unpinned.collect();
    for backend in BACKENDS {
        let verifier = published(&unpinned, backend);
        for key in &keys {
            assert!(verify(&verifier, &key.sign(&claims())).await.is_ok());
            for alg in [
                "RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512",
                "EdDSA", "Ed25519", "HS256", "none",
            ] {
                let mut header = key.header();
                let own = header["alg"] == alg || (alg == "Ed25519" && header["alg"] == "EdDSA");
                header["alg"] = json!(alg);
                let token = key.sign_with(&header, &claims());
                let outcome = verify(&verifier, &token).await;
                assert_eq!(outcome.is_ok(), own, "{alg} with {}", key.id());
            }
        }
    }
}

#[tokio::test]
async fn es512_is_verified_where_the_backend_has_it() {
    let key = tenancy_core::SigningKey::generate(Algorithm::ES512).unwrap();
    let issuer = TokenIssuer::new(NAME, "us", key).unwrap();
    let (acme, ada) = (super::acme(), super::ada());
    let token = issuer.token(&acme, &ada).sign().unwrap();
    let verifier = |backend| {
        JwtVerifier::builder()
            .issuer(issuer.issuer())
            .signature_backend(backend)
            .build()
    };
    assert!(
        verify(&verifier(SignatureBackend::AwsLc).unwrap(), &token)
            .await
            .is_ok()
    );
    // The one key cannot be used, and that is said at the start.
    assert!(verifier(SignatureBackend::Portable).is_err());
}

#[tokio::test]
async fn both_backends_verify_shared_secrets() {
    for (algorithm, bytes) in [
        (Algorithm::HS256, 32),
        (Algorithm::HS384, 48),
        (Algorithm::HS512, 64),
    ] {
        let secret = SharedSecret::new(algorithm, vec![7; bytes]);
        let other = SharedSecret::new(algorithm, vec![8; bytes]);
        let issue = |secret| {
            let key = tenancy_core::SigningKey::shared_secret(secret);
            let issuer = TokenIssuer::new(NAME, "us", key).unwrap();
            (
                issuer.token(&super::acme(), &super::ada()).sign().unwrap(),
                issuer.issuer(),
            )
        };
        let (good, issuer) = issue(secret);
        let (forged, _) = issue(other);
        for backend in BACKENDS {
            let verifier = JwtVerifier::builder()
                .issuer(issuer.clone())
                .signature_backend(backend)
                .build()
                .unwrap();
            assert!(verify(&verifier, &good).await.is_ok());
            assert_eq!(
                verify(&verifier, &forged).await.err(),
                Some(TokenProblem::Signature)
            );
            // A truncated MAC is none.
            let cut = &good[..good.len() - 8];
            assert!(verify(&verifier, cut).await.is_err());
        }
    }
}

/// Who is configured with one kind of keys never accepts the other, whatever a token says.
#[tokio::test]
async fn secrets_and_published_keys_do_not_mix() {
    let secret = SharedSecret::new(Algorithm::HS256, [7; 32]);
    let by_secret = tenancy_core::SigningKey::shared_secret(secret.clone());
    let by_secret = TokenIssuer::new(NAME, "us", by_secret).unwrap();
    let hs256 = by_secret
        .token(&super::acme(), &super::ada())
        .sign()
        .unwrap();
    let rsa = SigningKey::rsa(1).unwrap();
    for backend in BACKENDS {
        let with_rsa = published(&[rsa.public()], backend);
        assert_eq!(
            verify(&with_rsa, &hs256).await.err(),
            Some(TokenProblem::NoMatchingKey)
        );
        let with_secret = verifier(KeySource::shared_secret(secret.clone()), backend);
        for header in [
            rsa.header(),
            json!({ "alg": "RS256" }),
            json!({ "alg": "none" }),
        ] {
            let token = rsa.sign_with(&header, &claims());
            assert!(verify(&with_secret, &token).await.is_err(), "{header}");
        }
    }
}

#[tokio::test]
async fn secrets_are_told_apart_by_their_ids() {
    let secret = |byte: u8, id: &str| SharedSecret::new(Algorithm::HS256, [byte; 32]).key_id(id);
    let issue = |secret| {
        let key = tenancy_core::SigningKey::shared_secret(secret);
        let issuer = TokenIssuer::new(NAME, "us", key).unwrap();
        issuer.token(&super::acme(), &super::ada()).sign().unwrap()
    };
    let source = KeySource::shared_secrets([secret(1, "old"), secret(2, "new")]);
    let issuer = Issuer::new(NAME, ClaimMap::new("tenant_id"))
        .audience("us")
        .keys(source);
    let verifier = JwtVerifier::new([issuer]).unwrap();
    for good in [secret(1, "old"), secret(2, "new")] {
        assert!(verify(&verifier, &issue(good)).await.is_ok());
    }
    for bad in [
        secret(1, "new"),
        secret(1, "other"),
        SharedSecret::new(Algorithm::HS256, [1; 32]),
    ] {
        assert!(verify(&verifier, &issue(bad)).await.is_err());
    }
}
