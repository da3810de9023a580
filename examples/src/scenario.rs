//! Two tenants of one service, acme and globex, try to reach each other over HTTP.
//!
//! The scenario knows nothing of the service but its address, so that it plays against every implementation
//! of the API alike.

mod door;
mod rows;
mod seed;

use reqwest::{Client, Method};
use serde_json::Value;

use crate::identity_provider::IdentityProvider;

pub use self::seed::seed;

/// The tenants, each with its users.
pub const ACME: Tenant = Tenant {
    id: "acme",
    users: &["ada", "alan"],
};
/// The other tenant.
pub const GLOBEX: Tenant = Tenant {
    id: "globex",
    users: &["grace", "gustav"],
};

/// A tenant of the scenario.
#[derive(Debug, Clone, Copy)]
pub struct Tenant {
    /// Its identifier.
    pub id: &'static str,
    /// Who works there. The first one acts.
    pub users: &'static [&'static str],
}

/// Where the scenario is played: a service that trusts a provider.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The address of the service, such as `http://127.0.0.1:8000`.
    pub service: String,
    /// The provider that it trusts.
    pub provider: &'a IdentityProvider,
    client: Client,
}

/// One thing that was tried.
#[derive(Debug, Clone)]
pub struct Step {
    /// What was tried.
    pub attempt: &'static str,
    /// What came back or, when that is not what should have, why not.
    pub outcome: Result<String, String>,
}

/// How the scenario went.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Tally {
    /// Steps that went as they should.
    pub passed: usize,
    /// Steps that did not.
    pub failed: usize,
}

/// Plays all steps in order and shows each as it is done.
pub async fn play(stage: &Stage<'_>, mut show: impl FnMut(&Step)) -> Tally {
    let mut tally = Tally::default();
    let mut done = |attempt, outcome: Result<String, String>| {
        match outcome {
            Ok(_) => tally.passed += 1,
            Err(_) => tally.failed += 1,
        }
        show(&Step { attempt, outcome });
    };
    done("health needs no token", door::health(stage).await);
    done("acme reads its own data", rows::own_data(stage, ACME).await);
    done(
        "globex reads its own data",
        rows::own_data(stage, GLOBEX).await,
    );
    done(
        "acme names globex in the body",
        rows::foreign_tenant_in_body(stage).await,
    );
    done(
        "acme names globex in the query",
        rows::foreign_tenant_in_query(stage).await,
    );
    done("no token", door::missing_token(stage).await);
    done(
        "a malformed credential",
        door::malformed_credential(stage).await,
    );
    done(
        "a token signed by a stranger's key",
        door::stranger(stage).await,
    );
    done("a token with alg: none", door::unsigned(stage).await);
    done("an expired token", door::expired(stage).await);
    done(
        "a token without an organisation",
        door::without_organisation(stage).await,
    );
    done(
        "a token changed after it was signed",
        door::tampered(stage).await,
    );
    done(
        "an ES256 token of the same provider",
        door::elliptic_curve(stage).await,
    );
    done(
        "SELECT * without WHERE, by a forgetful developer",
        rows::select_without_where(stage).await,
    );
    done(
        "INSERT for globex in raw SQL, as acme",
        rows::insert_for_another(stage).await,
    );
    done(
        "acme hangs up halfway; globex gets the connection",
        rows::hang_up(stage).await,
    );
    done(
        "the provider replaces its keys",
        door::rotation(stage).await,
    );
    tally
}

/// What the service answered.
struct Reply {
    status: u16,
    body: Value,
}

impl<'a> Stage<'a> {
    /// A stage for the service at `service`, which trusts `provider`.
    pub fn new(service: impl Into<String>, provider: &'a IdentityProvider) -> Self {
        Self {
            service: service.into(),
            provider,
            // The service is on loopback, whatever proxy the environment names.
            client: Client::builder().no_proxy().build().unwrap_or_default(),
        }
    }

    fn token(&self, tenant: Tenant) -> String {
        self.provider
            .token(tenant.id, tenant.users.first().copied().unwrap_or_default())
    }

    async fn get(&self, path: &str, token: &str) -> Result<Reply, String> {
        self.send(Method::GET, path, Some(&format!("Bearer {token}")), None)
            .await
    }

    async fn send(
        &self,
        method: Method,
        path: &str,
        authorization: Option<&str>,
        body: Option<Value>,
    ) -> Result<Reply, String> {
        let mut request = self
            .client
            .request(method, format!("{}{path}", self.service));
        if let Some(value) = authorization {
            request = request.header("authorization", value);
        }
        if let Some(body) = body {
            request = request.json(&body);
        }
        let response = request
            .send()
            .await
            .map_err(|error| format!("the service does not answer: {error}"))?;
        let status = response.status().as_u16();
        let text = response
            .text()
            .await
            .map_err(|error| format!("the answer broke off: {error}"))?;
        Ok(Reply {
            status,
            body: serde_json::from_str(&text).unwrap_or(Value::String(text)),
        })
    }
}

impl Reply {
    /// The answer refuses with this status and code, and with nothing else.
    fn refuses(&self, status: u16, code: &str) -> Result<String, String> {
        let found = self
            .body
            .get("code")
            .and_then(Value::as_str)
            .unwrap_or("no code");
        if self.status == status && found == code && self.body.get("data").is_none() {
            Ok(format!("{status} {code}"))
        } else {
            Err(format!(
                "expected {status} {code}, got {} {}",
                self.status, self.body
            ))
        }
    }
}
