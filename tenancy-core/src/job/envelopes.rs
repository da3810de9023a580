//! `JobEnvelopes`, which seals for whom a job is to be done, and opens that again.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::Job;
use super::error::{JobOpenError, JobSealError};
use super::key::EnvelopeKey;
use crate::danger::justified;
use crate::json::{Json, Object, object};
use crate::{
    Clock, ProjectId, SigningKey, SubjectId, SystemClock, TenantContext, TenantDirectory,
    TenantDirectoryUnavailable, TenantId, TenantRecord, TenantStatus, UnixTime, identifier,
};

/// The longest reason in bytes.
pub(super) const MAX_REASON: usize = 500;
/// The longest envelope in bytes: of the longest names and reason, all of it escaped, with the signature of the largest key.
const MAX_ENVELOPE: usize = 8 * 1024;
/// The member that says that the work is for certain projects of the tenant, if any.
const LIMITED: &str = "limited_to_projects";
const MAX_LIFETIME: Duration = Duration::from_hours(366 * 24);

/// Seals for which tenant a job is to be done, and opens that again where it is done.
///
/// A request is over when its job runs, and so is its token. What goes into the queue with the job is an envelope: a signed
/// text that says for which tenant, for whom in it, in which project and why, for which queue, and until when. The worker
/// opens it and has a [`TenantContext`], as a handler has.
///
/// ```
/// use std::time::Duration;
/// use tenancy_core::{Algorithm, JobEnvelopes, MemoryDirectory, SharedSecret, SigningKey};
/// # use tenancy_core::{TenantId, TenantRecord, danger};
///
/// let secret = SharedSecret::new(Algorithm::HS256, "at least as long as the hash, so 32 bytes");
/// let envelopes = JobEnvelopes::new("invoices", SigningKey::shared_secret(secret))?;
/// let directory = MemoryDirectory::new();
/// # let acme = TenantId::parse("acme")?;
/// # directory.add(TenantRecord::new(acme.clone()))?;
/// # let tenant = danger::assume(acme, "documentation")?;
///
/// // In the handler, beside what is to be done:
/// let envelope = envelopes.seal(&tenant, "send the invoice of May", Duration::from_secs(24 * 60 * 60))?;
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
///
/// // In the worker:
/// let tenant = envelopes.open(&envelope, &directory).await?;
/// assert_eq!(tenant.tenant().as_str(), "acme");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// # })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// - The tenant's status is looked up again: between sealing and opening it may have been suspended or deleted.
/// - Roles and permissions do not go along. Whether the subject may have this done was decided when the job was made; a
///   worker acts for the tenant, and a role that was withdrawn since is not revived by an old envelope.
/// - An envelope may be opened several times, because queues deliver *at least* once. Who needs *once* keeps the job's
///   own id.
/// - It says for whom, and not what: it does not hold the rest of the job together. In a queue that others write to,
///   somebody can put a good envelope beside other work for its tenant.
/// - It is signed, not encrypted.
///
/// The envelope is a compact JWS ([RFC 7515 §7.1]) of a type of its own ([RFC 8725 §3.11]). A
/// [`JwtVerifier`](crate::JwtVerifier) takes none for an access token, and no token is opened as an envelope, also where both are
/// signed with one key. Of at most 8 KiB. Cheap to clone.
///
/// [RFC 7515 §7.1]: https://www.rfc-editor.org/rfc/rfc7515#section-7.1
/// [RFC 8725 §3.11]: https://www.rfc-editor.org/rfc/rfc8725#section-3.11
#[derive(Clone)]
pub struct JobEnvelopes {
    queue: Arc<str>,
    seals_with: Arc<EnvelopeKey>,
    also_opens_with: Vec<Arc<EnvelopeKey>>,
    clock: Arc<dyn Clock>,
}

