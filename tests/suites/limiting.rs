//! How much of a service a tenant may take, and that it takes nothing from another: alike on axum and actix-web.

mod twins;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use tenancy_core::{
    Admission, Allowance, ClaimMap, Issuer, JwtVerifier, KeySource, Limits, RateLimit, TenantId,
};
use tenancy_examples::identity_provider::{SigningKey, now};
use tokio::io::AsyncWriteExt as _;

use self::twins::Work;
use super::over_http::{Reply, get, get_with};

const NAME: &str = "https://issuer.example";

fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::new(number).unwrap()
}

fn bearer(key: &SigningKey, tenant: &str) -> String {
    let exp = now() + 600;
    let claims = json!({ "iss": NAME, "aud": "us", "sub": "ada", "org": tenant, "exp": exp });
    format!("Bearer {}", key.sign(&claims))
}

fn admission(key: &SigningKey) -> Admission {
    let set = json!({ "keys": [key.public()] }).to_string();
    let issuer = Issuer::new(NAME, ClaimMap::new("org"))
        .audience("us")
        .keys(KeySource::fixed(set));
    Admission::new(JwtVerifier::new([issuer]).unwrap())
        .exempt("/open")
        .unwrap()
}

/// A service, what it works on, and the token of a tenant in it.
struct Twin {
    name: &'static str,
    service: String,
    work: Arc<Work>,
    key: SigningKey,
    client: reqwest::Client,
}

impl Twin {
    /// One on each framework, with limits or without.
    async fn both(limits: Option<Limits>) -> [Self; 2] {
        [
            Self::of("axum", limits.clone()).await,
            Self::of("actix-web", limits).await,
        ]
    }

    async fn of(name: &'static str, limits: Option<Limits>) -> Self {
        let (key, work) = (SigningKey::ec(1).unwrap(), Arc::new(Work::new()));
        let admission = match limits {
            Some(limits) => admission(&key).limits(limits),
            None => admission(&key),
        };
        let service = match name {
            "axum" => twins::on_axum(admission, Arc::clone(&work)).await,
            _ => twins::on_actix(admission, Arc::clone(&work)),
        };
        Self {
            name,
            service,
            work,
            key,
            client: reqwest::Client::new(),
        }
    }

    async fn ask(&self, tenant: &str, path: &str) -> Reply {
        let authorization = bearer(&self.key, tenant);
        get_with(&self.client, &self.service, path, Some(&authorization)).await
    }

    async fn statuses(&self, tenant: &str, path: &str, requests: usize) -> Vec<u16> {
        let asked = (0..requests).map(|_| self.ask(tenant, path));
        join_all(asked)
            .await
            .iter()
            .map(|reply| reply.status)
            .collect()
    }

    /// Asks again for a while, because a place is given back behind the back of the client.
    async fn is_served_soon(&self, tenant: &str) {
        for _ in 0..200 {
            if self.ask(tenant, "/quick").await.status == 200 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(25)).await;
        }
        panic!("{}: the place of {tenant} stays taken", self.name);
    }

    /// A connection on which `tenant` has asked for `path`, and which is there until it is dropped.
    async fn asking(&self, tenant: &str, path: &str) -> tokio::net::TcpStream {
        let address = self.service.strip_prefix("http://").unwrap();
        let mut connection = tokio::net::TcpStream::connect(address).await.unwrap();
        let authorization = bearer(&self.key, tenant);
        let request =
            format!("GET {path} HTTP/1.1\r\nhost: us\r\nauthorization: {authorization}\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        connection
    }
}

fn at_once(requests: u32) -> Limits {
    Limits::new(Allowance::new().concurrent(number(requests)))
}

