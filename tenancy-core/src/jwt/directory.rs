//! `IssuerDirectory`, for issuers that are not known when the service starts.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::Issuer;

/// Knows issuers that are not known when the service starts, as where each tenant brings an identity provider of
/// its own.
///
/// It is asked for a name that a token claims before anything of the token is verified: answer only names that
/// somebody you trust has registered, and never fetch what the name points to. An answer counts for 5 minutes,
/// "nobody" for one minute. An answer that equals the last one keeps the issuer's keys; two answers with
/// [`KeySource::fetched`](crate::KeySource::fetched) are equal when they hold the same source, so keep and clone it. Up to 10 000 issuers are
/// remembered with their keys. Bind each issuer to its tenants with [`Issuer::tenants`].
///
/// ```
/// use std::collections::HashMap;
/// use tenancy_core::{
///     ClaimMap, DirectoryUnavailable, Issuer, IssuerDirectory, JwtVerifier, KeySource, TenantId,
/// };
///
/// #[derive(Debug)]
/// struct Customers(HashMap<String, TenantId>);
///
/// # #[cfg(feature = "http")]
/// #[async_trait::async_trait]
/// impl IssuerDirectory for Customers {
///     async fn issuer(&self, name: &str) -> Result<Option<Issuer>, DirectoryUnavailable> {
///         Ok(self.0.get(name).map(|tenant| {
///             Issuer::new(name, ClaimMap::new("tenant"))
///                 .audience("our-service")
///                 .keys(KeySource::discovery())
///                 .tenants([tenant.clone()])
///         }))
///     }
/// }
///
/// # #[cfg(feature = "http")] {
/// let customers = Customers(HashMap::new());
/// let verifier = JwtVerifier::builder().directory(customers).build()?;
/// # let _ = verifier;
/// # }
/// # Ok::<(), tenancy_core::ConfigError>(())
/// ```
#[async_trait::async_trait]
pub trait IssuerDirectory: fmt::Debug + Send + Sync {
    /// The issuer of this name, which has to be the name of the answer too; `None` when it is nobody's.
    ///
    /// # Errors
    /// When that cannot be found out now. The request is then refused with 503.
    async fn issuer(&self, name: &str) -> Result<Option<Issuer>, DirectoryUnavailable>;
}

/// Whether a name is that of an issuer cannot be found out now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the directory of issuers is unavailable: {cause}")]
pub struct DirectoryUnavailable {
    /// When asking again makes sense.
    pub retry_after: Duration,
    /// What happened, for logs.
    pub cause: String,
}

#[async_trait::async_trait]
impl<D: IssuerDirectory + ?Sized> IssuerDirectory for Arc<D> {
    async fn issuer(&self, name: &str) -> Result<Option<Issuer>, DirectoryUnavailable> {
        (**self).issuer(name).await
    }
}
