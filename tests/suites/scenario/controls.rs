//! Services that do not keep tenants apart, which the scenario has to find out.

use axum::http::HeaderMap;
use axum::routing::get;
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_examples::analytics::catalog;
use tenancy_examples::identity_provider::IdentityProvider;
use tenancy_sqlx::Rls;
use tenancy_tests::postgres::Cluster;

use super::{AUDIENCE, LOOPBACK, Performance, Theatre};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_row_level_security_the_forgetful_routes_fail_and_no_others() {
    let performance = play_after(&Rls::new(&catalog()).take_down_sql()).await;
    let expected = [
        "SELECT * without WHERE, by a forgetful developer",
        "INSERT for globex in raw SQL, as acme",
        // Both ask for all rows before and after.
        "acme hangs up halfway; globex gets the connection",
    ];
    assert_eq!(performance.failed_attempts(), expected);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_policy_that_checks_no_written_row_lets_acme_insert_for_globex() {
    let lax = "ALTER POLICY tenant_isolation ON insight WITH CHECK (true)";
    let performance = play_after(lax).await;
    assert_eq!(
        performance.failed_attempts(),
        ["INSERT for globex in raw SQL, as acme"]
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_service_that_believes_every_token_fails_wherever_one_is_bad() {
    let provider = IdentityProvider::start(LOOPBACK, AUDIENCE).await.unwrap();
    let failed = Performance::of(credulous(), &provider)
        .await
        .failed_attempts();
    for bad in [
        "no token",
        "a malformed credential",
        "a token signed by a stranger's key",
        "a token with alg: none",
        "an expired token",
        "a token without an organisation",
        "a token changed after it was signed",
        "the provider replaces its keys",
    ] {
        assert!(failed.contains(&bad), "{bad} passed");
    }
    // Its answers have the right shape: the steps above fail for the token alone.
    for good in [
        "acme reads its own data",
        "globex reads its own data",
        "an ES256 token of the same provider",
    ] {
        assert!(!failed.contains(&good), "{good} failed");
    }
}

/// Plays on axum after an administrator ran `sql`, behind the back of a pool that found all in order.
async fn play_after(sql: &str) -> Performance {
    let database = Cluster::shared().await.database().await;
    let theatre = Theatre::open(Some(&database.admin_url())).await;
    let mut admin = PgConnection::connect(&database.admin_url()).await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql))
        .execute(&mut admin)
        .await
        .unwrap();
    let performance = theatre.play_on_axum().await;
    theatre.close().await;
    performance
}

fn credulous() -> Router {
    Router::new()
        .route("/health", get(async || "ok"))
        .route("/api/data", get(believe))
}

/// One row of the user whom the token names.
async fn believe(headers: HeaderMap) -> Json<Value> {
    let claims = unverified(&headers).unwrap_or_default();
    let user = claims.get("sub");
    let data = [json!({ "author": user, "body": "" })];
    Json(json!({ "tenant_id": claims.get("org_id"), "user_id": user, "data": data }))
}

fn unverified(headers: &HeaderMap) -> Option<Value> {
    let token = headers.get("authorization")?.to_str().ok()?;
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1)?).ok()?;
    serde_json::from_slice(&payload).ok()
}
