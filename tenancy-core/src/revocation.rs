//! Revocation: tokens that must no longer be accepted although they have not expired.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use crate::{Claims, SubjectId, TenantId, UnixTime};

/// Knows which tokens were revoked. Asked about every token that is otherwise good, each time it is
/// presented, also when the token was remembered.
///
/// [`RevocationList`] keeps it in memory. Implement the trait over your own storage to revoke on every instance
/// at once.
///
/// ```
/// use tenancy_core::{Claims, Revocations, RevocationsUnavailable};
///
/// #[derive(Debug)]
/// struct NobodyNamedEve;
///
/// #[async_trait::async_trait]
/// impl Revocations for NobodyNamedEve {
///     async fn is_revoked(&self, claims: &Claims) -> Result<bool, RevocationsUnavailable> {
///         Ok(claims.subject().as_str() == "eve")
///     }
/// }
/// ```
#[async_trait::async_trait]
pub trait Revocations: fmt::Debug + Send + Sync {
    /// Whether the token with these claims was revoked.
    ///
    /// # Errors
    /// When that cannot be found out now. The request is then refused with 503, not admitted.
    async fn is_revoked(&self, claims: &Claims) -> Result<bool, RevocationsUnavailable>;
}

#[async_trait::async_trait]
impl<R: Revocations + ?Sized> Revocations for Arc<R> {
    async fn is_revoked(&self, claims: &Claims) -> Result<bool, RevocationsUnavailable> {
        (**self).is_revoked(claims).await
    }
}

/// Whether a token was revoked cannot be found out now.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("revocations are unavailable: {cause}")]
pub struct RevocationsUnavailable {
    /// When asking again makes sense.
    pub retry_after: Duration,
    /// What happened, for logs.
    pub cause: String,
}

/// Revocations in the memory of this process: gone with it, and unknown to other instances. Cheap to clone; clones
/// share the list. Entries for subjects and tenants stay; those for tokens go by [`forget_expired`](Self::forget_expired).
///
/// ```
/// use tenancy_core::{RevocationList, SubjectId, TenantId, UnixTime};
///
/// let revoked = RevocationList::new();
/// let now = UnixTime::from_seconds(1_700_000_000);
/// // One token, until it would have expired by itself.
/// revoked.revoke_token("https://issuer.example", "jti-1", UnixTime::from_seconds(1_700_003_600));
/// // All that a user or a tenant holds: what is issued later is good again.
/// revoked.revoke_subject_before("https://issuer.example", SubjectId::parse("ada")?, now);
/// revoked.revoke_tenant_before(TenantId::parse("acme")?, now);
/// # Ok::<(), tenancy_core::InvalidIdentifier>(())
/// ```
#[derive(Debug, Clone, Default)]
pub struct RevocationList(Arc<RwLock<Lists>>);

#[derive(Default)]
struct Lists {
    /// By issuer and `jti`, with the expiry after which the entry is of no use.
    tokens: HashMap<(String, String), UnixTime>,
    subjects: HashMap<(String, SubjectId), UnixTime>,
    tenants: HashMap<TenantId, UnixTime>,
}

impl RevocationList {
    /// An empty list.
    pub fn new() -> Self {
        Self::default()
    }

    /// Revokes the one token of `issuer` that has this `jti`. `expires_at` is the token's own, from when on
    /// [`forget_expired`](Self::forget_expired) drops the entry.
    pub fn revoke_token(&self, issuer: &str, token_id: &str, expires_at: UnixTime) {
        let key = (issuer.to_owned(), token_id.to_owned());
        extend(&mut self.write().tokens, key, expires_at);
    }

    /// Revokes every token of `subject` that `issuer` issued before `time`, as after a change of password.
    /// A token without `iat` counts as issued before.
    pub fn revoke_subject_before(&self, issuer: &str, subject: SubjectId, time: UnixTime) {
        let key = (issuer.to_owned(), subject);
        extend(&mut self.write().subjects, key, time);
    }

    /// Revokes every token for `tenant` that was issued before `time`, whoever issued it. Of a token for several
    /// tenants it takes all.
    pub fn revoke_tenant_before(&self, tenant: TenantId, time: UnixTime) {
        extend(&mut self.write().tenants, tenant, time);
    }

    /// Drops the entries of single tokens that have expired by `now`, leeway included. Call it now and then.
    pub fn forget_expired(&self, now: UnixTime) {
        // The greatest leeway that an issuer can be configured with.
        let past = now.saturating_sub(Duration::from_mins(5));
        self.write()
            .tokens
            .retain(|_, expires_at| *expires_at > past);
    }

    fn contains(&self, claims: &Claims) -> bool {
        let lists = self.0.read().unwrap_or_else(PoisonError::into_inner);
        let issued_before =
            |time: &UnixTime| claims.issued_at().is_none_or(|issued| issued < *time);
        let issuer = claims.issuer();
        let by_token = !lists.tokens.is_empty()
            && claims.token_id().is_some_and(|id| {
                lists
                    .tokens
                    .contains_key(&(issuer.to_owned(), id.to_owned()))
            });
        let by_subject = !lists.subjects.is_empty()
            && lists
                .subjects
                .get(&(issuer.to_owned(), claims.subject().clone()))
                .is_some_and(issued_before);
        by_token
            || by_subject
            || claims
                .tenants()
                .iter()
                .any(|tenant| lists.tenants.get(tenant).is_some_and(issued_before))
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Lists> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The later time of two counts, in whichever order they were given.
fn extend<K: Hash + Eq>(times: &mut HashMap<K, UnixTime>, key: K, time: UnixTime) {
    let latest = times.entry(key).or_insert(time);
    *latest = time.max(*latest);
}

#[async_trait::async_trait]
impl Revocations for RevocationList {
    async fn is_revoked(&self, claims: &Claims) -> Result<bool, RevocationsUnavailable> {
        Ok(self.contains(claims))
    }
}

impl fmt::Debug for Lists {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lists")
            .field("tokens", &self.tokens.len())
            .field("subjects", &self.subjects.len())
            .field("tenants", &self.tenants.len())
            .finish()
    }
}
