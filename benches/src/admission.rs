//! The benchmarks of admission by itself, without a server: what it decides about a request whose token was verified
//! before and whose tenant it has looked up before, and what becomes of that with a million tenants.
//!
//! Eight thousand users of random tenants take turns, each with a token of its own, so that neither tokens nor records lie
//! where the last request has just been. The same users of a thousand tenants are the peer. `look-up` asks the directory
//! alone, for any of its tenants: what stands in no cache of the processor then comes from memory.

mod head;
mod in_process;
mod tenants;

use std::hint::black_box;
use std::rc::Rc;
use std::time::Duration;

use tenancy_core::{
    Admission, Admitted, BearerToken, ClaimMap, Issuer, JwtVerifier, KeySource,
    TenantDirectory as _,
};
use tokio::runtime::{self, Runtime};
use tokio::task;

use self::head::Head;
use self::in_process::Caller;
pub use self::tenants::{Kind, Tenants};
use crate::candidate::{Candidate, Run};
use crate::measure::{Effort, time};
use crate::specimen::{AUDIENCE, Algorithm, ISSUER, Specimen};
use crate::{Comparison, Failure};

/// Fewer than the tokens that are remembered by default.
const USERS: u32 = 8_192;
/// How many tenants are looked up before the first comes again.
const LOOK_UPS: u32 = 1 << 18;

const EFFORT: Effort = Effort {
    rounds: 151,
    batch: Duration::from_millis(5),
};

/// Everyone warm: each user was admitted for its tenant, and for no other.
///
/// # Errors
/// When a user is not admitted, or is where it should not be.
pub fn comparisons() -> Result<Vec<Comparison>, Failure> {
    let setting = Setting::new()?;
    let (few, many) = (Tenants::new(1_000), Tenants::new(1_000_000));
    let mut comparisons = vec![setting.alone(few)?];
    comparisons.extend(setting.in_process()?);
    for kind in [Kind::Cached, Kind::Memory] {
        comparisons.push(setting.sizes(kind, many, few)?);
        comparisons.push(setting.look_ups(kind, many, few)?);
    }
    Ok(comparisons)
}

/// The benchmark whose allocations are counted.
///
/// # Errors
/// As for [`comparisons`].
pub fn alone() -> Result<Comparison, Failure> {
    Setting::new()?.alone(Tenants::new(1_000))
}

/// The benchmarks of an app in front of which admission stands.
///
/// # Errors
/// As for [`comparisons`].
pub fn in_process() -> Result<[Comparison; 2], Failure> {
    Setting::new()?.in_process()
}

struct Setting {
    specimen: Specimen,
    runtime: Rc<Runtime>,
}

impl Setting {
    fn new() -> Result<Self, Failure> {
        Ok(Self {
            specimen: Specimen::new()?,
            runtime: Rc::new(
                runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()?,
            ),
        })
    }

    /// One user, whose request names its tenant in a header field.
    fn alone(&self, tenants: Tenants) -> Result<Comparison, Failure> {
        let verifier = self.verifier()?;
        let admission = Admission::new(verifier.clone()).tenant_header(Head::TENANT)?;
        let admission = tenants.known_to(admission, Kind::Cached)?;
        let token = self.token(Algorithm::Rs256, &Tenants::id(7)?)?;
        let heads = vec![Head::new(&token, Some(&Tenants::id(7)?))?];
        let strange = Head::new(&token, Some(&Tenants::id(8)?))?;
        if self.runtime.block_on(admission.admit(&strange)).is_ok() {
            return Err("a user is admitted for a tenant that its token does not name".into());
        }
        let ours = self.candidate("tenancy", admission, heads)?;
        let peer = self.verifying(verifier, token);
        Ok(Comparison::new(
            "admission/cached",
            ours,
            vec![peer],
            EFFORT,
        ))
    }

    /// One user, whose request goes through an app.
    fn in_process(&self) -> Result<[Comparison; 2], Failure> {
        let caller = Caller {
            runtime: Rc::clone(&self.runtime),
            token: self.token(Algorithm::Rs256, &Tenants::id(7)?)?,
        };
        let admission = Admission::new(self.verifier()?);
        Ok([
            ("admission/axum", caller.on_axum(admission.clone())),
            ("admission/actix", caller.on_actix(admission)),
        ]
        .map(|(bench, (ours, bare))| Comparison::new(bench, ours, vec![bare], EFFORT)))
    }

