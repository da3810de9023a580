//! Commands that are typed by a person, who names the tenant.

use tenancy_core::{TenantId, danger};
use tenancy_tests::notes::Notes;

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