impl JobEnvelopes {
    /// Envelopes for the queue of this name, sealed with `key`. Where they are opened the name has to be the same.
    ///
    /// # Errors
    /// When the name is empty, longer than 255 bytes or has control characters, or when a shared secret is shorter than
    /// its hash.
    pub fn new(queue: &str, key: SigningKey) -> Result<Self, JobSealError> {
        identifier::check("the name of a queue", queue)?;
        let queue = queue.into();
        let seals_with = envelope_key(&queue, key)?;
        Ok(Self {
            queue,
            seals_with,
            also_opens_with: Vec::new(),
            clock: Arc::new(SystemClock::default()),
        })
    }

    /// Opens what was sealed with `key` as well. May be called for several.
    ///
    /// A key is replaced in three steps, each of them on every instance before the next: also open with the new one; seal with
    /// the new one and also open with the old one; and, when the last envelope of the old one has expired, forget it.
    ///
    /// # Errors
    /// When a shared secret is shorter than its hash.
    pub fn also_open_with(mut self, key: SigningKey) -> Result<Self, JobSealError> {
        let key = envelope_key(&self.queue, key)?;
        self.also_opens_with.push(key);
        Ok(self)
    }

    /// Where time comes from.
    pub fn clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// An envelope for work that is to be done for the tenant of `context`, and for its subject and project if it has them.
    /// It is good for `lifetime`, in whole seconds. The `reason` is for the logs of those who will ask why the work was done.
    ///
    /// # Errors
    /// When the reason is blank, longer than 500 bytes or has control characters, when the lifetime is below a second or
    /// above 366 days, or when the key does not sign.
    pub fn seal(
        &self,
        context: &TenantContext,
        reason: &str,
        lifetime: Duration,
    ) -> Result<String, JobSealError> {
        let reason = justified(reason).map_err(|_| JobSealError::Reason)?;
        if reason.len() > MAX_REASON || reason.contains(char::is_control) {
            return Err(JobSealError::Reason);
        }
        if lifetime < Duration::from_secs(1) || lifetime > MAX_LIFETIME {
            return Err(JobSealError::Lifetime);
        }
        let expires_at = self.clock.now().saturating_add(lifetime);
        let (subject, project) = (context.subject(), context.project());
        let members = [
            ("aud", Some(Value::from(&*self.queue))),
            ("exp", Some(expires_at.as_seconds().into())),
            ("tenant_id", Some(context.tenant().as_str().into())),
            ("sub", subject.map(|subject| subject.as_str().into())),
            ("project_id", project.map(|project| project.as_str().into())),
            // Not less than what the project says: there need not be one.
            (
                LIMITED,
                context.is_limited_to_projects().then_some(true.into()),
            ),
            ("reason", Some(reason.into())),
        ];
        let present = members.into_iter();
        let payload: Map<String, Value> = present
            .filter_map(|(name, value)| Some((name.to_owned(), value?)))
            .collect();
        let payload = Value::Object(payload).to_string();
        Ok(self.seals_with.seal(&payload)?)
    }

    /// For whom the job is to be done, if its envelope is sound, for this queue and still good, and if `directory` knows the
    /// tenant and has it as active.
    ///
    /// Either way there is a `tracing` event: with tenant, subject and reason, or with why the envelope was not opened.
    ///
    /// # Errors
    /// [`JobOpenError`], which says what to do with the job.
    pub async fn open(
        &self,
        envelope: &str,
        directory: &dyn TenantDirectory,
    ) -> Result<TenantContext, JobOpenError> {
        let job = self.read(envelope);
        let job = job.inspect_err(|cause| self.record_refusal(None, cause))?;
        let record = active(&job.tenant, directory).await;
        let record = record.inspect_err(|cause| self.record_refusal(Some(&job.tenant), cause))?;
        let subject = job.subject.as_ref().map(SubjectId::as_str);
        let (queue, tenant, reason) = (&*self.queue, &job.tenant, &*job.reason);
        tracing::info!(target: "tenancy::jobs", queue, %tenant, subject, reason, "opened the envelope of a job");
        Ok(TenantContext::of_job(job, record))
    }

