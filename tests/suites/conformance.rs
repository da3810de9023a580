//! axum and actix-web, request by request: the same status, the same header fields, the same bytes; and each answer
//! belongs to its asker.

mod actix_company;
mod authority;
mod both;
mod connections;
mod crowd;
mod guards;
mod hyper;
mod limits;
mod naming;
mod requests;
mod sockets;
mod tonic;
mod transactions;

use serde_json::{Value, json};
use tenancy_core::{
    Admission, ApiKey, ApiKeyRecord, ApiKeys, ClaimMap, Issuer, JwtVerifier, KeySource,
    MemoryApiKeys, SubjectId, TenantId,
};
use tenancy_examples::identity_provider::{SigningKey, now};

const ISSUER: &str = "https://issuer.example";

/// An issuer whose tokens are for the tenants in `orgs`, and the API keys of a service.
struct Provider(SigningKey, MemoryApiKeys);

impl Provider {
    fn new() -> Self {
        Self(SigningKey::ec(1).unwrap(), MemoryApiKeys::new())
    }

    fn api_keys(&self) -> ApiKeys {
        ApiKeys::new(self.1.clone())
    }

    fn api_key(&self, tenant: &str, subject: &str) -> String {
        let key = ApiKey::generate().unwrap();
        let (tenant, subject) = (TenantId::parse(tenant), SubjectId::parse(subject));
        let record = ApiKeyRecord::new(key.hash(), tenant.unwrap(), subject.unwrap());
        self.1.insert(record);
        key.expose()
    }

    fn admission(&self) -> Admission {
        let set = json!({ "keys": [self.0.public()] }).to_string();
        let map = ClaimMap::of_memberships("orgs")
            .projects("projects")
            .roles("roles");
        let issuer = Issuer::new(ISSUER, map).audience("us");
        let issuer = issuer.keys(KeySource::fixed(set));
        Admission::new(JwtVerifier::new([issuer]).unwrap())
    }

    fn token(&self, orgs: &[&str], subject: &str) -> String {
        self.token_with(&json!({ "orgs": orgs, "sub": subject }))
    }

    /// A good token but for `claims`.
    fn token_with(&self, claims: &Value) -> String {
        let mut all = json!({ "iss": ISSUER, "aud": "us", "sub": "ada", "orgs": ["acme"], "exp": now() + 600 });
        let claims = claims.as_object().unwrap().clone();
        all.as_object_mut().unwrap().extend(claims);
        self.0.sign(&all)
    }

    fn bearer(&self, tenant: &str, subject: &str) -> String {
        format!("Bearer {}", self.token(&[tenant], subject))
    }
}

/// Each of these functions as a test on each framework.
macro_rules! on_both_frameworks {
    ($($test:ident)*) => {
        mod on_axum {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test::<crate::twins::OnAxum>().await;
            })*
        }

        mod on_actix {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $test() {
                super::$test::<crate::twins::OnActix>().await;
            })*
        }
    };
}

use on_both_frameworks;
