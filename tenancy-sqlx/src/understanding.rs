//! Whether the pool and the policies of `Rls` mean the same setting and the same seal.

use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, raw_sql};

use crate::opening::Opening;
use crate::{Error, Rls, doctor};

/// Sets a tenant and asks the function of the policies who it is. Without that function the policies are somebody
/// else's, and there is nothing to compare. To be called in a transaction that is rolled back.
pub(crate) async fn check(connection: &mut PgConnection, opening: &Opening) -> Result<(), Error> {
    let is_there: bool = sqlx::query_scalar(
        "SELECT coalesce(pg_catalog.has_schema_privilege(n.oid, 'USAGE') \
                         AND pg_catalog.has_function_privilege(p.oid, 'EXECUTE'), false) \
         FROM (SELECT 1) AS one \
         LEFT JOIN pg_catalog.pg_namespace n ON n.nspname = 'tenancy' \
         LEFT JOIN pg_catalog.pg_proc p \
             ON p.pronamespace = n.oid AND p.proname = 'current_tenant_id' AND p.pronargs = 0",
    )
    .persistent(false)
    .fetch_one(&mut *connection)
    .await?;
    if !is_there {
        return match opening.seal {
            Some(_) => Err(Error::NotSealed),
            None => Ok(()),
        };
    }
    let tenant = doctor::nobody(opening.column_type)?;
    set(connection, opening.select_tenant(&tenant)).await?;
    if understood(connection).await?.as_deref() != Some(tenant.as_str()) {
        return Err(Error::SettingNotRead {
            setting: opening.setting.clone(),
        });
    }
    if opening.seal.is_some() {
        set(connection, opening.without_seal(&tenant)).await?;
        if understood(connection).await?.is_some() {
            return Err(Error::NotSealed);
        }
    }
    Ok(())
}

async fn set(connection: &mut PgConnection, sql: String) -> Result<(), sqlx::Error> {
    raw_sql(AssertSqlSafe(sql)).execute(connection).await?;
    Ok(())
}

/// Who the policies take the tenant for. The strict variant of the function raises where there is none.
async fn understood(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    let asked = sqlx::query_scalar("SELECT tenancy.current_tenant_id()")
        .persistent(false)
        .fetch_one(connection)
        .await;
    match asked {
        Err(sqlx::Error::Database(error)) if error.code().as_deref() == Some(Rls::NO_TENANT) => {
            Ok(None)
        }
        other => other,
    }
}
