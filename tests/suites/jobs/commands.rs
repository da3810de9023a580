//! Commands that are typed by a person, who names the tenant.

use tenancy_core::{TenantId, danger};
use tenancy_tests::notes::Notes;

use crate::redaction::capture::Log;

#[tokio::test]
async fn a_command_assumes_its_tenant_and_says_why() {
    let tenant = TenantId::parse("a").unwrap();
    assert!(danger::assume(tenant.clone(), "").is_err());
    let command = danger::assume(tenant, "restore of 3 May, asked for by support").unwrap();
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.begin(&command).await.unwrap();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
        .fetch_one(&mut transaction)
        .await
        .unwrap();
    assert_eq!(seen, 3);
}

#[test]
fn a_tenant_that_is_assumed_is_on_record_with_the_reason() {
    for (reason, is_assumed) in [("restore of 3 May", true), (" ", false)] {
        let tenant = TenantId::parse("a").unwrap();
        let (assumed, said) = Log::of(async { danger::assume(tenant, reason) });
        assert_eq!(assumed.is_ok(), is_assumed);
        let is_recorded =
            said.contains("WARN tenancy::danger") && said.contains("restore of 3 May");
        assert_eq!(is_recorded, is_assumed, "{said}");
    }
}
