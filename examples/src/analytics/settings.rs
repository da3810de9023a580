//! The settings of the API, from the environment.

use std::net::SocketAddr;
use std::time::Duration;

use tenancy_core::{
    Admission, ClaimMap, ConfigError, InvalidPattern, Issuer, JwtVerifier, KeySource,
};

/// Where to listen, and whose tokens to accept.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `BIND`, by default `127.0.0.1:8000`.
    pub bind: SocketAddr,
    /// `DATABASE_URL`; an embedded database without it.
    pub database_url: Option<String>,
    /// `FRONTEGG_BASE_URL`: the issuer, byte-equal to `iss`. By default `https://api.frontegg.com`.
    pub issuer: String,
    /// `FRONTEGG_CLIENT_ID`: the audience.
    pub audience: String,
    /// How soon keys may be asked for again because of a token; the library's default when `None`.
    pub key_cooldown: Option<Duration>,
}

/// Settings that cannot work. Each says what to mend.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SettingsError {
    /// There is no audience.
    #[error("FRONTEGG_CLIENT_ID is not set; give the client id that tokens carry as `aud`")]
    NoAudience,
    /// The address cannot be read.
    #[error("BIND is `{0}`, which is no address; write host and port, such as 127.0.0.1:8000")]
    Bind(String),
    /// The issuer cannot work.
    #[error("FRONTEGG_BASE_URL or FRONTEGG_CLIENT_ID cannot work: {0}")]
    Issuer(String),
    /// A path that is public cannot be one.
    #[error("a path that is public cannot be served: {0}")]
    Path(#[from] InvalidPattern),
}

impl Settings {
    /// Reads the settings through `variable`, which is `std::env::var` in a program.
    ///
    /// # Errors
    /// When a variable is missing or cannot be read.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let given = |name: &str| variable(name).filter(|value| !value.is_empty());
        let bind = given("BIND").unwrap_or_else(|| "127.0.0.1:8000".to_owned());
        Ok(Self {
            bind: bind.parse().map_err(|_| SettingsError::Bind(bind))?,
            database_url: given("DATABASE_URL"),
            issuer: given("FRONTEGG_BASE_URL")
                .unwrap_or_else(|| "https://api.frontegg.com".to_owned()),
            audience: given("FRONTEGG_CLIENT_ID").ok_or(SettingsError::NoAudience)?,
            key_cooldown: None,
        })
    }

    /// Who may enter: tokens of the issuer, for the audience. Needs no network.
    ///
    /// # Errors
    /// When the issuer is no URL that keys can be fetched from.
    pub fn admission(&self) -> Result<Admission, SettingsError> {
        let verifier = self.verifier().map_err(|error| {
            let source = std::error::Error::source(&error).map(|cause| format!(": {cause}"));
            SettingsError::Issuer(format!("{error}{}", source.unwrap_or_default()))
        })?;
        Ok(Admission::new(verifier)
            .forbid_missing_credential()
            .exempt("/health")?)
    }

    fn verifier(&self) -> Result<JwtVerifier, ConfigError> {
        let mut keys = KeySource::url(format!(
            "{}/.well-known/jwks.json",
            self.issuer.trim_end_matches('/')
        ));
        if let Some(cooldown) = self.key_cooldown {
            keys = keys.cooldown(cooldown);
        }
        let issuer = Issuer::new(&self.issuer, ClaimMap::frontegg())
            .audience(&self.audience)
            .keys(keys);
        JwtVerifier::new([issuer])
    }
}
