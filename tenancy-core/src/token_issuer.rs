//! `TokenIssuer`, for services that are their own identity provider, and for tests.

#[cfg(feature = "aws-lc-rs")]
mod key_pair;
mod signing_key;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64_simd::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde_json::{Map, Value};

pub use self::signing_key::SigningKey;
use crate::{
    ClaimMap, Clock, ConfigProblem, Issuer, KeySource, ProjectId, SubjectId, SystemClock, TenantId,
};

/// What [`TokenIssuer`] writes itself, and so what a caller's claim cannot be called.
const RESERVED: [&str; 11] = [
    "iss",
    "aud",
    "sub",
    "exp",
    "iat",
    "nbf",
    "jti",
    "tenant_id",
    "project_id",
    "roles",
    "permissions",
];
/// What verifiers accept by default, see [`Issuer::max_lifetime`].
const MAX_LIFETIME: Duration = Duration::from_hours(366 * 24);

/// Issues tokens that a [`JwtVerifier`](crate::JwtVerifier) accepts: for services with logins of their own, and for
/// tests of any service.
///
/// Tokens live for an hour, say when they were issued, and have a random id by which they can be revoked.
///
/// ```
/// use tenancy_core::{
///     Algorithm, BearerToken, JwtVerifier, SharedSecret, SigningKey, SubjectId, TenantId, TokenIssuer,
/// };
///
/// let secret = SharedSecret::new(Algorithm::HS256, "at least as long as the hash, so 32 bytes");
/// let issuer = TokenIssuer::new("chat-service", "chat-service", SigningKey::shared_secret(secret))?;
/// let verifier = JwtVerifier::new([issuer.issuer()])?;
///
/// let token = issuer
///     .token(&TenantId::parse("acme")?, &SubjectId::parse("ada")?)
///     .roles(["Editor"])
///     .sign()?;
/// # tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(async {
/// let claims = verifier.verify(BearerToken::parse(&token).unwrap()).await?;
/// assert_eq!(claims.tenant().unwrap().as_str(), "acme");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct TokenIssuer {
    name: Arc<str>,
    audience: String,
    key: SigningKey,
    lifetime: Duration,
    clock: Arc<dyn Clock>,
}

/// A token that cannot be issued.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The name of the issuer or the audience is empty.
    #[error("a token issuer needs a name and an audience")]
    Nameless,
    /// The shared secret is not sound.
    #[error(transparent)]
    Secret(#[from] ConfigProblem),
    /// The key is no private key for the algorithm, or the machine has no randomness to make one.
    #[error("no private key for `{0}` could be made or read")]
    Key(crate::Algorithm),
    /// The signature could not be made.
    #[error("the token could not be signed")]
    Signature,
    /// The machine has no randomness to give.
    #[error("there is no randomness for the id of the token")]
    Randomness,
    /// Tokens would live for less than a second or for more than 366 days.
    #[error("tokens live for at least a second and at most 366 days")]
    Lifetime,
    /// A claim has a name that the issuer uses itself.
    #[error("the claim `{0}` is the issuer's to write; use another name")]
    Reserved(String),
    /// A claim cannot be written as JSON.
    #[error("the claim `{0}` cannot be written as JSON")]
    Claim(String),
}

impl TokenIssuer {
    /// An issuer called `name` of tokens meant for `audience`, signed with `key`.
    ///
    /// # Errors
    /// When the name or the audience is empty.
    pub fn new(
        name: impl Into<String>,
        audience: impl Into<String>,
        key: SigningKey,
    ) -> Result<Self, IssueError> {
        let (name, audience): (Arc<str>, String) = (name.into().into(), audience.into());
        if name.is_empty() || audience.is_empty() {
            return Err(IssueError::Nameless);
        }
        key.check(&name)?;
        Ok(Self {
            name,
            audience,
            key,
            lifetime: Duration::from_hours(1),
            clock: Arc::new(SystemClock::default()),
        })
    }

    /// How long tokens live: an hour by default, 366 days at most.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Where time comes from.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// What a verifier needs to accept the tokens: this issuer with its audience, keys and claims.
    pub fn issuer(&self) -> Issuer {
        let claims = ClaimMap::new("tenant_id")
            .project("project_id")
            .roles("roles")
            .permissions("permissions");
        let keys = match (self.key.secret(), self.jwks()) {
            (None, Some(jwks)) => KeySource::fixed(jwks),
            (secret, _) => KeySource::shared_secrets(secret.cloned()),
        };
        Issuer::new(&*self.name, claims)
            .audience(self.audience.clone())
            .keys(keys)
    }

