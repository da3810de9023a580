//! Which documents, keys and configurations are usable.

use super::*;

/// Serves one answer for every path.
async fn endpoint(app: Router) -> String {
    let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .await
        .unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move { axum::serve(listener, app).await });
    format!("http://{address}/jwks")
}

#[tokio::test]
async fn answers_that_are_no_key_set_are_no_keys() {
    let key = SigningKey::rsa(1).unwrap();
    let set = json!({ "keys": [key.public()] }).to_string();
    let good = endpoint(Router::new().route("/jwks", get(|| async { set }))).await;
    let target = good.clone();
    let padded = json!({ "keys": [key.public()], "x": "x".repeat(256 * 1024) }).to_string();
    let many = json!({ "keys": vec![key.public(); 101] }).to_string();
    let endless = || async {
        let chunk = axum::body::Bytes::from(vec![b' '; 65_536]);
        let stream = futures_util::stream::repeat(Ok::<_, std::convert::Infallible>(chunk));
        axum::body::Body::from_stream(stream)
    };
    for (what, app) in [
        (
            "a redirect",
            Router::new().route(
                "/jwks",
                get(move || async move { Redirect::temporary(&target) }),
            ),
        ),
        (
            "an error with a body",
            Router::new().route(
                "/jwks",
                get(|| async { (StatusCode::NOT_FOUND, "{\"keys\":[]}") }),
            ),
        ),
        (
            "no content",
            Router::new().route("/jwks", get(|| async { StatusCode::NO_CONTENT })),
        ),
        (
            "an empty set",
            Router::new().route("/jwks", get(|| async { "{\"keys\":[]}" })),
        ),
        (
            "no set",
            Router::new().route("/jwks", get(|| async { "[]" })),
        ),
        (
            "no JSON",
            Router::new().route("/jwks", get(|| async { "<html>" })),
        ),
        (
            "more than 256 KiB",
            Router::new().route("/jwks", get(|| async { padded })),
        ),
        (
            "more than 100 keys",
            Router::new().route("/jwks", get(|| async { many })),
        ),
        (
            "an endless body",
            Router::new().route("/jwks", get(endless)),
        ),
    ] {
        let url = endpoint(app).await;
        assert!(
            matches!(
                with_keys(KeySource::url(url), &key).await,
                Outcome::Unavailable(_)
            ),
            "{what}"
        );
    }
    assert_eq!(
        with_keys(KeySource::url(good), &key).await,
        Outcome::Accepted
    );
}

/// What comes of a good token of `key` when the keys come from `source`.
async fn with_keys(source: KeySource, key: &SigningKey) -> Outcome {
    let issuer = Issuer::new("https://issuer.example", ClaimMap::new("org_id"))
        .audience(AUDIENCE)
        .keys(source);
    let now = SystemClock::default().now().as_seconds();
    let claims = json!({ "iss": "https://issuer.example", "aud": AUDIENCE, "sub": "ada", "org_id": "acme", "exp": now + 60 });
    outcome(&JwtVerifier::new([issuer]).unwrap(), &key.sign(&claims)).await
}

#[tokio::test]
async fn one_odd_key_never_spoils_the_set() {
    let key = SigningKey::rsa(1).unwrap();
    let with = |name: &str, value: Value| {
        let mut jwk = key.public();
        jwk["kid"] = json!("odd");
        jwk[name] = value;
        jwk
    };
    for odd in [
        json!(null),
        json!(7),
        json!("x"),
        json!([]),
        json!({}),
        json!({ "kty": "XYZ", "kid": "x" }),
        json!({ "kty": "EC", "crv": "P-999", "x": "AA", "y": "AA" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" }),
        json!({ "kty": "OKP", "crv": "X25519", "x": "AA" }),
        json!({ "kty": "oct", "k": "AAAA", "kid": "rsa-1" }),
        with("kid", json!(7)),
        with("use", json!("enc")),
        with("key_ops", json!(["encrypt"])),
        with("alg", json!("RSA-OAEP")),
        with("n", json!("AQAB")),
        with("e", json!("AQ")),
        with("e", json!("AAAA")),
        with("n", json!("!")),
        with("n", json!(null)),
    ] {
        for keys in [
            vec![odd.clone(), key.public()],
            vec![key.public(), odd.clone()],
        ] {
            let document = json!({ "keys": keys }).to_string();
            assert_eq!(
                with_keys(KeySource::fixed(document), &key).await,
                Outcome::Accepted,
                "{odd}"
            );
        }
    }
}

#[tokio::test]
async fn keys_that_must_not_verify_do_not() {
    let key = SigningKey::rsa(1).unwrap();
    let other = SigningKey::rsa(1).unwrap();
    let bystander = SigningKey::ec(1).unwrap().public();
    let with = |name: &str, value: Value| {
        let mut jwk = key.public();
        jwk[name] = value;
        jwk
    };
    for keys in [
        json!([with("use", json!("enc")), bystander]),
        json!([with("key_ops", json!(["sign"])), bystander]),
        json!([with("alg", json!("PS256")), bystander]),
        json!([with("kid", json!("another")), bystander]),
        // Two keys claim the same id: neither is used.
        json!([key.public(), other.public(), bystander]),
        json!([other.public(), key.public(), bystander]),
    ] {
        let document = json!({ "keys": keys }).to_string();
        assert!(
            matches!(
                with_keys(KeySource::fixed(document), &key).await,
                Outcome::Refused(_)
            ),
            "{keys}"
        );
    }
    let leading_zero = {
        use base64::Engine as _;
        let engine = base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let n = engine.decode(key.public()["n"].as_str().unwrap()).unwrap();
        with("n", json!(engine.encode([&[0], n.as_slice()].concat())))
    };
    for keys in [json!([key.public(), key.public()]), json!([leading_zero])] {
        let document = json!({ "keys": keys }).to_string();
        assert_eq!(
            with_keys(KeySource::fixed(document), &key).await,
            Outcome::Accepted
        );
    }
}

#[tokio::test]
async fn an_issuer_narrows_its_algorithms() {
    let key = SigningKey::rsa(1).unwrap();
    let document =
        json!({ "keys": [key.public(), SigningKey::ec(1).unwrap().public()] }).to_string();
    let issuer = Issuer::new("https://issuer.example", ClaimMap::new("org_id"))
        .audience(AUDIENCE)
        .algorithms([Algorithm::ES256])
        .keys(KeySource::fixed(document));
    let claims = json!({ "iss": "https://issuer.example" });
    let outcome = outcome(&JwtVerifier::new([issuer]).unwrap(), &key.sign(&claims)).await;
    assert_eq!(outcome, Outcome::Refused(TokenProblem::NoMatchingKey));
}
