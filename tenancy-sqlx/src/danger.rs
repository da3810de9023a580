//! Ways around the checks. Each takes a reason in words and leaves a record before it takes effect.
//!
//! The records are `tracing` events of level `WARN` and target `tenancy::danger`; work across tenants is recorded in
//! the database as well. Search a code base for `danger::` to find every place that steps outside.

mod all_tenants;

pub use self::all_tenants::{AllTenants, AllTenantsTransaction};
pub use tenancy_core::danger::NoReason;
use tenancy_core::danger::justified;

use crate::TenantPoolBuilder;

/// A pool that starts although the database has not shown that it keeps tenants apart.
///
/// Everything else holds as before: what is left unproven is whether the policies bind the role.
///
/// ```no_run
/// use tenancy_core::TableCatalog;
/// use tenancy_sqlx::{TenantPool, danger};
///
/// # async fn example(pool: sqlx::PgPool, catalog: TableCatalog) -> Result<(), Box<dyn std::error::Error>> {
/// let builder = danger::unproven(TenantPool::builder(pool), "the tables come with the next migration")?;
/// let pool = builder.build(&catalog).await?;
/// # let _ = pool;
/// # Ok(())
/// # }
/// ```
///
/// # Errors
/// When `reason` is blank.
pub fn unproven(
    mut builder: TenantPoolBuilder,
    reason: &str,
) -> Result<TenantPoolBuilder, NoReason> {
    let reason = justified(reason)?;
    tracing::warn!(target: "tenancy::danger", reason, "started a pool without proof that it keeps tenants apart");
    builder.unproven = true;
    Ok(builder)
}
