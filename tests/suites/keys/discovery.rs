//! Finding an issuer's keys by OpenID Connect Discovery, over real HTTP.

use tenancy_tests::key_server::{Behaviour, KeyServer};

use super::bench::Bench;
use super::*;

async fn discovering() -> Bench {
    Bench::discovered(|server| server.issuer().to_owned()).await
}

#[tokio::test]
async fn keys_are_found_by_discovery_once() {
    let bench = discovering().await;
    assert_eq!(bench.server.discovered(), 0);
    for renewals in 1..=3 {
        assert_eq!(bench.present().await, Outcome::Accepted);
        bench.verifier.reload_keys().await.unwrap();
        assert_eq!(bench.server.discovered(), 1);
        assert_eq!(bench.server.asked(), 1 + renewals);
    }
}

#[tokio::test]
async fn keys_that_moved_are_looked_for_again() {
    let bench = discovering().await;
    assert_eq!(bench.present().await, Outcome::Accepted);
    let new = SigningKey::ec(2).unwrap();
    let other = KeyServer::start(vec![new.public()]).await.unwrap();
    bench.server.behave(Behaviour::Fails(410));
    bench
        .server
        .provider(json!({ "issuer": bench.server.issuer(), "jwks_uri": other.url() }));
    assert!(bench.verifier.reload_keys().await.is_err());
    bench.verifier.reload_keys().await.unwrap();
    assert_eq!((other.asked(), bench.server.discovered()), (1, 2));
}

/// OpenID Connect Discovery 1.0 §4.3: whoever answers in another name must not supply the keys of this one.
#[tokio::test]
async fn a_provider_that_answers_in_another_name_supplies_no_keys() {
    let bench = discovering().await;
    let (name, url) = (bench.server.issuer(), bench.server.url());
    for provider in [
        json!({ "issuer": format!("{name}/"), "jwks_uri": url }),
        json!({ "issuer": name.to_uppercase(), "jwks_uri": url }),
        json!({ "issuer": "https://evil.example", "jwks_uri": url }),
        json!({ "issuer": [name], "jwks_uri": url }),
        json!({ "jwks_uri": url }),
        json!({ "issuer": name }),
        json!({ "issuer": name, "jwks_uri": "http://issuer.example/jwks" }),
        json!({ "issuer": name, "jwks_uri": "file:///etc/passwd" }),
        json!({ "issuer": name, "jwks_uri": 7 }),
        json!([name, url]),
        json!(null),
    ] {
        bench.server.provider(provider.clone());
        assert!(
            matches!(bench.present().await, Outcome::Unavailable(_)),
            "{provider}"
        );
        bench.clock.advance(Duration::from_mins(1));
    }
    assert_eq!(bench.server.asked(), 0, "no keys were asked for");
    bench
        .server
        .provider(json!({ "issuer": name, "jwks_uri": url }));
    assert_eq!(bench.present().await, Outcome::Accepted);
}

/// §4: the slash at the end of an issuer's name is not doubled, and stays part of the name.
#[tokio::test]
async fn a_name_with_a_slash_at_the_end_keeps_it() {
    let bench = Bench::discovered(|server| format!("{}/", server.issuer())).await;
    let name = format!("{}/", bench.server.issuer());
    bench
        .server
        .provider(json!({ "issuer": name, "jwks_uri": bench.server.url() }));
    assert_eq!(bench.present_of(&name).await, Outcome::Accepted);
    assert_eq!(
        bench.present().await,
        Outcome::Refused(TokenProblem::Issuer)
    );
}
