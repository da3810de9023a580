//! A little believable data for both tenants.

use tenancy_core::{TenantId, danger};

use super::{ACME, GLOBEX, Tenant};
use crate::analytics::Insights;

const ACME_INSIGHTS: [(&str, &str); 3] = [
    (
        "ada",
        "Churn in the EMEA segment fell from 3.4 % to 2.1 % after the June release",
    ),
    (
        "alan",
        "Trial users who import a spreadsheet convert 2.7 times as often",
    ),
    (
        "ada",
        "Support tickets about invoices double in the first week of a quarter",
    ),
];
const GLOBEX_INSIGHTS: [(&str, &str); 2] = [
    (
        "grace",
        "The Springfield plant uses 18 % more energy on Mondays",
    ),
    (
        "gustav",
        "Orders above 40 000 are approved three days later than smaller ones",
    ),
];

/// Gives each tenant its insights, unless it has some already.
///
/// # Errors
/// When the database refuses.
pub async fn seed(insights: &Insights) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    give(insights, ACME, &ACME_INSIGHTS).await?;
    give(insights, GLOBEX, &GLOBEX_INSIGHTS).await
}

async fn give(
    insights: &Insights,
    tenant: Tenant,
    rows: &[(&str, &str)],
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let context = danger::assume(TenantId::parse(tenant.id)?, "seed data of the quickstart")?;
    if !insights.latest(&context).await?.is_empty() {
        return Ok(());
    }
    let catalog = crate::analytics::catalog();
    let scope = context.scope(&catalog);
    let mut insert = scope.insert("insight").columns(["author", "body"]);
    for (author, body) in rows {
        insert = insert.values([(*author).into(), (*body).into()]);
    }
    let mut transaction = insights.pool().begin(&context).await?;
    transaction.execute(&insert.finish()?).await?;
    transaction.commit().await?;
    Ok(())
}
