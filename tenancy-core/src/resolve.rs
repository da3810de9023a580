//! Which of its tenants a credential is used for: the one that it is for, or the one that the request names.

use crate::directory::{TenantDirectory, TenantRecord, TenantStatus};
use crate::head::RequestHead;
use crate::naming::{NameSource, Named};
use crate::{RefusalCause, TenantDirectoryUnavailable, TenantId, TenantSlug};

/// A tenant that the credential grants, with its record if it was looked up on the way.
#[derive(Debug)]
pub(crate) struct Chosen {
    tenant: TenantId,
    record: Option<TenantRecord>,
}

/// A name counts only within what the credential grants: it chooses, it never adds. Whatever names a tenant has to name
/// the same one. That the tenant does not exist and that it is somebody else's are the same refusal.
pub(crate) async fn resolve<H: RequestHead + ?Sized>(
    granted: &[TenantId],
    places: &[NameSource],
    head: &H,
    directory: Option<&dyn TenantDirectory>,
) -> Result<Chosen, RefusalCause> {
    let mut choice: Option<(&'static str, Option<Chosen>)> = None;
    for place in places {
        let meant = match place.read(head) {
            Named::Nothing => continue,
            Named::Name(name) => among(granted, &name, directory).await?,
            Named::Nonsense => None,
        };
        match &choice {
            None => choice = Some((place.label(), meant)),
            Some((first, before)) => {
                let before = before.as_ref().map(|chosen| &chosen.tenant);
                if before != meant.as_ref().map(|chosen| &chosen.tenant) {
                    let (first, second) = (*first, place.label());
                    return Err(RefusalCause::TenantsDisagree { first, second });
                }
            }
        }
    }
    match (choice, granted) {
        (Some((_, Some(chosen))), _) => Ok(chosen),
        (Some((_, None)), _) => Err(RefusalCause::TenantNotGranted),
        (None, [only]) => Ok(Chosen {
            tenant: only.clone(),
            record: None,
        }),
        (None, _) => Err(RefusalCause::TenantNotNamed),
    }
}

/// The granted tenant whose id is `name`, or else whose slug it is.
async fn among(
    granted: &[TenantId],
    name: &str,
    directory: Option<&dyn TenantDirectory>,
) -> Result<Option<Chosen>, TenantDirectoryUnavailable> {
    if let Some(tenant) = granted.iter().find(|tenant| tenant.as_str() == name) {
        return Ok(Some(Chosen {
            tenant: tenant.clone(),
            record: None,
        }));
    }
    let (Some(directory), Ok(slug)) = (directory, TenantSlug::parse(name)) else {
        return Ok(None);
    };
    let record = directory.by_slug(&slug).await?;
    Ok(record
        .filter(|record| granted.contains(record.id()))
        .map(|record| Chosen {
            tenant: record.id().clone(),
            record: Some(record),
        }))
}

/// Where there is a directory, the tenant has to be known and active.
pub(crate) async fn known_and_active(
    Chosen { tenant, record }: Chosen,
    directory: Option<&dyn TenantDirectory>,
) -> Result<(TenantId, Option<TenantRecord>), RefusalCause> {
    let Some(directory) = directory else {
        return Ok((tenant, None));
    };
    let record = match record {
        Some(record) => record,
        None => directory
            .by_id(&tenant)
            .await?
            .ok_or(RefusalCause::TenantUnknown)?,
    };
    // The record is what limits and logs go by. One of somebody else is a fault of the directory.
    if *record.id() != tenant {
        return Err(TenantDirectoryUnavailable::answered_for_another().into());
    }
    match record.status() {
        TenantStatus::Active => Ok((tenant, Some(record))),
        TenantStatus::Suspended => Err(RefusalCause::TenantSuspended),
        TenantStatus::Deleted => Err(RefusalCause::TenantDeleted),
    }
}
