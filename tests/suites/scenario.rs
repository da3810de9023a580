//! The scenario of the quickstart, on both frameworks and on both kinds of Postgres.

mod alike;
mod controls;
mod database;

use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::dev::ServerHandle;
use axum::Router;
use tenancy_core::Admission;
use tenancy_examples::analytics::{Insights, Settings, TABLES, catalog, on_actix, on_axum};
use tenancy_examples::database::Database;
use tenancy_examples::forgetful;
use tenancy_examples::identity_provider::IdentityProvider;
use tenancy_examples::scenario::{Stage, Step, Tally, play, seed};
use tenancy_sqlx::TenantPool;
use tenancy_tests::postgres::Cluster;
use tokio::task::JoinHandle;

const AUDIENCE: &str = "scenario-client";
/// So short only because the scenario replaces the keys seconds after they were fetched.
const KEY_COOLDOWN: Duration = Duration::from_secs(1);
const LOOPBACK: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
/// How many steps there are at least, lest a shorter scenario pass for a whole one.
const STEPS: usize = 17;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tenants_cannot_reach_each_other_on_axum_and_postgres() {
    let database = Cluster::shared().await.database().await;
    play_on_axum(Some(&database.admin_url()))
        .await
        .assert_all_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tenants_cannot_reach_each_other_on_actix_and_postgres() {
    let database = Cluster::shared().await.database().await;
    play_on_actix(Some(&database.admin_url()))
        .await
        .assert_all_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tenants_cannot_reach_each_other_on_axum_and_embedded_postgres() {
    play_on_axum(None).await.assert_all_passed();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_tenants_cannot_reach_each_other_on_actix_and_embedded_postgres() {
    play_on_actix(None).await.assert_all_passed();
}

async fn play_on_axum(database_url: Option<&str>) -> Performance {
    let theatre = Theatre::open(database_url).await;
    let performance = theatre.play_on_axum().await;
    theatre.close().await;
    performance
}

async fn play_on_actix(database_url: Option<&str>) -> Performance {
    let theatre = Theatre::open(database_url).await;
    let performance = theatre.play_on_actix().await;
    theatre.close().await;
    performance
}

/// What the API of a stage stands on: seeded data behind one connection, and a provider to trust.
struct Theatre {
    database: Database,
    pool: TenantPool,
    insights: Insights,
    provider: IdentityProvider,
    admission: Admission,
}

impl Theatre {
    /// On the database of `url`, or on an embedded one.
    async fn open(url: Option<&str>) -> Self {
        let database = Database::open(url).await.unwrap();
        let pool = database.tenant_pool(TABLES, &catalog(), 1).await.unwrap();
        let insights = Insights::new(pool.clone());
        seed(&insights).await.unwrap();
        let provider = IdentityProvider::start(LOOPBACK, AUDIENCE).await.unwrap();
        let admission = settings(&provider).admission().unwrap();
        Self {
            database,
            pool,
            insights,
            provider,
            admission,
        }
    }

    async fn play_on_axum(&self) -> Performance {
        let routes = forgetful::on_axum::routes();
        let app = on_axum::router(self.insights.clone(), self.admission.clone(), routes);
        Performance::of(app, &self.provider).await
    }

    async fn play_on_actix(&self) -> Performance {
        let (service, server) = self.serve_on_actix();
        let performance = Performance::at(service, &self.provider).await;
        server.stop(true).await;
        performance
    }

    fn serve_on_actix(&self) -> (String, ServerHandle) {
        let listener = TcpListener::bind(LOOPBACK).unwrap();
        let service = format!("http://{}", listener.local_addr().unwrap());
        let (insights, admission) = (self.insights.clone(), self.admission.clone());
        let routes = forgetful::on_actix::routes;
        let server = on_actix::server(listener, insights, admission, routes).unwrap();
        let handle = server.handle();
        tokio::spawn(server);
        (service, handle)
    }

    /// The pool goes first: an embedded server waits for the end of its one connection.
    async fn close(self) {
        self.pool.close().await;
        self.database.close().await;
    }
}

async fn serve_on_axum(app: Router) -> (String, JoinHandle<io::Result<()>>) {
    let listener = tokio::net::TcpListener::bind(LOOPBACK).await.unwrap();
    let service = format!("http://{}", listener.local_addr().unwrap());
    let server = tokio::spawn(async move { axum::serve(listener, app).await });
    (service, server)
}

fn settings(provider: &IdentityProvider) -> Settings {
    Settings {
        bind: LOOPBACK,
        database_url: None,
        issuer: provider.issuer().to_owned(),
        audience: AUDIENCE.to_owned(),
        key_cooldown: Some(KEY_COOLDOWN),
    }
}

/// How the scenario went at one service.
struct Performance {
    tally: Tally,
    /// What was tried and did not go as it should, and why.
    failures: Vec<(&'static str, String)>,
}

impl Performance {
    /// Plays against `app`, which trusts `provider`, or should.
    async fn of(app: Router, provider: &IdentityProvider) -> Self {
        let (service, server) = serve_on_axum(app).await;
        let performance = Self::at(service, provider).await;
        server.abort();
        performance
    }

    async fn at(service: String, provider: &IdentityProvider) -> Self {
        let mut failures = Vec::new();
        let note = |step: &Step| {
            if let Err(wrong) = &step.outcome {
                failures.push((step.attempt, wrong.clone()));
            }
        };
        let tally = play(&Stage::new(service, provider), note).await;
        Self { tally, failures }
    }

    fn failed_attempts(&self) -> Vec<&'static str> {
        self.failures.iter().map(|(attempt, _)| *attempt).collect()
    }

    fn assert_all_passed(&self) {
        let Self { tally, failures } = self;
        assert_eq!(tally.failed, 0, "{failures:#?}");
        assert!(failures.is_empty(), "{failures:#?}");
        assert!(tally.passed >= STEPS, "only {} steps", tally.passed);
    }
}
