//! What a tenant that does not exist sees.

use sqlx::AssertSqlSafe;
use tenancy_core::TableCatalog;

use super::{PostureError, PostureProblem};
use crate::setting::identifier;
use crate::{Error, Setting, TenantTransaction};

/// What a tenant that does not exist sees: nothing, whatever the policies and their functions look like.
/// `transaction` is that tenant's.
pub(crate) async fn try_canary(
    transaction: &mut TenantTransaction,
    catalog: &TableCatalog,
    setting: &Setting,
) -> Result<(), Error> {
    let mut problems = Vec::new();
    for table in catalog.tenant_tables() {
        let name = format!(
            "{}.{}",
            identifier(table.schema()),
            identifier(table.name())
        );
        let readable: bool =
            sqlx::query_scalar("SELECT pg_catalog.has_table_privilege($1, 'SELECT')")
                .bind(&name)
                .fetch_one(&mut *transaction)
                .await?;
        let sees = AssertSqlSafe(format!("SELECT EXISTS (SELECT FROM {name})"));
        if readable
            && sqlx::query_scalar(sees)
                .fetch_one(&mut *transaction)
                .await?
        {
            problems.push(PostureProblem::ShowsForeignRows {
                table: format!("{}.{}", table.schema(), table.name()),
                setting: setting.to_string(),
            });
        }
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(PostureError { problems }.into())
    }
}
