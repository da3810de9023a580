//! Which of its tenants a credential is used for: the one that it is for, or the one that the request names.

mod agreement;
pub(crate) mod project;

use self::agreement::{Agreed, Agreement, Disagreement};
use crate::directory::{TenantDirectory, TenantRecord, TenantStatus};
use crate::head::RequestHead;
use crate::naming::{Named, TenantNames};
use crate::{RefusalCause, TenantDirectoryUnavailable, TenantId, TenantSlug};

/// A tenant that the credential grants, with its record if it was looked up on the way.
#[derive(Debug)]
pub(crate) struct Chosen {
    tenant: TenantId,
    record: Option<TenantRecord>,
}

impl Chosen {
    pub(crate) fn into_tenant(self) -> TenantId {
        self.tenant
    }
}

/// The record is only what the directory says of the same tenant.
impl PartialEq for Chosen {
    fn eq(&self, other: &Self) -> bool {
        self.tenant == other.tenant
    }
}

/// A name counts only within what the credential grants: it chooses, it never adds. Whatever names a tenant has to name
/// the same one. That the tenant does not exist and that it is somebody else's are the same refusal.
pub(crate) async fn resolve<H: RequestHead + ?Sized>(
    granted: &[TenantId],
    names: &TenantNames,
    head: &H,
    directory: Option<&dyn TenantDirectory>,
) -> Result<Chosen, RefusalCause> {
    let mut agreement = Agreement::new();
    for place in &names.places {
        let meant = match place.read(head) {
            Named::Nothing => continue,
            Named::Name(name) => match of_id(granted, &name) {
                Some(tenant) => Some(tenant),
                // What a tenant calls itself is no id of the configuration.
                None if place.has_ids_only() => None,
                // Rare, and its future is large.
                None => Box::pin(of_slug(granted, &name, directory)).await?,
            },
            Named::Nonsense => None,
        };
        agreement
            .add(place.label(), meant)
            .map_err(
                |Disagreement { first, second }| RefusalCause::TenantsDisagree { first, second },
            )?;
    }
    match (agreement.reached(), granted) {
        (Agreed::On(chosen), _) => Ok(chosen),
        (Agreed::OnNothingThatExists(place), _) => Err(RefusalCause::TenantNotGranted { place }),
        (Agreed::Unnamed, [only]) if !names.are_required => Ok(Chosen {
            tenant: only.clone(),
            record: None,
        }),
        (Agreed::Unnamed, _) => Err(RefusalCause::TenantNotNamed),
    }
}

fn of_id(granted: &[TenantId], name: &str) -> Option<Chosen> {
    let tenant = granted.iter().find(|tenant| tenant.as_str() == name)?;
    Some(Chosen {
        tenant: tenant.clone(),
        record: None,
    })
}

async fn of_slug(
    granted: &[TenantId],
    name: &str,
    directory: Option<&dyn TenantDirectory>,
) -> Result<Option<Chosen>, TenantDirectoryUnavailable> {
    let (Some(directory), Ok(slug)) = (directory, TenantSlug::parse(name)) else {
        return Ok(None);
    };
    let record = match granted {
        // Not by what the client says: inventing slugs costs the directory nothing.
        [only] => {
            let record = directory.by_id(only).await?;
            record.filter(|record| record.slug() == Some(&slug))
        }
        _ => by_slug(directory, &slug).await?,
    };
    Ok(record
        .filter(|record| granted.contains(record.id()))
        .map(|record| Chosen {
            tenant: record.id().clone(),
            record: Some(record),
        }))
}

async fn by_slug(
    directory: &dyn TenantDirectory,
    slug: &TenantSlug,
) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
    let record = directory.by_slug(slug).await?;
    match &record {
        // One that compares loosely would let `a_b` mean `a-b`.
        Some(found) if found.slug() != Some(slug) => {
            Err(TenantDirectoryUnavailable::answered_for_another())
        }
        _ => Ok(record),
    }
}

/// Where there is a directory, the tenant has to be known and active: its record.
pub(crate) async fn known_and_active(
    Chosen { tenant, record }: &Chosen,
    directory: Option<&dyn TenantDirectory>,
) -> Result<Option<TenantRecord>, RefusalCause> {
    let Some(directory) = directory else {
        return Ok(None);
    };
    let record = match record {
        Some(record) => record.clone(),
        None => directory
            .by_id(tenant)
            .await?
            .ok_or(RefusalCause::TenantUnknown)?,
    };
    // The record is what limits and logs go by. One of somebody else is a fault of the directory.
    if record.id() != tenant {
        return Err(TenantDirectoryUnavailable::answered_for_another().into());
    }
    match record.status() {
        TenantStatus::Active => Ok(Some(record)),
        TenantStatus::Suspended => Err(RefusalCause::TenantSuspended),
        TenantStatus::Deleted => Err(RefusalCause::TenantDeleted),
    }
}
