//! The proof before a pool starts.

use serde_json::Value;
use sqlx::postgres::PgConnection;
use tenancy_core::{TableCatalog, TenantId};

use super::canary::{self, Mend};
use super::check::{Stage, check};
use super::report::{Unsound, in_order};
use super::{Finding, statement};
use crate::{Error, Setting};

/// Judges the role that logged in and the one in force by the checks that a pool must pass, and looks at every
/// declared table as a tenant that does not exist.
///
/// `connection` is inside a transaction of the service without a tenant, which the caller rolls back. `select_tenant`
/// gives the SQL that selects a tenant until the end of a transaction.
///
/// One thing cannot be seen from within: a superuser that took the place of a plain role by `SET SESSION
/// AUTHORIZATION` and can take its own again.
///
/// # Errors
/// [`Error::Posture`] with everything that was found, [`Error::Database`] when the database fails.
pub(crate) async fn prove(
    connection: &mut PgConnection,
    catalog: &TableCatalog,
    setting: &Setting,
    select_tenant: &(dyn Fn(&TenantId) -> String + Sync),
) -> Result<(), Error> {
    let input = super::examination::input(catalog, setting, None, &Value::Null);
    let mut found = statement::run(connection, Stage::Posture, &input).await?;
    found
        .findings
        .extend(found.unproven.drain(..).filter_map(unseen));
    // A table that is missing cannot be read, and what is open anyway need not be tried.
    if found.findings.is_empty() {
        let mend = Mend { catalog, setting };
        found.findings = canary::stranger(connection, &mend, select_tenant).await?;
    }
    if found.findings.is_empty() {
        Ok(())
    } else {
        in_order(&mut found.findings);
        Err(Unsound::new(found.findings).into())
    }
}

pub(super) fn unseen(sentence: String) -> Option<Finding> {
    let check = check("TNC089")?;
    Some(Finding {
        code: check.code,
        severity: check.severity,
        object: "catalogue".to_owned(),
        message: sentence,
        fix: "-- grant SELECT on it to the role of the service".to_owned(),
        table: None,
    })
}
