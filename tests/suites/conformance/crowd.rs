//! A thousand requests of fifty tenants at once, some of whom go away: each answer belongs to its asker.

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::Response;
use axum::routing::get as on_get;
use futures_util::future::join_all;
use tenancy_axum::{Tenant, TenantLayer};
use tokio::time::timeout;

use super::{Provider, on_both_frameworks};
use crate::twins::{self, Connection, Service, TestApp, get};

const REQUESTS: u64 = 1000;
const TENANTS: u64 = 50;

on_both_frameworks! {
    each_answer_belongs_to_its_asker
}

async fn each_answer_belongs_to_its_asker<A: TestApp>() {
    let provider = Provider::new();
    let address = A::start(Service::new(provider.admission())).await;
    let Counts { own, foreign } = crowd(&provider, address).await;
    assert_eq!(foreign, 0);
    assert!(own > REQUESTS / 2, "only {own} answers");
}

/// The crowd would notice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_keeps_the_tenant_in_shared_state_is_caught() {
    let provider = Provider::new();
    let address = careless(&provider).await;
    let Counts { foreign, .. } = crowd(&provider, address).await;
    assert!(foreign > 0);
}

struct Counts {
    own: u64,
    foreign: u64,
}

async fn crowd(provider: &Provider, address: SocketAddr) -> Counts {
    let mut dice = dice_of(7);
    let asking = (0..REQUESTS).map(|n| {
        let tenant = format!("tenant-{}", n % TENANTS);
        let bearer = provider.bearer(&tenant, &format!("user-{n}"));
        let path = format!("/wait/{}/{n}", dice() % 50);
        let leaves_after = dice()
            .is_multiple_of(4)
            .then(|| Duration::from_millis(dice() % 60));
        tokio::spawn(async move {
            let mut connection = Connection::to(address).await;
            let request = get(&path, &[("authorization", &bearer)]);
            connection.send(&request).await;
            let reply = match leaves_after {
                // Whose time is up drops the connection, whatever is on its way.
                Some(patience) => timeout(patience, connection.reply(false)).await.ok()?,
                None => connection.reply(false).await,
            };
            Some(reply.unwrap().body == format!("{tenant} user-{n} {n}"))
        })
    });
    let asking: Vec<_> = asking.collect();
    let mut counts = Counts { own: 0, foreign: 0 };
    for answer in join_all(asking).await {
        match answer.unwrap() {
            Some(true) => counts.own += 1,
            Some(false) => counts.foreign += 1,
            None => {}
        }
    }
    counts
}

/// The same numbers in every run (xorshift64, Marsaglia 2003).
fn dice_of(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    }
}

type Shared = Arc<Mutex<Option<Tenant>>>;

/// A service that is admitted to and then remembers the tenant in the wrong place.
async fn careless(provider: &Provider) -> SocketAddr {
    async fn remember(
        State(shared): State<Shared>,
        tenant: Tenant,
        request: Request,
        next: Next,
    ) -> Response {
        *shared.lock().unwrap() = Some(tenant);
        next.run(request).await
    }
    async fn wait(
        Path((milliseconds, n)): Path<(u64, u32)>,
        State(shared): State<Shared>,
    ) -> String {
        tokio::time::sleep(Duration::from_millis(milliseconds)).await;
        let Tenant(tenant) = shared.lock().unwrap().clone().unwrap();
        format!("{} {} {n}", tenant.tenant(), tenant.subject().unwrap())
    }
    let shared = Shared::default();
    let app = Router::new()
        .route("/wait/{milliseconds}/{n}", on_get(wait))
        .layer(from_fn_with_state(Arc::clone(&shared), remember))
        .layer(TenantLayer::new(provider.admission()))
        .with_state(shared);
    twins::serve(app).await
}
