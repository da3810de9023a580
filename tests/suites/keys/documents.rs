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

/// What comes of a good token of `key` when the keys come from `source`, whoever checks signatures.
async fn with_keys(source: KeySource, key: &SigningKey) -> Outcome {
    let issuer = Issuer::new("https://issuer.example", ClaimMap::new("org_id"))
        .audience(AUDIENCE)
        .keys(source);
    let now = SystemClock::default().now().as_seconds();
    let claims = json!({ "iss": "https://issuer.example", "aud": AUDIENCE, "sub": "ada", "org_id": "acme", "exp": now + 60 });
    let token = key.sign(&claims);
    let with = |backend| {
        JwtVerifier::builder()
            .issuer(issuer.clone())
            .signature_backend(backend)
            .build()
            .unwrap()
    };
    let portable = outcome(&with(SignatureBackend::Portable), &token).await;
    let aws_lc = outcome(&with(SignatureBackend::AwsLc), &token).await;
    assert_eq!(portable, aws_lc);
    aws_lc
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

/// Each of these is no key to trust, is left out under its reason, and costs the good one nothing.
#[tokio::test]
async fn weak_and_misshapen_keys_are_left_out() {
    let encode = |bytes: &[u8]| {
        use base64::Engine as _;
        json!(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(bytes))
    };
    let (good, rsa) = (SigningKey::ec(1).unwrap(), SigningKey::rsa(1).unwrap());
    let p256 = SigningKey::ec(2).unwrap();
    let ed25519 = SigningKey::new("ed", 1, JsonWebAlgorithm::EdDSA).unwrap();
    let with = |key: &SigningKey, name: &str, value: Value| {
        let mut jwk = key.public();
        jwk[name] = value;
        jwk
    };
    let bits = |octets: usize, first: u8| {
        let mut n = vec![0xff; octets];
        n[0] = first;
        encode(&n)
    };
    for (reason, odd) in [
        ("weak_rsa", with(&rsa, "n", bits(128, 0xff))),
        ("weak_rsa", with(&rsa, "n", bits(256, 0x7f))),
        ("weak_rsa", with(&rsa, "n", bits(1025, 0x01))),
        ("weak_rsa", with(&rsa, "e", encode(&[1]))),
        ("weak_rsa", with(&rsa, "e", encode(&[3]))),
        ("weak_rsa", with(&rsa, "e", encode(&[1, 0, 2]))),
        ("weak_rsa", with(&rsa, "e", encode(&[0xff; 9]))),
        ("weak_rsa", with(&rsa, "e", encode(&[]))),
        ("material", with(&rsa, "n", json!("not base64url!"))),
        ("material", with(&rsa, "e", json!("AQAB="))),
        ("material", with(&p256, "y", p256.public()["x"].clone())),
        ("material", with(&p256, "x", encode(&[0; 32]))),
        ("material", with(&p256, "x", encode(&[7; 31]))),
        ("material", with(&p256, "x", encode(&[0; 33]))),
        ("material", with(&p256, "crv", json!("P-384"))),
        ("unsupported", with(&p256, "crv", json!("secp256k1"))),
        ("unsupported", with(&ed25519, "crv", json!("Ed448"))),
        ("material", with(&ed25519, "x", encode(&[7; 31]))),
        ("algorithm", with(&p256, "alg", json!("RS256"))),
        ("algorithm", with(&rsa, "alg", json!("HS256"))),
        ("algorithm", with(&rsa, "alg", json!("RSA-OAEP"))),
        ("other_use", with(&rsa, "use", json!("enc"))),
        ("other_use", with(&rsa, "use", json!("SIG"))),
        ("other_use", with(&rsa, "key_ops", json!([]))),
        ("other_use", with(&rsa, "key_ops", json!(["sign"]))),
        ("unreadable", with(&rsa, "kid", json!(1))),
        ("unreadable", with(&rsa, "key_ops", json!("verify"))),
        (
            "symmetric",
            json!({ "kty": "oct", "kid": "x", "k": "c2VjcmV0" }),
        ),
        (
            "unsupported",
            json!({ "kty": "AKP", "kid": "x", "alg": "ML-DSA-65" }),
        ),
    ] {
        let document = json!({ "keys": [odd, good.public()] }).to_string();
        let (outcome, counts) =
            crate::metered::counting(with_keys(KeySource::fixed(document), &good)).await;
        assert_eq!(outcome, Outcome::Accepted, "{odd}");
        let skipped = counts.of("tenancy_jwks_keys_skipped_total", reason);
        // Once by each backend.
        assert_eq!(skipped, 2, "{reason}: {odd}");
    }
}

/// A private half that a provider publishes by mistake is not even read.
#[tokio::test]
async fn private_members_are_ignored() {
    let key = SigningKey::rsa(1).unwrap();
    let mut jwk = key.public();
    jwk["d"] = json!("rubbish!");
    jwk["p"] = json!(null);
    let document = json!({ "keys": [jwk] }).to_string();
    assert_eq!(
        with_keys(KeySource::fixed(document), &key).await,
        Outcome::Accepted
    );
}

#[tokio::test]
async fn a_token_without_a_key_id_needs_a_single_fitting_key() {
    let (one, other) = (SigningKey::ec(1).unwrap(), SigningKey::ec(2).unwrap());
    let rsa = SigningKey::rsa(1).unwrap();
    let now = SystemClock::default().now().as_seconds();
    let claims = json!({ "iss": "https://issuer.example", "aud": AUDIENCE, "sub": "ada", "org_id": "acme", "exp": now + 60 });
    let unnamed = one.sign_with(&json!({ "alg": "ES256" }), &claims);
    let with = |keys: Vec<Value>| {
        let document = json!({ "keys": keys }).to_string();
        let issuer = Issuer::new("https://issuer.example", ClaimMap::new("org_id"))
            .audience(AUDIENCE)
            .keys(KeySource::fixed(document));
        JwtVerifier::new([issuer]).unwrap()
    };
    let mut nameless = one.public();
    nameless.as_object_mut().unwrap().remove("kid");
    for (keys, expected) in [
        (vec![one.public(), rsa.public()], Outcome::Accepted),
        (vec![nameless.clone(), rsa.public()], Outcome::Accepted),
        (
            vec![one.public(), other.public()],
            Outcome::Refused(TokenProblem::AmbiguousKey),
        ),
        (
            vec![nameless.clone(), other.public()],
            Outcome::Refused(TokenProblem::AmbiguousKey),
        ),
        (
            vec![rsa.public()],
            Outcome::Refused(TokenProblem::NoMatchingKey),
        ),
    ] {
        assert_eq!(outcome(&with(keys), &unnamed).await, expected);
    }
    // A named key is binding: a key without a name, although it made the signature, is another.
    let named = one.sign(&claims);
    assert_eq!(
        outcome(&with(vec![nameless]), &named).await,
        Outcome::Refused(TokenProblem::NoMatchingKey)
    );
}
