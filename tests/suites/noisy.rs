//! A tenant at ten times its limit takes nothing from another: over HTTP on both frameworks, with a database of few
//! connections that all tenants share.
//!
//! Nothing here is timed. The work of the noisy tenant ends when the test lets it, so that whoever is answered before has
//! not waited for it; by how much a quiet tenant is slowed down is `limits/noisy-neighbour` in `benches`.

mod service;

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use futures_util::future::join_all;
use serde_json::json;
use sqlx::{Connection as _, PgConnection};
use tenancy_core::{
    Admission, Allowance, ClaimMap, Issuer, JwtVerifier, KeySource, Limits, RateLimit,
};
use tenancy_examples::identity_provider::{SigningKey, now};
use tenancy_sqlx::{TenantPool, pool_options};
use tenancy_tests::notes::{Notes, catalog};

use self::service::LOCK;
use super::over_http::{Reply, get_with};

const NAME: &str = "https://issuer.example";
/// Of the pool.
const CONNECTIONS: u32 = 4;
const SHARE: u32 = 2;
/// Requests that a tenant may make in the time of the test.
const BURST: u32 = 10;
const AT_ONCE: u32 = 3;
const CROWD: usize = 10 * BURST as usize;

#[derive(Clone, Copy)]
enum Framework {
    Axum,
    Actix,
}

/// A service in front of a pool, and who asks it.
struct Stage {
    notes: Notes,
    service: String,
    key: SigningKey,
    client: reqwest::Client,
    /// How many requests of a crowd have an answer.
    answered: AtomicUsize,
}

impl Stage {
    async fn new(framework: Framework, is_limited: bool) -> Arc<Self> {
        let notes = Notes::new().await.unwrap();
        let options = pool_options()
            .max_connections(CONNECTIONS)
            .acquire_timeout(Duration::from_mins(5));
        let pool = TenantPool::builder(options.connect_with(notes.options()).await.unwrap());
        let pool = if is_limited {
            pool.tenant_share(SHARE)
        } else {
            pool
        };
        let pool = pool.build(&catalog()).await.unwrap();
        let key = SigningKey::ec(1).unwrap();
        let admission = if is_limited {
            admission(&key).limits(limits())
        } else {
            admission(&key)
        };
        let service = match framework {
            Framework::Axum => service::on_axum(admission, pool).await,
            Framework::Actix => service::on_actix(admission, pool),
        };
        Arc::new(Self {
            notes,
            service,
            key,
            client: reqwest::Client::new(),
            answered: AtomicUsize::new(0),
        })
    }

    async fn ask(&self, tenant: &str, path: &str) -> Reply {
        let exp = now() + 600;
        let claims = json!({ "iss": NAME, "aud": "us", "sub": "ada", "org": tenant, "exp": exp });
        let authorization = format!("Bearer {}", self.key.sign(&claims));
        get_with(&self.client, &self.service, path, Some(&authorization)).await
    }

    /// So many requests of tenant `a` at once, whose work ends when the test lets it.
    async fn crowd(self: Arc<Self>) -> Vec<u16> {
        let asked = (0..CROWD).map(|_| async {
            let status = self.ask("a", "/work").await.status;
            self.answered.fetch_add(1, Ordering::SeqCst);
            status
        });
        join_all(asked).await
    }

    /// What the work of tenant `a` waits for, until this is dropped.
    async fn hold(&self) -> PgConnection {
        let mut holder = self.notes.admin().await.unwrap();
        let lock = sqlx::query("SELECT pg_advisory_lock($1)").bind(LOCK);
        lock.execute(&mut holder).await.unwrap();
        holder
    }

    /// Waits until so many connections of the pool are at work.
    async fn are_at_work(&self, connections: i64, holder: &mut PgConnection) {
        for _ in 0..1_000 {
            if self.at_work(holder).await == connections {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{connections} connections are not taken");
    }

    async fn at_work(&self, holder: &mut PgConnection) -> i64 {
        sqlx::query_scalar(
            "SELECT count(*) FROM pg_stat_activity WHERE usename = $1 AND wait_event = 'advisory'",
        )
        .bind(self.notes.application())
        .fetch_one(holder)
        .await
        .unwrap()
    }

    /// Waits until so many of the crowd have an answer.
    async fn are_answered(&self, requests: usize) {
        for _ in 0..1_000 {
            if self.answered.load(Ordering::SeqCst) == requests {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("{requests} requests are not answered");
    }
}

fn admission(key: &SigningKey) -> Admission {
    let set = json!({ "keys": [key.public()] }).to_string();
    let issuer = Issuer::new(NAME, ClaimMap::new("org"))
        .audience("us")
        .keys(KeySource::fixed(set));
    Admission::new(JwtVerifier::new([issuer]).unwrap())
}

/// For tenant `a` alone, so that the other is held back by nothing but what `a` takes.
fn limits() -> Limits {
    let number = |number| NonZeroU32::new(number).unwrap();
    let rate = RateLimit::per_hour(NonZeroU32::MIN).burst(number(BURST));
    Limits::new(Allowance::new().rate(rate).concurrent(number(AT_ONCE))).tenant(
        tenancy_core::TenantId::parse("b").unwrap(),
        Allowance::new(),
    )
}

fn count(statuses: &[u16], status: u16) -> usize {
    statuses.iter().filter(|one| **one == status).count()
}

#[tokio::test]
async fn a_tenant_at_ten_times_its_limit_keeps_nobody_waiting() {
    for framework in [Framework::Axum, Framework::Actix] {
        let stage = Stage::new(framework, true).await;
        let mut holder = stage.hold().await;
        let crowd = tokio::spawn(Arc::clone(&stage).crowd());
        // All that is too much is refused while the rest is still at work.
        stage.are_answered(CROWD - AT_ONCE as usize).await;
        stage.are_at_work(i64::from(SHARE), &mut holder).await;

        for _ in 0..2 * CROWD {
            let reply = stage.ask("b", "/count").await;
            assert_eq!((reply.status, reply.body.as_str()), (200, "2"));
        }
        assert_eq!(stage.at_work(&mut holder).await, i64::from(SHARE));

        holder.close().await.unwrap();
        let statuses = crowd.await.unwrap();
        assert_eq!(count(&statuses, 200), AT_ONCE as usize);
        assert_eq!(count(&statuses, 503), BURST as usize - AT_ONCE as usize);
        assert_eq!(count(&statuses, 429), CROWD - BURST as usize);
    }
}

/// The control.
#[tokio::test]
async fn without_limits_a_tenant_waits_for_the_work_of_another() {
    for framework in [Framework::Axum, Framework::Actix] {
        let stage = Stage::new(framework, false).await;
        let mut holder = stage.hold().await;
        let crowd = tokio::spawn(Arc::clone(&stage).crowd());
        stage.are_at_work(i64::from(CONNECTIONS), &mut holder).await;

        let waiting = stage.ask("b", "/count");
        tokio::pin!(waiting);
        let early = tokio::time::timeout(Duration::from_millis(300), &mut waiting).await;
        assert!(early.is_err(), "every connection is at work for another");

        holder.close().await.unwrap();
        assert_eq!(waiting.await.status, 200);
        assert_eq!(count(&crowd.await.unwrap(), 200), CROWD);
    }
}