    fn record_refusal(&self, tenant: Option<&TenantId>, cause: &JobOpenError) {
        let (queue, tenant) = (&*self.queue, tenant.map(TenantId::as_str));
        tracing::warn!(target: "tenancy::jobs", queue, tenant, %cause, "did not open the envelope of a job");
    }

    fn read(&self, envelope: &str) -> Result<Job, JobOpenError> {
        let payload = self.unseal(envelope).ok_or(JobOpenError::NotSealed)?;
        let members = object(&payload).map_err(|_| JobOpenError::NotSealed)?;
        if text(&members, "aud") != Some(&*self.queue) {
            return Err(JobOpenError::OtherQueue);
        }
        let job = job(&members)?;
        // On or after that it is no longer good (RFC 7519 §4.1.4). Without leeway: whoever seals gives time enough.
        if self.clock.now() >= job.expires_at {
            return Err(JobOpenError::Expired);
        }
        Ok(job)
    }

    /// The payload of what one of the keys has sealed.
    fn unseal(&self, envelope: &str) -> Option<String> {
        if envelope.len() > MAX_ENVELOPE {
            return None;
        }
        let others = self.also_opens_with.iter();
        let mut keys = std::iter::once(&self.seals_with).chain(others);
        keys.find_map(|key| key.open(envelope))
    }
}

/// Shows nothing of the keys, their ids included.
impl fmt::Debug for JobEnvelopes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("JobEnvelopes")
            .field("queue", &self.queue)
            .finish_non_exhaustive()
    }
}

/// The record of the tenant, if it is served.
async fn active(
    tenant: &TenantId,
    directory: &dyn TenantDirectory,
) -> Result<TenantRecord, JobOpenError> {
    let record = directory.by_id(tenant).await?;
    let record = record.ok_or(JobOpenError::TenantUnknown)?;
    if record.id() != tenant {
        return Err(TenantDirectoryUnavailable::answered_for_another().into());
    }
    match record.status() {
        TenantStatus::Active => Ok(record),
        TenantStatus::Suspended => Err(JobOpenError::TenantSuspended),
        TenantStatus::Deleted => Err(JobOpenError::TenantDeleted),
    }
}

fn envelope_key(queue: &Arc<str>, key: SigningKey) -> Result<Arc<EnvelopeKey>, JobSealError> {
    key.check(queue).map_err(|_| JobSealError::Secret)?;
    Ok(Arc::new(EnvelopeKey::new(key)?))
}

fn job(members: &Object<'_>) -> Result<Job, JobOpenError> {
    let Some(Json::Integer(expires_at)) = members.get("exp") else {
        return Err(JobOpenError::NotSealed);
    };
    let tenant = optional(members, "tenant_id", TenantId::parse)?;
    let reason = text(members, "reason").map(str::to_owned);
    let is_limited_to_projects = match members.get(LIMITED) {
        None => false,
        Some(Json::Bool(true)) => true,
        Some(_) => return Err(JobOpenError::NotSealed),
    };
    Ok(Job {
        tenant: tenant.ok_or(JobOpenError::NotSealed)?,
        subject: optional(members, "sub", SubjectId::parse)?,
        project: optional(members, "project_id", ProjectId::parse)?,
        is_limited_to_projects,
        reason: reason.ok_or(JobOpenError::NotSealed)?,
        expires_at: UnixTime::from_seconds(*expires_at),
    })
}

/// A member that may be missing. One that is there has to be sound.
fn optional<T, E>(
    members: &Object<'_>,
    name: &str,
    parse: fn(&str) -> Result<T, E>,
) -> Result<Option<T>, JobOpenError> {
    let Some(value) = members.get(name) else {
        return Ok(None);
    };
    let parsed = value.as_str().and_then(|text| parse(text).ok());
    parsed.map(Some).ok_or(JobOpenError::NotSealed)
}

fn text<'a>(members: &'a Object<'_>, name: &str) -> Option<&'a str> {
    members.get(name).and_then(Json::as_str)
}
