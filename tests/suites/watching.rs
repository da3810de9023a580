//! What an operator sees of each request: its span, its count, its audit event, and where it came from. Alike on axum and
//! actix-web, over HTTP, with subscribers and recorders of their own.

mod addresses;
mod auditing;
mod counting;
mod ids;
mod listening;
mod spans;
mod twins;

use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::json;
use tenancy_core::{
    Admission, Allowance, AuditEvent, AuditSink, ClaimMap, Issuer, JwtVerifier, KeySource, Limits,
    ManualClock, MemoryDirectory, RateLimit, TenantId, TenantRecord, TenantStatus, UnixTime,
};
use tenancy_examples::identity_provider::{SigningKey, now};

use self::listening::Heard;
use crate::twins::{Connection, Reply, get};

const ISSUER: &str = "https://issuer.example";
const TIME: UnixTime = UnixTime::from_seconds(1_700_000_000);

/// Keeps what it is told.
#[derive(Debug, Clone, Default)]
struct Written(Arc<Mutex<Vec<AuditEvent>>>);

impl AuditSink for Written {
    fn record(&self, event: &AuditEvent) {
        let mut events = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        events.push(event.clone());
    }
}

impl Written {
    fn events(&self) -> Vec<AuditEvent> {
        self.0.lock().unwrap().clone()
    }
}

/// Who the service believes.
struct Provider(SigningKey);

impl Provider {
    fn new() -> Self {
        Self(SigningKey::ec(1).unwrap())
    }

    /// Acme and globex are active, initech is suspended, and hooli may ask once.
    fn admission(&self) -> Admission {
        let set = json!({ "keys": [self.0.public()] }).to_string();
        let issuer = Issuer::new(ISSUER, ClaimMap::new("org").roles("roles"));
        let issuer = issuer.audience("us").keys(KeySource::fixed(set));
        let directory = MemoryDirectory::new();
        for name in ["acme", "globex", "hooli"] {
            directory.add(TenantRecord::new(id(name))).unwrap();
        }
        let suspended = TenantRecord::new(id("initech")).with_status(TenantStatus::Suspended);
        directory.add(suspended).unwrap();
        let once = RateLimit::per_hour(1.try_into().unwrap());
        let limits = Limits::new(Allowance::new()).tenant(id("hooli"), Allowance::new().rate(once));
        Admission::new(JwtVerifier::new([issuer]).unwrap())
            .token_query_parameter("access_token")
            .unwrap()
            .exempt("/open")
            .unwrap()
            .directory(directory)
            .limits(limits)
            .audit_clock(ManualClock::at(TIME))
    }

    fn token(&self, tenant: &str, subject: &str) -> String {
        let claims = json!({ "iss": ISSUER, "aud": "us", "sub": subject, "org": tenant, "exp": now() + 600 });
        self.0.sign(&claims)
    }

    fn bearer(&self, tenant: &str, subject: &str) -> String {
        format!("Bearer {}", self.token(tenant, subject))
    }
}

fn id(name: &str) -> TenantId {
    TenantId::parse(name).unwrap()
}

/// A service on one of the frameworks, and all that it says.
struct Watched {
    name: &'static str,
    address: SocketAddr,
    heard: Heard,
    written: Written,
}

impl Watched {
    /// With an admission each, because clones of one count together.
    fn both(provider: &Provider, configure: impl Fn(Admission) -> Admission) -> [Self; 2] {
        let start = |name, serve: fn(Admission, Heard) -> SocketAddr| {
            let (heard, written) = (Heard::default(), Written::default());
            let admission = configure(provider.admission().audit(written.clone()));
            let address = serve(admission, heard.clone());
            Self {
                name,
                address,
                heard,
                written,
            }
        };
        [
            start("axum", twins::on_axum),
            start("actix-web", twins::on_actix),
        ]
    }

    async fn ask(&self, path: &str, fields: &[(&str, &str)]) -> Reply {
        Connection::to(self.address)
            .await
            .ask(&get(path, fields))
            .await
    }

    async fn ask_as(&self, bearer: &str, path: &str) -> Reply {
        self.ask(path, &[("authorization", bearer)]).await
    }
}

/// Looks again for a while, because something happens behind the back of the client.
async fn soon(what: &str, holds: impl Fn() -> bool) {
    for _ in 0..800 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(25)).await;
    }
    panic!("{what} does not happen");
}