    /// The JWK set to publish, for other services to verify with. `None` when the key is a shared secret, which must
    /// not be published.
    pub fn jwks(&self) -> Option<String> {
        let jwk = self.key.jwk()?;
        Some(serde_json::json!({ "keys": [jwk] }).to_string())
    }

    /// A token for `subject` acting for `tenant`. Nothing is issued before [`NewToken::sign`].
    pub fn token<'a>(&'a self, tenant: &'a TenantId, subject: &'a SubjectId) -> NewToken<'a> {
        NewToken {
            issuer: self,
            tenant,
            subject,
            lifetime: self.lifetime,
            more: Map::new(),
            problem: None,
        }
    }
}

/// A token that is being written. `Debug` shows none of its claims.
#[derive(Clone)]
#[must_use = "call `sign`"]
pub struct NewToken<'a> {
    issuer: &'a TokenIssuer,
    tenant: &'a TenantId,
    subject: &'a SubjectId,
    lifetime: Duration,
    more: Map<String, Value>,
    problem: Option<IssueError>,
}

impl NewToken<'_> {
    /// The project within the tenant.
    pub fn project(mut self, project: &ProjectId) -> Self {
        self.more
            .insert("project_id".to_owned(), project.as_str().into());
        self
    }

    /// The roles of the subject in the tenant.
    pub fn roles<S: Into<String>>(mut self, roles: impl IntoIterator<Item = S>) -> Self {
        self.more.insert("roles".to_owned(), list(roles));
        self
    }

    /// The permissions of the subject in the tenant.
    pub fn permissions<S: Into<String>>(
        mut self,
        permissions: impl IntoIterator<Item = S>,
    ) -> Self {
        self.more
            .insert("permissions".to_owned(), list(permissions));
        self
    }

    /// Any other claim. Whoever holds the token can read it.
    pub fn claim(mut self, name: &str, value: impl Serialize) -> Self {
        if RESERVED.contains(&name) {
            self.problem = Some(IssueError::Reserved(name.to_owned()));
            return self;
        }
        match serde_json::to_value(value) {
            Ok(value) => {
                self.more.insert(name.to_owned(), value);
            }
            Err(_) => self.problem = Some(IssueError::Claim(name.to_owned())),
        }
        self
    }

    /// How long this token lives.
    pub fn lifetime(mut self, lifetime: Duration) -> Self {
        self.lifetime = lifetime;
        self
    }

    /// Signs the token.
    ///
    /// # Errors
    /// When a claim has a name that is taken or cannot be written, when the lifetime is out of range, or when the
    /// machine has no randomness to give.
    pub fn sign(self) -> Result<String, IssueError> {
        if let Some(problem) = self.problem {
            return Err(problem);
        }
        if self.lifetime < Duration::from_secs(1) || self.lifetime > MAX_LIFETIME {
            return Err(IssueError::Lifetime);
        }
        let now = self.issuer.clock.now();
        let mut claims = self.more;
        for (name, value) in [
            ("iss", Value::from(&*self.issuer.name)),
            ("aud", self.issuer.audience.as_str().into()),
            ("sub", self.subject.as_str().into()),
            ("tenant_id", self.tenant.as_str().into()),
            ("iat", now.as_seconds().into()),
            ("exp", now.saturating_add(self.lifetime).as_seconds().into()),
            ("jti", random_id()?.into()),
        ] {
            claims.insert(name.to_owned(), value);
        }
        let header = self.issuer.key.header().to_string();
        let payload = Value::Object(claims).to_string();
        self.issuer.key.sign_compact(&header, &payload)
    }
}

impl fmt::Debug for NewToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewToken")
            .field("tenant", &self.tenant.as_str())
            .field("lifetime", &self.lifetime)
            .finish_non_exhaustive()
    }
}

fn list<S: Into<String>>(items: impl IntoIterator<Item = S>) -> Value {
    items
        .into_iter()
        .map(Into::into)
        .collect::<Vec<String>>()
        .into()
}

/// 128 random bits: no two tokens of an issuer ever share an id.
fn random_id() -> Result<String, IssueError> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).map_err(|_| IssueError::Randomness)?;
    Ok(URL_SAFE_NO_PAD.encode_to_string(bytes))
}
