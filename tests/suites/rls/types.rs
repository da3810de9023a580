//! Tenant columns of every type, and a setting that no such column can hold.

use tenancy_core::{TableCatalog, TenantColumnType};
use tenancy_sqlx::Rls;
use tenancy_tests::notes::Notes;

use super::{ask, on_tables, session};

const A: &str = "5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f10";
const B: &str = "5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f11";

#[tokio::test]
async fn tenants_are_apart_whatever_the_type_of_the_column() {
    use TenantColumnType::{Bigint, Text, Uuid};
    for (kind, column, a, b, policy) in [
        (
            Text,
            "text",
            "a",
            "b",
            "(tenant_id = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))",
        ),
        (
            Text,
            "varchar(40)",
            "a",
            "b",
            "((tenant_id)::text = ( SELECT tenancy.current_tenant_id() AS current_tenant_id))",
        ),
        (
            Uuid,
            "uuid",
            A,
            B,
            "(tenant_id = ( SELECT (tenancy.current_tenant_id())::uuid AS current_tenant_id))",
        ),
        (
            Bigint,
            "bigint",
            "1",
            "2",
            "(tenant_id = ( SELECT (tenancy.current_tenant_id())::bigint AS current_tenant_id))",
        ),
    ] {
        let notes = Notes::unprotected().await.unwrap();
        notes
            .administer(format!(
                "CREATE TABLE item (tenant_id {column} NOT NULL, body text); INSERT INTO item VALUES ('{a}', 'of a'), ('{b}', 'of b')"
            ))
            .await
            .unwrap();
        let catalog = TableCatalog::new()
            .with_tenant_column_type(kind)
            .tenant_table("item", "tenant_id");
        let rls = Rls::new(&catalog)
            .application_role(notes.application())
            .column_default();
        for rls in [rls.clone().bare_function(), rls.clone().sealed(), rls] {
            notes.administer(rls.set_up_sql()).await.unwrap();
        }
        let facts = on_tables(&notes).await;
        assert!(facts.iter().any(|fact| fact.contains(policy)), "{facts:#?}");

        let mut app = session(&notes, notes.application()).await;
        let bodies = "SELECT body FROM item";
        assert_eq!(
            ask(&mut app, Some(a), bodies).await.unwrap(),
            ["of a"],
            "{column}"
        );
        assert_eq!(
            ask(&mut app, Some(b), bodies).await.unwrap(),
            ["of b"],
            "{column}"
        );
        for none in [None, Some("")] {
            assert_eq!(ask(&mut app, none, bodies).await, Ok(vec![]), "{column}");
        }
        let stamped = "INSERT INTO item (body) VALUES ('new') RETURNING tenant_id::text";
        assert_eq!(
            ask(&mut app, Some(a), stamped).await.unwrap(),
            [a],
            "{column}"
        );

        // Nothing that is no tenant shows a row.
        for malformed in [
            "acme",
            "' OR true --",
            "1; SELECT 1",
            "99999999999999999999",
            "null",
            " ",
        ] {
            match ask(&mut app, Some(malformed), bodies).await {
                Ok(rows) => assert!(rows.is_empty() && kind == Text, "{column} {malformed}"),
                Err(told) => assert!(told.starts_with("22"), "{column} {malformed}: {told}"),
            }
        }
    }
}

/// The alternative would be a policy that casts the column, and no index.
#[tokio::test]
async fn a_column_of_another_type_than_declared_is_refused() {
    let notes = Notes::unprotected().await.unwrap();
    let catalog = TableCatalog::new()
        .with_tenant_column_type(TenantColumnType::Uuid)
        .tenant_table("note", "tenant_id");
    let error = notes
        .administer(Rls::new(&catalog).set_up_sql())
        .await
        .unwrap_err();
    assert!(
        error
            .to_string()
            .contains("operator does not exist: text = uuid"),
        "{error}"
    );
}
