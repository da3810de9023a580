//! Rows by their keys: created, read, changed and deleted, and none of another tenant.

use sea_query::Expr;
use tenancy_core::ScopeError;
use tenancy_sqlx::{Error, Repository};
use tenancy_tests::notes::{catalog, context};

use super::{benches, repository};

const OF_B: [&str; 2] = ["b 1 b one", "b 4 b four"];

#[tokio::test]
async fn rows_are_created_read_changed_and_deleted() {
    let notes = repository();
    for bench in benches().await {
        let mut transaction = bench.pool.begin(&context("a")).await.unwrap();
        let tx = &mut transaction;
        let new = notes.create(tx, [("body", "new".into())]).await.unwrap();
        assert_eq!([&new.body, &new.tenant_id], ["new", "a"]);
        let read = notes.get(tx, new.id).await.unwrap();
        assert_eq!(read.as_ref(), Some(&new));
        let changed = notes.update(tx, new.id, [("body", "changed".into())]).await;
        assert_eq!(changed.unwrap().unwrap().body, "changed");
        assert!(notes.delete(tx, 2).await.unwrap());
        assert!(!notes.delete(tx, 2).await.unwrap());
        transaction.commit().await.unwrap();
        let of_a = ["a 1 a one", "a 3 a three", "a 100 changed"];
        assert_eq!(bench.rows().await, [&of_a[..], &OF_B].concat());
    }
}

#[tokio::test]
async fn a_foreign_id_is_an_unknown_id() {
    let notes = repository();
    for bench in benches().await {
        let before = bench.rows().await;
        let mut transaction = bench.pool.begin(&context("a")).await.unwrap();
        let tx = &mut transaction;
        // Row 4 is b's, and nobody has 99.
        for id in [4, 99] {
            assert_eq!(notes.get(tx, id).await.unwrap(), None);
            let taken = notes.update(tx, id, [("body", "taken".into())]).await;
            assert_eq!(taken.unwrap(), None);
            assert!(!notes.delete(tx, id).await.unwrap());
        }
        // Row 1 both have.
        assert_eq!(notes.get(tx, 1).await.unwrap().unwrap().body, "a one");
        transaction.commit().await.unwrap();
        assert_eq!(bench.rows().await, before);
    }
}

#[tokio::test]
async fn an_entity_of_another_tenant_is_not_saved() {
    let notes = repository();
    for bench in benches().await {
        let before = bench.rows().await;
        let mut transaction = bench.pool.begin(&context("a")).await.unwrap();
        let tx = &mut transaction;
        let values = [("body", Expr::val("planted")), ("tenant_id", "b".into())];
        let created = notes.create(tx, values.clone()).await.unwrap_err();
        assert!(
            matches!(created, Error::Scope(ScopeError::ForeignTenant(_))),
            "{created}"
        );
        let updated = notes.update(tx, 1, values).await.unwrap_err();
        assert!(
            matches!(updated, Error::Scope(ScopeError::TenantColumn(_))),
            "{updated}"
        );
        let nothing = notes.update(tx, 1, []).await.unwrap_err();
        assert!(
            matches!(nothing, Error::Scope(ScopeError::Empty(_))),
            "{nothing}"
        );
        transaction.commit().await.unwrap();
        assert_eq!(bench.rows().await, before);
    }
}

#[tokio::test]
async fn a_table_that_is_not_the_tenants_has_no_repository() {
    let bench = &benches().await[0];
    let mut transaction = bench.pool.begin(&context("a")).await.unwrap();
    let tx = &mut transaction;
    let over = |table| {
        Repository::new(&catalog(), table, ["name"], "name", |(name,): &(String,)| {
            name.clone()
        })
    };
    for (table, is_declared) in [("plan", true), ("secret", false)] {
        let table = over(table);
        let created = table.create(tx, [("name", "x".into())]).await;
        assert!(matches!(created, Err(Error::Scope(_))));
        let read = table.get(tx, "free".to_owned()).await;
        assert_eq!(read.is_ok(), is_declared);
        assert_eq!(table.list().fetch(tx).await.is_ok(), is_declared);
    }
}