#[tokio::test]
async fn a_tenant_that_uses_up_its_rate_is_told_when_to_come_back_and_another_is_served() {
    let rate = RateLimit::per_hour(number(2)).burst(number(3));
    let limits = Limits::new(Allowance::new().rate(rate));
    for twin in Twin::both(Some(limits)).await {
        let name = twin.name;
        // What is not admitted counts for nobody.
        for _ in 0..5 {
            let forged = format!("{}x", bearer(&twin.key, "acme"));
            assert_eq!(
                get(&twin.service, "/quick", Some(&forged)).await.status,
                401
            );
        }
        assert_eq!(twin.statuses("acme", "/quick", 3).await, [200; 3], "{name}");
        let refused = twin.ask("acme", "/quick").await;
        assert_eq!(refused.status, 429, "{name}");
        assert_eq!(
            refused.body,
            r#"{"type":"about:blank","title":"The tenant makes too many requests","status":429,"code":"rate_limited"}"#
        );
        assert_eq!(
            refused.header("content-type"),
            Some("application/problem+json")
        );
        assert_eq!(refused.header("www-authenticate"), None);
        assert_eq!(
            refused.header("ratelimit-policy"),
            Some(r#""tenant";q=3;w=5400"#)
        );
        let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
        assert!((1780..=1800).contains(&wait), "{wait}");
        assert_eq!(
            refused.header("ratelimit"),
            Some(format!(r#""tenant";r=0;t={wait}"#).as_str())
        );

        assert_eq!(
            twin.statuses("globex", "/quick", 3).await,
            [200; 3],
            "{name}"
        );
        assert_eq!(twin.statuses("globex", "/quick", 1).await, [429], "{name}");
        assert_eq!(twin.statuses("acme", "/open", 9).await, [200; 9], "{name}");
    }
    for twin in Twin::both(None).await {
        assert_eq!(
            twin.statuses("acme", "/quick", 9).await,
            [200; 9],
            "the control"
        );
    }
}

#[tokio::test]
async fn a_tenant_that_asks_too_much_at_once_is_503_and_another_is_served() {
    for twin in Twin::both(Some(at_once(2))).await {
        let name = twin.name;
        let _first = twin.asking("acme", "/slow").await;
        let _second = twin.asking("acme", "/slow").await;
        twin.work.has_begun(2).await;
        let refused = twin.ask("acme", "/quick").await;
        assert_eq!(refused.status, 503, "{name}");
        assert_eq!(
            refused.body,
            r#"{"type":"about:blank","title":"The tenant makes too many requests at once","status":503,"code":"too_many_concurrent_requests"}"#
        );
        assert_eq!(refused.header("retry-after"), Some("1"));
        assert_eq!(refused.header("ratelimit"), None);
        assert_eq!(twin.ask("globex", "/quick").await.status, 200, "{name}");
        twin.work.may_end(2);
        twin.is_served_soon("acme").await;
    }
    for twin in Twin::both(None).await {
        let _first = twin.asking("acme", "/slow").await;
        let _second = twin.asking("acme", "/slow").await;
        twin.work.has_begun(2).await;
        assert_eq!(twin.ask("acme", "/quick").await.status, 200, "the control");
    }
}

#[tokio::test]
async fn the_place_of_a_client_that_goes_away_is_free_again() {
    for twin in Twin::both(Some(at_once(1))).await {
        let connection = twin.asking("acme", "/slow").await;
        twin.work.has_begun(1).await;
        assert_eq!(
            twin.ask("acme", "/quick").await.status,
            503,
            "{}",
            twin.name
        );
        drop(connection);
        if twin.name == "actix-web" {
            // It lets the handler finish, whose place is taken until then.
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert_eq!(twin.ask("acme", "/quick").await.status, 503);
            twin.work.may_end(1);
        }
        twin.is_served_soon("acme").await;
    }
}

#[tokio::test]
async fn a_request_counts_until_its_body_is_sent_or_dropped() {
    for twin in Twin::both(Some(at_once(1))).await {
        let name = twin.name;
        let request = reqwest::Client::new().get(format!("{}/endless", twin.service));
        let request = request.header("authorization", bearer(&twin.key, "acme"));
        let mut response = request.send().await.unwrap();
        assert_eq!(response.status(), 200, "{name}");
        assert!(response.chunk().await.unwrap().is_some());
        assert_eq!(twin.ask("acme", "/quick").await.status, 503, "{name}");
        assert_eq!(twin.ask("globex", "/quick").await.status, 200, "{name}");
        drop(response);
        twin.is_served_soon("acme").await;
        // One that ends gives its place back at once, also on a connection that stays.
        let client = reqwest::Client::new();
        for path in ["/quick", "/chunks", "/empty"] {
            for _ in 0..5 {
                let request = client.get(format!("{}{path}", twin.service));
                let request = request.header("authorization", bearer(&twin.key, "initech"));
                let response = request.send().await.unwrap();
                assert_eq!(response.status().as_u16(), 200, "{name} {path}");
                response.bytes().await.unwrap();
            }
        }
    }
}

/// Many requests of several tenants, some of whose clients go away: never more of one at once than it may, and in the end
/// every place is free.
#[tokio::test(flavor = "multi_thread")]
async fn however_many_ask_and_go_a_tenant_never_has_more_than_its_share() {
    let tenants = ["a", "b", "c", "d", "e"];
    for (limits, most) in [(Some(at_once(3)), 3), (None, 40)] {
        for twin in Twin::both(limits.clone()).await {
            let asked = (0..40).flat_map(|turn| tenants.map(|tenant| (turn, tenant)));
            let outcomes = asked.map(|(turn, tenant)| {
                let twin = &twin;
                let patience = Duration::from_millis(if turn % 4 == 0 { 8 } else { 20_000 });
                async move {
                    tokio::time::timeout(patience, twin.ask(tenant, "/counted"))
                        .await
                        .is_ok()
                }
            });
            let answered = join_all(outcomes).await;
            assert!(answered.contains(&true));
            for tenant in tenants {
                let seen = twin.work.most_of(tenant);
                assert!((1..=most).contains(&seen), "{} {tenant} {seen}", twin.name);
                if limits.is_none() {
                    assert!(seen > 3, "the control: {} {tenant} {seen}", twin.name);
                }
                twin.is_served_soon(tenant).await;
            }
        }
    }
}

/// Both fields are lists.
#[tokio::test]
async fn what_a_service_says_of_its_own_limits_stays() {
    let rate = RateLimit::per_hour(number(2));
    for twin in Twin::both(Some(Limits::new(Allowance::new().rate(rate)))).await {
        let request = twin.client.get(format!("{}/own", twin.service));
        let request = request.header("authorization", bearer(&twin.key, "acme"));
        let answer = request.send().await.unwrap();
        let told: Vec<_> = answer.headers().get_all("ratelimit").iter().collect();
        let ours = r#""tenant";r=1;t=1800"#;
        assert_eq!(told, [twins::OWN, ours], "{}", twin.name);
    }
}

#[tokio::test]
async fn a_plan_and_a_tenant_have_allowances_of_their_own() {
    let allow = |requests| Allowance::new().rate(RateLimit::per_hour(number(requests)));
    let limits = Limits::new(allow(1))
        .plan("pro", allow(3))
        .plan_by(|it| {
            it.tenant()
                .as_str()
                .starts_with("pro-")
                .then(|| "pro".to_owned())
        })
        .tenant(TenantId::parse("pro-initech").unwrap(), allow(5));
    for twin in Twin::both(Some(limits)).await {
        for (tenant, expected) in [("acme", 1), ("pro-acme", 3), ("pro-initech", 5)] {
            let statuses = twin.statuses(tenant, "/quick", 8).await;
            let served = statuses.iter().filter(|status| **status == 200).count();
            assert_eq!(served, expected, "{} {tenant}", twin.name);
        }
    }
}
