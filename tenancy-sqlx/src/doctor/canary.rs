//! What only trying shows: tenants that do not exist try to reach rows.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, RandomState};

use serde::Deserialize;
use serde_json::json;
use sqlx::AssertSqlSafe;
use sqlx::postgres::PgConnection;
use tenancy_core::{TableCatalog, TenantColumnType, TenantId, TenantTable};

use super::Finding;
use super::check::check;
use super::examination::tables;
use super::statement::{Found, batch};
use crate::setting::{cast, dollar_quoted, identifier, literal, qualified};
use crate::{Error, Setting};

/// What a cure is written from.
pub(super) struct Mend<'a> {
    pub(super) catalog: &'a TableCatalog,
    pub(super) setting: &'a Setting,
}

#[derive(Deserialize)]
struct Outcome {
    /// Codes by table.
    found: BTreeMap<String, String>,
    unproven: Vec<String>,
}

/// What a tenant that does not exist sees: nothing, whatever the policies and their functions look like.
pub(super) async fn stranger(
    connection: &mut PgConnection,
    mend: &Mend<'_>,
    select_tenant: &(dyn Fn(&TenantId) -> String + Sync),
) -> Result<Vec<Finding>, Error> {
    let stranger = nobody(mend.catalog.tenant_column_type())?;
    batch(connection, &select_tenant(&stranger)).await?;
    let (schemas, names): (Vec<_>, Vec<_>) = mend
        .catalog
        .tenant_tables()
        .map(|table| (table.schema(), table.name()))
        .unzip();
    let may_read: Vec<bool> = sqlx::query_scalar(
        "SELECT pg_catalog.has_schema_privilege(n.oid, 'USAGE') AND pg_catalog.has_any_column_privilege(c.oid, 'SELECT') \
         FROM ROWS FROM (pg_catalog.unnest($1::text[]), pg_catalog.unnest($2::text[])) WITH ORDINALITY AS t(schema, name, nr) \
         JOIN pg_catalog.pg_namespace n ON n.nspname = t.schema \
         JOIN pg_catalog.pg_class c ON c.relnamespace = n.oid AND c.relname = t.name ORDER BY t.nr",
    )
    .persistent(false)
    .bind(&schemas)
    .bind(&names)
    .fetch_all(&mut *connection)
    .await?;
    let tables = mend.catalog.tenant_tables().zip(may_read);
    let tables: Vec<_> = tables.filter(|(_, may_read)| *may_read).collect();
    let looks: Vec<_> = tables
        .iter()
        .map(|(table, _)| format!("EXISTS (SELECT FROM {})", qualified(table)))
        .collect();
    if looks.is_empty() {
        return Ok(Vec::new());
    }
    let question = format!("SELECT ARRAY[{}]", looks.join(", "));
    let sees: Vec<bool> = sqlx::query_scalar(AssertSqlSafe(question))
        .persistent(false)
        .fetch_one(connection)
        .await?;
    let shown = tables.iter().zip(sees).filter(|(_, is_seen)| *is_seen);
    Ok(shown
        .filter_map(|((table, _), _)| mend.finding("TNC080", &label(table)))
        .collect())
}

/// All that tenants could do to each other, on every declared table, in one message.
pub(super) async fn everything(
    connection: &mut PgConnection,
    mend: &Mend<'_>,
    select_tenant: &(dyn Fn(&TenantId) -> String + Sync),
) -> Result<Found, Error> {
    let kind = mend.catalog.tenant_column_type();
    let (a, b) = (nobody(kind)?, nobody(kind)?);
    let input = json!({
        "tables": tables(mend.catalog),
        "a": a.as_str(),
        "b": b.as_str(),
        "select_a": select_tenant(&a),
        "select_b": select_tenant(&b),
        "select_none": format!("SET LOCAL {} = ''", mend.setting),
    });
    let body = include_str!("canary.sql").replace("%input%", &literal(&input.to_string()));
    let script = format!("SAVEPOINT tenancy_canary; DO {}", literal(&body));
    if let Err(error) = batch(connection, &script).await {
        if error.as_database_error().is_none() {
            return Err(error.into());
        }
        batch(connection, "ROLLBACK TO SAVEPOINT tenancy_canary").await?;
        return Ok(Found {
            findings: stranger(connection, mend, select_tenant).await?,
            unproven: vec![format!(
                "nothing was written, because of “{error}”, which leaves unproven that a tenant does not change rows of another"
            )],
        });
    }
    let outcome: String =
        sqlx::query_scalar("SELECT pg_catalog.current_setting('tenancy_doctor.outcome')")
            .persistent(false)
            .fetch_one(connection)
            .await?;
    let outcome: Outcome =
        serde_json::from_str(&outcome).map_err(|error| sqlx::Error::Decode(error.into()))?;
    let found = outcome.found.iter();
    Ok(Found {
        findings: found
            .filter_map(|(table, code)| mend.finding(code, table))
            .collect(),
        unproven: outcome.unproven,
    })
}

