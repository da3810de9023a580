//! Which issuer a token is of: one of a fixed set, or one that a directory knows.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use moka::sync::Cache;
use tokio::sync::Semaphore;

use super::issuer::OpenIssuer;
use super::{Issuer, IssuerDirectory, TokenProblem};
use crate::{Clock, SignatureBackend, VerifyError};

/// How long an answer of the directory counts. After that a known issuer is asked about again before its next
/// token is accepted, so that one that was removed is refused within this time.
const KNOWN_FOR: Duration = Duration::from_mins(5);
const UNKNOWN_FOR: Duration = Duration::from_mins(1);
/// How many answers are remembered: issuers with their keys, some ten KiB each, and names that are nobody's. With more
/// issuers in use at a time than that, their keys would be fetched again and again.
const KNOWN: u64 = 10_000;
const UNKNOWN: u64 = 10_000;
/// Longer names are nobody's. OpenID Connect issuers are URLs of ordinary length.
const MAX_NAME_BYTES: usize = 512;
/// How many questions may be on their way at once, about names that are known and about others: what a flood of
/// invented names costs the directory, and no issuer that is known waits behind it.
const MAX_QUESTIONS: usize = 8;
/// How long a question may take, waiting for its turn included.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(5);

/// The issuers of a verifier.
#[derive(Debug)]
pub(super) struct Issuers {
    fixed: HashMap<Arc<str>, Arc<OpenIssuer>>,
    directory: Option<Lookup>,
}

impl Issuers {
    pub(super) fn new(
        fixed: HashMap<Arc<str>, Arc<OpenIssuer>>,
        directory: Option<Arc<dyn IssuerDirectory>>,
        backend: SignatureBackend,
        clock: Arc<dyn Clock>,
    ) -> Self {
        let directory = directory.map(|directory| Lookup {
            directory,
            backend,
            clock,
            known: Cache::new(KNOWN),
            unknown: Cache::new(UNKNOWN),
            renewals: Semaphore::new(MAX_QUESTIONS),
            introductions: Semaphore::new(MAX_QUESTIONS),
        });
        Self { fixed, directory }
    }

    /// The issuer of this name. A name that is in no configuration causes no network traffic of ours.
    pub(super) async fn find(&self, name: &str) -> Result<Arc<OpenIssuer>, VerifyError> {
        if let Some(issuer) = self.fixed.get(name) {
            return Ok(Arc::clone(issuer));
        }
        match &self.directory {
            Some(lookup) if name.len() <= MAX_NAME_BYTES => lookup.find(name).await,
            _ => Err(TokenProblem::Issuer.into()),
        }
    }

    /// Whether `issuer` still is what its name stands for, as far as is known without asking anybody.
    pub(super) fn still_know(&self, issuer: &Arc<OpenIssuer>) -> bool {
        let is_this = |other: &Arc<OpenIssuer>| Arc::ptr_eq(other, issuer);
        match &self.directory {
            // The fixed ones stay as they are.
            None => true,
            Some(lookup) => {
                self.fixed.get(&issuer.name).is_some_and(is_this)
                    || lookup
                        .remembered(&issuer.name)
                        .is_some_and(|known| is_this(&known.open))
            }
        }
    }

    /// Every issuer whose keys are at hand.
    pub(super) fn all(&self) -> Vec<Arc<OpenIssuer>> {
        let found = self.directory.iter().flat_map(|lookup| {
            lookup
                .known
                .iter()
                .map(|(_, known)| Arc::clone(&known.open))
        });
        self.fixed.values().cloned().chain(found).collect()
    }
}

struct Lookup {
    directory: Arc<dyn IssuerDirectory>,
    backend: SignatureBackend,
    clock: Arc<dyn Clock>,
    known: Cache<Arc<str>, Known>,
    unknown: Cache<Box<str>, Duration>,
    renewals: Semaphore,
    introductions: Semaphore,
}

#[derive(Debug, Clone)]
struct Known {
    /// What the directory said, to see whether it says the same again.
    told: Arc<Issuer>,
    open: Arc<OpenIssuer>,
    told_at: Duration,
}

/// Shows no answers: what was asked about is what strangers wrote into tokens.
impl fmt::Debug for Lookup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Lookup").field(&self.directory).finish()
    }
}

impl Lookup {
    async fn find(&self, name: &str) -> Result<Arc<OpenIssuer>, VerifyError> {
        if let Some(answer) = self.answered(name) {
            return answer;
        }
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(VerifyError::Unavailable {
                retry_after: Duration::from_secs(1),
                cause: "there is no tokio runtime".to_owned(),
            });
        }
        let turns = if self.known.contains_key(name) {
            &self.renewals
        } else {
            &self.introductions
        };
        let question = async {
            // Never closed.
            let _turn = turns.acquire().await;
            // Whoever waited may have waited for the answer to this very question.
            match self.answered(name) {
                Some(answer) => answer,
                None => self.ask(name).await,
            }
        };
        tokio::time::timeout(QUESTION_TIMEOUT, question)
            .await
            .unwrap_or_else(|_| {
                Err(VerifyError::Unavailable {
                    retry_after: Duration::from_secs(1),
                    cause: "the directory of issuers did not answer within 5 seconds".to_owned(),
                })
            })
    }

    /// What is known without asking.
    fn answered(&self, name: &str) -> Option<Result<Arc<OpenIssuer>, VerifyError>> {
        if let Some(known) = self.remembered(name) {
            return Some(Ok(known.open));
        }
        let now = self.clock.elapsed();
        let told_at = self.unknown.get(name)?;
        let counts = now.saturating_sub(told_at) < UNKNOWN_FOR;
        counts.then(|| Err(TokenProblem::Issuer.into()))
    }

    fn remembered(&self, name: &str) -> Option<Known> {
        let now = self.clock.elapsed();
        self.known
            .get(name)
            .filter(|known| now.saturating_sub(known.told_at) < KNOWN_FOR)
    }

    async fn ask(&self, name: &str) -> Result<Arc<OpenIssuer>, VerifyError> {
        let answer = self.directory.issuer(name).await?;
        let told_at = self.clock.elapsed();
        let Some(told) = answer.filter(|issuer| issuer.name() == name) else {
            self.known.invalidate(name);
            self.unknown.insert(name.into(), told_at);
            return Err(TokenProblem::Issuer.into());
        };
        let new = Known {
            open: Arc::new(self.open(&told)?),
            told: Arc::new(told),
            told_at,
        };
        // The keys of an issuer that did not change stay, and requests that asked at the same time share them.
        let known = self.known.entry(name.into()).and_upsert_with(|earlier| {
            match earlier.map(moka::Entry::into_value) {
                Some(earlier) if earlier.told == new.told => Known { told_at, ..earlier },
                _ => new.clone(),
            }
        });
        Ok(known.into_value().open)
    }

    fn open(&self, issuer: &Issuer) -> Result<OpenIssuer, VerifyError> {
        let mut problems = Vec::new();
        let open = issuer.open(self.backend, &self.clock, &mut problems);
        open.ok_or_else(|| {
            let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
            VerifyError::Unavailable {
                retry_after: KNOWN_FOR,
                cause: problems.join("; "),
            }
        })
    }
}