    /// Users of many tenants beside as many of few.
    fn sizes(&self, kind: Kind, many: Tenants, few: Tenants) -> Result<Comparison, Failure> {
        let bench = kind.bench();
        let ours = self.users("directory-1m", kind, many)?;
        let peer = self.users("directory-1k", kind, few)?;
        Ok(Comparison::new(bench, ours, vec![peer], EFFORT))
    }

    fn users(
        &self,
        name: &'static str,
        kind: Kind,
        tenants: Tenants,
    ) -> Result<Candidate, Failure> {
        let admission = tenants.known_to(Admission::new(self.verifier()?), kind)?;
        let users = tenants.at_random(USERS);
        let heads = users.map(|tenant| {
            let token = self.token(Algorithm::EdDsa, &Tenants::id(tenant)?)?;
            Head::new(&token, None)
        });
        self.candidate(name, admission, heads.collect::<Result<_, _>>()?)
    }

    /// The directory alone.
    fn look_ups(&self, kind: Kind, many: Tenants, few: Tenants) -> Result<Comparison, Failure> {
        let bench = format!("{}/look-up", kind.bench());
        let ours = self.looking_up("directory-1m", kind, many)?;
        let peer = self.looking_up("directory-1k", kind, few)?;
        Ok(Comparison::new(bench, ours, vec![peer], EFFORT))
    }

    fn looking_up(
        &self,
        name: &'static str,
        kind: Kind,
        tenants: Tenants,
    ) -> Result<Candidate, Failure> {
        let directory = tenants.directory(kind)?;
        // Side by side in memory, so that reading what is asked for costs next to nothing.
        let asked: Vec<_> = tenants
            .at_random(LOOK_UPS)
            .map(Tenants::id)
            .collect::<Result<_, _>>()?;
        let runtime = Rc::clone(&self.runtime);
        let next = std::cell::Cell::new(0);
        Ok(Candidate::new(name, move |times| {
            let asking = task::unconstrained(async {
                let mut right = 0;
                for id in asked.iter().cycle().skip(next.get()).take(count(times)) {
                    let known = directory.by_id(black_box(id)).await?;
                    right += u64::from(known.is_some_and(|record| record.id() == id));
                }
                Ok::<_, Failure>(right)
            });
            let (right, took) = time(|| runtime.block_on(asking));
            next.set((next.get() + count(times)) % asked.len());
            Ok(Run {
                right: right?,
                took,
            })
        }))
    }

    /// Keys that are there from the start, and a cache for tokens.
    fn verifier(&self) -> Result<JwtVerifier, Failure> {
        let issuer = Issuer::new(ISSUER, ClaimMap::new("org_id"))
            .audience(AUDIENCE)
            .keys(KeySource::fixed(self.specimen.jwks()));
        Ok(JwtVerifier::new([issuer])?)
    }

    fn token(
        &self,
        algorithm: Algorithm,
        tenant: &tenancy_core::TenantId,
    ) -> Result<String, Failure> {
        let claims = serde_json::json!({ "org_id": tenant.as_str() });
        Ok(self.specimen.token_with(algorithm, &claims)?)
    }

    /// Admission of these requests in turn, all of which have been admitted before.
    fn candidate(
        &self,
        name: &'static str,
        admission: Admission,
        heads: Vec<Head>,
    ) -> Result<Candidate, Failure> {
        let runtime = Rc::clone(&self.runtime);
        let next = std::cell::Cell::new(0);
        let batch = move |times| {
            let admitting = task::unconstrained(async {
                let mut right = 0;
                for head in heads.iter().cycle().skip(next.get()).take(count(times)) {
                    let admitted = admission.admit(black_box(head)).await;
                    right += u64::from(matches!(black_box(admitted), Ok(Admitted::For(..))));
                }
                right
            });
            let (right, took) = time(|| runtime.block_on(admitting));
            next.set((next.get() + count(times)) % heads.len());
            Ok(Run { right, took })
        };
        batch(u64::from(2 * USERS))?;
        Ok(Candidate::new(name, batch))
    }

    /// The verifier alone, whose part in admission is told.
    fn verifying(&self, verifier: JwtVerifier, token: String) -> Candidate {
        let runtime = Rc::clone(&self.runtime);
        Candidate::new("the verifier alone", move |times| {
            let token = BearerToken::parse(&token).ok_or("no token")?;
            let verifying = task::unconstrained(async {
                let mut right = 0;
                for _ in 0..times {
                    right += u64::from(verifier.verify(black_box(token)).await.is_ok());
                }
                right
            });
            let (right, took) = time(|| runtime.block_on(verifying));
            Ok(Run { right, took })
        })
    }
}

fn count(times: u64) -> usize {
    usize::try_from(times).unwrap_or(usize::MAX)
}
