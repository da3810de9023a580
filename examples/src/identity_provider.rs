//! A local identity provider: keys made at start, a JWKS endpoint over HTTP, tokens for whoever asks.
//!
//! Tokens are signed by jsonwebtoken, so that the verifier under test does not judge its own work.

mod keys;

use std::io;
use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

pub use self::keys::{KeyError, SigningKey, encode_part};
/// The algorithm of a [`SigningKey`], as jsonwebtoken names it.
pub use jsonwebtoken::Algorithm as JsonWebAlgorithm;

/// An identity provider that serves on loopback until it is dropped.
#[derive(Debug)]
pub struct IdentityProvider {
    issuer: String,
    audience: String,
    shared: Arc<Shared>,
    server: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    keys: Mutex<Vec<SigningKey>>,
    down: AtomicBool,
    fetches: AtomicUsize,
}

impl IdentityProvider {
    /// Starts a provider at `address` with one RS256 and one ES256 key. Its tokens are meant for `audience`.
    ///
    /// # Errors
    /// When the address is taken.
    pub async fn start(address: SocketAddr, audience: &str) -> io::Result<Self> {
        let keys = fresh_keys(1)?;
        let listener = TcpListener::bind(address).await?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let shared = Arc::new(Shared {
            keys: Mutex::new(keys),
            down: AtomicBool::new(false),
            fetches: AtomicUsize::new(0),
        });
        let app = Router::new()
            .route("/.well-known/jwks.json", get(jwks))
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, app).await {
                tracing::error!(%error, "the identity provider stopped");
            }
        });
        Ok(Self {
            issuer,
            audience: audience.to_owned(),
            shared,
            server,
        })
    }

    /// The name that tokens carry as `iss`.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the keys are.
    pub fn jwks_url(&self) -> String {
        format!("{}/.well-known/jwks.json", self.issuer)
    }

    /// Claims of a good token: `user` of `tenant`, valid for `lifetime` seconds from now on.
    pub fn claims(&self, tenant: &str, user: &str, lifetime: i64) -> Value {
        let now = now();
        json!({
            "iss": self.issuer, "aud": self.audience, "sub": user, "org_id": tenant, "roles": ["Analyst"],
            "iat": now, "exp": now + lifetime,
        })
    }

    /// A good token, signed with the present RS256 key and valid for an hour.
    pub fn token(&self, tenant: &str, user: &str) -> String {
        self.rsa_key().sign(&self.claims(tenant, user, 3600))
    }

    /// The present RS256 key.
    pub fn rsa_key(&self) -> SigningKey {
        self.key(0)
    }

    /// The present ES256 key.
    pub fn ec_key(&self) -> SigningKey {
        self.key(1)
    }

    /// Replaces all keys, as after a compromise: the old ones are withdrawn at once.
    ///
    /// # Errors
    /// When new keys cannot be made.
    pub fn rotate(&self) -> Result<(), KeyError> {
        let mut keys = self.keys();
        let generation = keys.first().map_or(1, |key| key.generation + 1);
        *keys = fresh_keys(generation)?;
        Ok(())
    }

    /// Replaces the material of all keys and keeps their ids, as providers that number nothing do.
    ///
    /// # Errors
    /// When new keys cannot be made.
    pub fn replace_under_the_same_ids(&self) -> Result<(), KeyError> {
        let mut keys = self.keys();
        let generation = keys.first().map_or(1, |key| key.generation);
        *keys = fresh_keys(generation)?;
        Ok(())
    }

    /// Answers every request with 503 until [`come_back`](Self::come_back).
    pub fn go_down(&self) {
        self.shared.down.store(true, Ordering::SeqCst);
    }

    /// Ends the outage.
    pub fn come_back(&self) {
        self.shared.down.store(false, Ordering::SeqCst);
    }

    /// How often the keys were asked for.
    pub fn fetches(&self) -> usize {
        self.shared.fetches.load(Ordering::SeqCst)
    }

    #[expect(clippy::indexing_slicing, reason = "there are always two keys")]
    fn key(&self, index: usize) -> SigningKey {
        self.keys()[index].clone()
    }

    fn keys(&self) -> MutexGuard<'_, Vec<SigningKey>> {
        self.shared
            .keys
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for IdentityProvider {
    fn drop(&mut self) {
        self.server.abort();
    }
}

fn fresh_keys(generation: u32) -> Result<Vec<SigningKey>, KeyError> {
    Ok(vec![
        SigningKey::rsa(generation)?,
        SigningKey::ec(generation)?,
    ])
}

async fn jwks(State(shared): State<Arc<Shared>>) -> Response {
    shared.fetches.fetch_add(1, Ordering::SeqCst);
    if shared.down.load(Ordering::SeqCst) {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    let keys = shared.keys.lock().unwrap_or_else(PoisonError::into_inner);
    let keys: Vec<_> = keys.iter().map(SigningKey::public).collect();
    Json(json!({ "keys": keys })).into_response()
}

/// Seconds since 1970, for `iat` and `exp`.
pub fn now() -> i64 {
    use tenancy_core::Clock;
    tenancy_core::SystemClock::default().now().as_seconds()
}
