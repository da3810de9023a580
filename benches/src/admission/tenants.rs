//! `Tenants`, so many of them, and directories that know them.

use std::sync::Arc;
use std::time::Duration;

use tenancy_core::{
    Admission, CachedDirectory, MemoryDirectory, TenantDirectory, TenantId, TenantRecord,
    TenantSlug,
};

use tokio::runtime;

use crate::Failure;

/// So many tenants, each with a UUID, a slug and a plan.
#[derive(Debug, Clone, Copy)]
pub struct Tenants(u32);

/// A kind of directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `MemoryDirectory`.
    Memory,
    /// `CachedDirectory` over it, with room for all.
    Cached,
}

impl Kind {
    /// The id of the benchmark of a million tenants.
    pub fn bench(self) -> &'static str {
        match self {
            Self::Memory => "admission/directory-1m/memory",
            Self::Cached => "admission/directory-1m",
        }
    }
}

impl Tenants {
    /// So many.
    pub fn new(count: u32) -> Self {
        Self(count)
    }

    /// How many there are.
    pub fn count(self) -> u32 {
        self.0
    }

    /// The tenant of this number.
    pub(super) fn id(number: u32) -> Result<TenantId, Failure> {
        let high = number.wrapping_mul(0x9e37_79b9);
        Ok(TenantId::parse(&format!(
            "{high:08x}-0d5f-4dd8-a8b4-{number:012x}"
        ))?)
    }

    /// So many of them, the same in each run.
    pub(super) fn at_random(self, times: u32) -> impl Iterator<Item = u32> {
        let mut state = 1_u64;
        (0..times).map(move |_| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            let high = u32::try_from(state >> 33).unwrap_or_default();
            high % self.0
        })
    }

    fn record(number: u32) -> Result<TenantRecord, Failure> {
        let slug = TenantSlug::parse(&format!("tenant-{number}"))?;
        Ok(TenantRecord::new(Self::id(number)?)
            .with_slug(slug)
            .with_plan("business"))
    }

    /// `admission` with a directory that knows them all.
    pub(super) fn known_to(self, admission: Admission, kind: Kind) -> Result<Admission, Failure> {
        let memory = self.in_memory()?;
        Ok(match kind {
            Kind::Memory => admission.directory(memory),
            Kind::Cached => admission.directory(self.cached(memory)),
        })
    }

    /// A directory that has been asked for each of them.
    ///
    /// # Errors
    /// When it does not know one.
    pub fn directory(self, kind: Kind) -> Result<Arc<dyn TenantDirectory>, Failure> {
        let memory = self.in_memory()?;
        let directory: Arc<dyn TenantDirectory> = match kind {
            Kind::Memory => Arc::new(memory),
            Kind::Cached => Arc::new(self.cached(memory)),
        };
        let runtime = runtime::Builder::new_current_thread().build()?;
        runtime.block_on(async {
            for number in 0..self.0 {
                let known = directory.by_id(&Self::id(number)?).await?;
                known.ok_or("a tenant is not known")?;
            }
            Ok(directory)
        })
    }

    fn in_memory(self) -> Result<MemoryDirectory, Failure> {
        let memory = MemoryDirectory::new();
        for number in 0..self.0 {
            memory.add(Self::record(number)?)?;
        }
        Ok(memory)
    }

    /// With room for all, for as long as the benchmark takes.
    fn cached(self, memory: MemoryDirectory) -> CachedDirectory<MemoryDirectory> {
        CachedDirectory::new(memory)
            .max_entries(2 * u64::from(self.0))
            .time_to_live(Duration::from_hours(1))
    }
}
