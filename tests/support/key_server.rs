//! A server of JWK sets that can do all that real ones do at their worst.

use std::io;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Redirect, Response};
use axum::routing::get;
use serde_json::{Value, json};
use tokio::task::JoinHandle;

/// Serves a JWK set at `/jwks` and the configuration of its provider, on loopback, until it is dropped.
#[derive(Debug)]
pub struct KeyServer {
    issuer: String,
    state: Arc<Mutex<Script>>,
    task: JoinHandle<()>,
}

/// What the server does when it is asked for keys.
#[derive(Debug, Clone)]
pub enum Behaviour {
    /// Serves the keys.
    Serves,
    /// Answers with this status and an error page.
    Fails(u16),
    /// Accepts the request and never answers.
    Hangs,
    /// Sends one byte of the keys at a time, with this pause before each.
    Drips(Duration),
    /// Sends the caller elsewhere.
    Redirects(String),
    /// Answers 200 with this text.
    Says(String),
}

#[derive(Debug)]
struct Script {
    keys: Vec<Value>,
    provider: Value,
    behaviour: Behaviour,
    cache_control: Option<String>,
    asked: usize,
    unchanged: usize,
    discovered: usize,
}

impl KeyServer {
    /// Starts a server of these keys, each a JWK.
    ///
    /// # Errors
    /// When no port is free.
    pub async fn start(keys: Vec<Value>) -> io::Result<Self> {
        let listener = tokio::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let issuer = format!("http://{}", listener.local_addr()?);
        let provider = json!({ "issuer": issuer, "jwks_uri": format!("{issuer}/jwks") });
        let state = Arc::new(Mutex::new(Script {
            keys,
            provider,
            behaviour: Behaviour::Serves,
            cache_control: None,
            asked: 0,
            unchanged: 0,
            discovered: 0,
        }));
        let app = Router::new()
            .route("/jwks", get(keys_of))
            .route("/.well-known/openid-configuration", get(provider_of))
            .with_state(Arc::clone(&state));
        let task = tokio::spawn(async move {
            // Ends with the task.
            let _ = axum::serve(listener, app).await;
        });
        Ok(Self {
            issuer,
            state,
            task,
        })
    }

    /// The name of the provider.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Where the keys are.
    pub fn url(&self) -> String {
        format!("{}/jwks", self.issuer)
    }

    /// Publishes these keys from now on.
    pub fn publish(&self, keys: Vec<Value>) {
        self.script().keys = keys;
    }

    /// What discovery answers from now on.
    pub fn provider(&self, provider: Value) {
        self.script().provider = provider;
    }

    /// Does this from now on when it is asked for keys.
    pub fn behave(&self, behaviour: Behaviour) {
        self.script().behaviour = behaviour;
    }

    /// Sends this `Cache-Control` from now on.
    pub fn cache_control(&self, value: &str) {
        self.script().cache_control = Some(value.to_owned());
    }

    /// How often keys were asked for.
    pub fn asked(&self) -> usize {
        self.script().asked
    }

    /// How often the answer was 304.
    pub fn unchanged(&self) -> usize {
        self.script().unchanged
    }

    /// How often the provider's configuration was asked for.
    pub fn discovered(&self) -> usize {
        self.script().discovered
    }

    fn script(&self) -> MutexGuard<'_, Script> {
        locked(&self.state)
    }
}

impl Drop for KeyServer {
    fn drop(&mut self) {
        self.task.abort();
    }
}

fn locked(state: &Mutex<Script>) -> MutexGuard<'_, Script> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn provider_of(State(state): State<Arc<Mutex<Script>>>) -> Response {
    let mut script = locked(&state);
    script.discovered += 1;
    script.provider.to_string().into_response()
}

async fn keys_of(State(state): State<Arc<Mutex<Script>>>, headers: HeaderMap) -> Response {
    let (behaviour, document, cache_control) = {
        let mut script = locked(&state);
        script.asked += 1;
        (
            script.behaviour.clone(),
            json!({ "keys": script.keys }).to_string(),
            script.cache_control.clone(),
        )
    };
    match behaviour {
        Behaviour::Serves => {}
        Behaviour::Fails(status) => {
            let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
            return (status, "<html>").into_response();
        }
        Behaviour::Hangs => std::future::pending().await,
        Behaviour::Drips(pause) => return drip(document, pause),
        Behaviour::Redirects(target) => return Redirect::temporary(&target).into_response(),
        Behaviour::Says(text) => return text.into_response(),
    }
    let etag = format!("\"{:016x}\"", hash(&document));
    let is_known = headers
        .get(header::IF_NONE_MATCH)
        .is_some_and(|value| value.as_bytes() == etag.as_bytes());
    let mut response = if is_known {
        locked(&state).unchanged += 1;
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        document.into_response()
    };
    if let Ok(etag) = etag.parse() {
        response.headers_mut().insert(header::ETAG, etag);
    }
    if let Some(Ok(value)) = cache_control.map(|value| value.parse()) {
        response.headers_mut().insert(header::CACHE_CONTROL, value);
    }
    response
}

fn drip(document: String, pause: Duration) -> Response {
    let bytes = document.into_bytes().into_iter();
    let stream = futures_util::stream::unfold(bytes, move |mut bytes| async move {
        tokio::time::sleep(pause).await;
        let byte = bytes.next()?;
        let chunk = Ok::<_, std::convert::Infallible>(Bytes::from(vec![byte]));
        Some((chunk, bytes))
    });
    Body::from_stream(stream).into_response()
}

fn hash(document: &str) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    document.hash(&mut hasher);
    hasher.finish()
}