impl Mend<'_> {
    fn finding(&self, code: &str, table: &str) -> Option<Finding> {
        let check = check(code)?;
        let setting = self.setting;
        let message = match code {
            "TNC080" => format!(
                "it shows rows to a tenant that does not exist; its policies do not compare the tenant column with `{setting}`"
            ),
            "TNC081" => format!("it shows rows where `{setting}` is empty"),
            "TNC082" => "a tenant that does not exist can change or delete its rows".to_owned(),
            "TNC083" => "a tenant can write rows of another into it".to_owned(),
            _ => "a tenant can give its rows to another".to_owned(),
        };
        let declared = self.catalog.tenant_tables();
        let declared = declared
            .into_iter()
            .find(|declared| label(declared) == table)?;
        Some(Finding {
            code: check.code,
            severity: check.severity,
            object: table.to_owned(),
            message,
            fix: self.fix(declared),
            table: Some(table.to_owned()),
        })
    }

    /// One sound policy in the place of all permissive ones that concern everybody.
    fn fix(&self, table: &TenantTable) -> String {
        let name = qualified(table);
        let cast = cast(self.catalog.tenant_column_type());
        let own = format!(
            "{} = (SELECT nullif(pg_catalog.current_setting({}, true), ''){cast})",
            identifier(table.tenant_column()),
            literal(self.setting.as_str()),
        );
        let drop = format!(
            "DECLARE policy name; BEGIN\n  \
             FOR policy IN SELECT polname FROM pg_catalog.pg_policy\n    \
             WHERE polrelid = {}::regclass AND polpermissive AND 0 = ANY (polroles) LOOP\n    \
             EXECUTE format({}, policy);\n  END LOOP;\nEND",
            literal(&name),
            literal(&format!("DROP POLICY %I ON {}", name.replace('%', "%%"))),
        );
        format!(
            "-- with a sealed setting, run the SQL of `Rls` instead of the second statement\n\
             DO {};\n\
             CREATE POLICY tenant_isolation ON {name}\n    USING ({own})\n    WITH CHECK ({own});",
            dollar_quoted(&format!(" {drop} "))
        )
    }
}

/// A tenant that does not exist: 128 random bits, or 62 where the column takes a number.
pub(crate) fn nobody(kind: TenantColumnType) -> Result<TenantId, Error> {
    let random = || RandomState::new().hash_one("tenancy");
    let text = if kind == TenantColumnType::Bigint {
        (random() >> 2).to_string()
    } else {
        let digits = format!("{:016x}{:016x}", random(), random());
        let mut text = String::with_capacity(36);
        for (at, digit) in digits.chars().enumerate() {
            if matches!(at, 8 | 12 | 16 | 20) {
                text.push('-');
            }
            text.push(digit);
        }
        text
    };
    TenantId::parse(&text).map_err(|error| sqlx::Error::Decode(error.into()).into())
}

fn label(table: &TenantTable) -> String {
    format!("{}.{}", table.schema(), table.name())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_fits_every_type_and_is_never_the_same() {
        for kind in [
            TenantColumnType::Text,
            TenantColumnType::Uuid,
            TenantColumnType::Bigint,
        ] {
            let (one, other) = (nobody(kind).unwrap(), nobody(kind).unwrap());
            assert_ne!(one, other);
            assert!(kind.check(&one).is_ok(), "{kind:?} {}", one.as_str());
        }
    }
}
