//! Issuers that are known only by asking, because customers bring their own.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::json;
use tenancy_core::{
    BearerToken, ClaimMap, Clock as _, DirectoryUnavailable, Issuer, IssuerDirectory, JwtVerifier,
    KeySource, ManualClock, SystemClock, TenantId, TokenProblem, VerifyError,
};
use tenancy_examples::identity_provider::SigningKey;
use tenancy_tests::key_server::{Behaviour, KeyServer};

use super::issuers::{claims, trusted};
use super::{acme, globex, verify};

/// Issuers by name, each with the tenant that brought it.
#[derive(Debug, Clone, Default)]
struct Customers(Arc<Shared>);

#[derive(Debug, Default)]
struct Shared {
    issuers: Mutex<HashMap<String, (String, TenantId)>>,
    asked: AtomicUsize,
    is_down: AtomicBool,
}

impl Customers {
    fn register(&self, name: &str, keys: &str, tenant: TenantId) {
        let entry = (keys.to_owned(), tenant);
        self.0
            .issuers
            .lock()
            .unwrap()
            .insert(name.to_owned(), entry);
    }

    fn asked(&self) -> usize {
        self.0.asked.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl IssuerDirectory for Customers {
    async fn issuer(&self, name: &str) -> Result<Option<Issuer>, DirectoryUnavailable> {
        self.0.asked.fetch_add(1, Ordering::SeqCst);
        tokio::time::sleep(Duration::from_millis(5)).await;
        if self.0.is_down.load(Ordering::SeqCst) {
            return Err(DirectoryUnavailable {
                retry_after: Duration::from_secs(3),
                cause: "no connection".to_owned(),
            });
        }
        let issuers = self.0.issuers.lock().unwrap();
        Ok(issuers.get(name).map(|(keys, tenant)| {
            Issuer::new(name, ClaimMap::new("org"))
                .audience("us")
                .keys(KeySource::url(keys))
                .tenants([tenant.clone()])
        }))
    }
}

struct Bench {
    customers: Customers,
    clock: Arc<ManualClock>,
    verifier: JwtVerifier,
    key: SigningKey,
    server: KeyServer,
}

impl Bench {
    async fn new() -> Self {
        let customers = Customers::default();
        let clock = Arc::new(ManualClock::at(SystemClock::default().now()));
        let verifier = JwtVerifier::builder()
            .directory(customers.clone())
            .clock(clock.clone())
            .build()
            .unwrap();
        let key = SigningKey::ec(1).unwrap();
        let server = KeyServer::start(vec![key.public()]).await.unwrap();
        customers.register(server.issuer(), &server.url(), acme());
        Self {
            customers,
            clock,
            verifier,
            key,
            server,
        }
    }

    fn token(&self, org: &str) -> String {
        self.key.sign(&claims(self.server.issuer(), &json!(org)))
    }

    async fn verify(&self, token: &str) -> Result<(), TokenProblem> {
        verify(&self.verifier, token).await.map(|_| ())
    }
}

#[tokio::test]
async fn an_issuer_of_the_directory_is_found_bound_and_remembered() {
    let bench = Bench::new().await;
    for n in 0..20 {
        assert_eq!(bench.verify(&bench.token("acme")).await, Ok(()));
        assert_eq!(
            bench.verify(&bench.token("globex")).await,
            Err(TokenProblem::TenantNotOfIssuer),
            "{n}"
        );
    }
    assert_eq!((bench.customers.asked(), bench.server.asked()), (1, 1));
    assert_eq!(bench.verifier.key_status()[0].keys, 1);
}

#[tokio::test]
async fn requests_at_once_share_the_keys_of_a_new_issuer() {
    let bench = Arc::new(Bench::new().await);
    let requests: Vec<_> = (0..100)
        .map(|n| {
            let bench = Arc::clone(&bench);
            let mut claims = claims(bench.server.issuer(), &json!("acme"));
            claims["jti"] = json!(n.to_string());
            tokio::spawn(async move { bench.verify(&bench.key.sign(&claims)).await })
        })
        .collect();
    for request in requests {
        assert_eq!(request.await.unwrap(), Ok(()));
    }
    assert_eq!(bench.server.asked(), 1);
    assert!(bench.customers.asked() <= 8, "{}", bench.customers.asked());
}

#[tokio::test]
async fn a_name_that_is_nobodys_is_asked_about_once_a_minute() {
    let bench = Bench::new().await;
    let token = bench
        .key
        .sign(&claims("https://nobody.example", &json!("acme")));
    for _ in 0..50 {
        assert_eq!(bench.verify(&token).await, Err(TokenProblem::Issuer));
    }
    assert_eq!(bench.customers.asked(), 1);
    bench.clock.advance(Duration::from_mins(1));
    bench
        .customers
        .register("https://nobody.example", &bench.server.url(), acme());
    assert_eq!(bench.verify(&token).await, Ok(()));
    // Names that no provider has are not even asked about.
    let endless = format!("https://{}.example", "x".repeat(600));
    let token = bench.key.sign(&claims(&endless, &json!("acme")));
    let asked = bench.customers.asked();
    assert_eq!(bench.verify(&token).await, Err(TokenProblem::Issuer));
    assert_eq!(bench.customers.asked(), asked);
}

/// A customer who leaves is out within five minutes, tokens that were verified before included.
#[tokio::test]
async fn an_issuer_that_is_removed_is_refused() {
    let bench = Bench::new().await;
    let token = bench.token("acme");
    assert_eq!(bench.verify(&token).await, Ok(()));
    bench.customers.0.issuers.lock().unwrap().clear();
    bench.clock.advance(Duration::from_mins(5));
    assert_eq!(bench.verify(&token).await, Err(TokenProblem::Issuer));
}

/// Whoever was removed is not even asked for keys any more.
#[tokio::test]
async fn an_issuer_that_moved_is_asked_where_it_is_now() {
    let bench = Bench::new().await;
    let token = bench.token("acme");
    assert_eq!(bench.verify(&token).await, Ok(()));
    let elsewhere = KeyServer::start(vec![bench.key.public()]).await.unwrap();
    bench
        .customers
        .register(bench.server.issuer(), &elsewhere.url(), acme());
    bench.server.behave(Behaviour::Fails(500));
    // Past every lifetime of the old keys.
    bench.clock.advance(Duration::from_hours(25));
    let fresh = bench.key.sign(&{
        let mut claims = claims(bench.server.issuer(), &json!("acme"));
        claims["exp"] = json!(bench.clock.now().as_seconds() + 600);
        claims
    });
    assert_eq!(bench.verify(&fresh).await, Ok(()));
    assert_eq!((bench.server.asked(), elsewhere.asked()), (1, 1));
    // And for a token that is remembered, too.
    bench.clock.advance(Duration::from_mins(5));
    bench.customers.0.issuers.lock().unwrap().clear();
    assert_eq!(bench.verify(&fresh).await, Err(TokenProblem::Issuer));
    assert_eq!((bench.server.asked(), elsewhere.asked()), (1, 1));
}

/// Names in a flood of them.
const INVENTED: usize = 6_000;

/// Anybody can invent names. Who asks about them waits; who comes with a name that is known does not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_of_invented_names_delays_no_known_issuer() {
    let bench = Arc::new(Bench::new().await);
    let token = bench.token("acme");
    assert_eq!(bench.verify(&token).await, Ok(()));
    // The answer about the known one has to be asked for again.
    bench.clock.advance(Duration::from_mins(5));
    let asked_before = bench.customers.asked();
    // Eight of these are asked about at a time.
    let invented: Vec<_> = (0..INVENTED)
        .map(|n| {
            let name = format!("https://invented-{n}.example");
            bench.key.sign(&claims(&name, &json!("acme")))
        })
        .collect();
    let begun = Arc::new(AtomicUsize::new(0));
    let flood: Vec<_> = invented
        .into_iter()
        .map(|token| {
            let (bench, begun) = (Arc::clone(&bench), Arc::clone(&begun));
            tokio::spawn(async move {
                begun.fetch_add(1, Ordering::SeqCst);
                let bearer = BearerToken::parse(&token).unwrap();
                bench.verifier.verify(bearer).await.is_err()
            })
        })
        .collect();
    while begun.load(Ordering::SeqCst) < flood.len() {
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    assert_eq!(bench.verify(&token).await, Ok(()));
    let asked = bench.customers.asked() - asked_before;
    assert!(asked < INVENTED / 2, "it waited for {asked} others");
    for refused in flood {
        refused.abort();
    }
}

#[tokio::test]
async fn an_issuer_that_stays_the_same_keeps_its_keys() {
    let bench = Bench::new().await;
    for _ in 0..5 {
        assert_eq!(bench.verify(&bench.token("acme")).await, Ok(()));
        bench.clock.advance(Duration::from_secs(299));
        bench.clock.advance(Duration::from_secs(1));
    }
    assert_eq!(bench.customers.asked(), 5);
    let fetched = bench.server.asked() - bench.server.unchanged();
    assert_eq!(fetched, 1, "the keys were only renewed");
    // A changed entry counts as soon as it is heard of.
    bench
        .customers
        .register(bench.server.issuer(), &bench.server.url(), globex());
    assert_eq!(
        bench.verify(&bench.token("acme")).await,
        Err(TokenProblem::TenantNotOfIssuer)
    );
    assert_eq!(bench.verify(&bench.token("globex")).await, Ok(()));
}

#[tokio::test]
async fn a_directory_that_does_not_answer_lets_nobody_in() {
    let bench = Bench::new().await;
    bench.customers.0.is_down.store(true, Ordering::SeqCst);
    let token = bench.token("acme");
    let error = bench
        .verifier
        .verify(BearerToken::parse(&token).unwrap())
        .await
        .unwrap_err();
    assert!(matches!(
        error,
        VerifyError::Unavailable { retry_after, .. } if retry_after == Duration::from_secs(3)
    ));
    bench.customers.0.is_down.store(false, Ordering::SeqCst);
    assert_eq!(bench.verify(&token).await, Ok(()));
}

/// What the directory says about one name is never taken for another.
#[tokio::test]
async fn an_answer_in_another_name_is_no_answer() {
    #[derive(Debug)]
    struct Careless(Issuer);

    #[async_trait::async_trait]
    impl IssuerDirectory for Careless {
        async fn issuer(&self, _: &str) -> Result<Option<Issuer>, DirectoryUnavailable> {
            Ok(Some(self.0.clone()))
        }
    }

    let key = SigningKey::ec(1).unwrap();
    let careless = Careless(trusted("https://one.example", &key));
    let verifier = JwtVerifier::builder().directory(careless).build().unwrap();
    let of = |name: &str| key.sign(&claims(name, &json!("acme")));
    assert!(verify(&verifier, &of("https://one.example")).await.is_ok());
    assert_eq!(
        verify(&verifier, &of("https://two.example")).await.err(),
        Some(TokenProblem::Issuer)
    );
}
