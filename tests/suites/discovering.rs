//! A catalogue that is read from a database.

use tenancy_core::{TableCatalog, TenantColumnType};
use tenancy_sqlx::{Discovery, DiscoveryError, Error};
use tenancy_tests::notes::{Notes, catalog, context};

async fn notes_with(sql: &str) -> Notes {
    let notes = Notes::unprotected().await.unwrap();
    notes.administer(sql).await.unwrap();
    notes
}

async fn read(notes: &Notes, discovery: Discovery) -> Result<TableCatalog, Error> {
    let mut admin = notes.admin().await.unwrap();
    discovery.catalog(&mut admin).await
}

async fn refusal(notes: &Notes, discovery: Discovery) -> DiscoveryError {
    match read(notes, discovery).await {
        Err(Error::Discovery(error)) => error,
        other => panic!("{other:?}"),
    }
}

fn tables(catalog: &TableCatalog) -> Vec<String> {
    let name = |table: &tenancy_core::TenantTable| format!("{}.{}", table.schema(), table.name());
    let mut names: Vec<_> = catalog.tenant_tables().map(name).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_is_read_is_what_would_be_written() {
    let notes = Notes::new().await.unwrap();
    let discovery = Discovery::new("tenant_id").shared(["plan"]);
    assert_eq!(read(&notes, discovery.clone()).await.unwrap(), catalog());
    // The role of the service may ask as well, in whatever runs its statements.
    let bare = notes.bare_pool(1).await.unwrap();
    assert_eq!(discovery.catalog(&bare).await.unwrap(), catalog());
    let pool = notes.pool(1).await.unwrap();
    let reader = pool.reader(&context("a"));
    assert_eq!(discovery.catalog(&reader).await.unwrap(), catalog());
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    let read = discovery.catalog(&mut transaction).await.unwrap();
    assert_eq!(read, catalog());
    transaction.commit().await.unwrap();
}

#[tokio::test]
async fn tables_are_found_whatever_they_are_called() {
    let notes = notes_with(
        r#"CREATE SCHEMA "Odd schema";
           CREATE TABLE "Odd schema"."Order; DROP TABLE ""x""" ("Tenant" text);
           CREATE TABLE "Odd schema".lower (tenant text);"#,
    )
    .await;
    let discovery = Discovery::new("Tenant").schemas(["Odd schema"]);
    let odd = r#"Order; DROP TABLE "x""#;
    let expected = TableCatalog::new().tenant_table_in("Odd schema", odd, "Tenant");
    assert_eq!(read(&notes, discovery).await.unwrap(), expected);
}

#[tokio::test]
async fn several_schemas_are_one_catalogue() {
    let notes = notes_with(
        "CREATE SCHEMA billing;
         CREATE TABLE billing.invoice (tenant_id text);
         CREATE TABLE billing.note (tenant_id text);
         CREATE TABLE billing.currency (name text);
         CREATE VIEW billing.plan AS SELECT name FROM public.plan;
         CREATE SCHEMA elsewhere;
         CREATE TABLE elsewhere.unseen (tenant_id text);",
    )
    .await;
    let discovery = Discovery::new("tenant_id")
        .schemas(["public", "billing"])
        .shared(["tag", "currency", "plan", "unseen"]);
    let expected = TableCatalog::new()
        .tenant_table_in("billing", "note", "tenant_id")
        .tenant_table("note", "tenant_id")
        .tenant_table_in("billing", "invoice", "tenant_id")
        .shared_table("tag")
        .shared_table_in("billing", "currency")
        .shared_table_in("billing", "plan")
        .shared_table("plan")
        .shared_table("unseen");
    assert_eq!(read(&notes, discovery).await.unwrap(), expected);
}

#[tokio::test]
async fn partitions_views_and_extensions_are_left_out() {
    let notes = notes_with(
        "CREATE TABLE event (tenant_id text, at date) PARTITION BY RANGE (at);
         CREATE TABLE event_2026 PARTITION OF event FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
         CREATE VIEW seen AS SELECT tenant_id FROM note;
         CREATE MATERIALIZED VIEW counted AS SELECT tenant_id, count(*) FROM note GROUP BY 1;
         CREATE TABLE dropped (tenant_id text);
         ALTER TABLE dropped DROP COLUMN tenant_id;",
    )
    .await;
    let found = read(&notes, Discovery::new("tenant_id")).await.unwrap();
    assert_eq!(
        tables(&found),
        ["public.event", "public.note", "public.tag"]
    );
}

#[tokio::test]
async fn the_type_is_what_is_behind_a_domain_or_a_length() {
    let notes = notes_with(
        "CREATE DOMAIN tenant_name AS text;
         CREATE DOMAIN tenant_uuid AS uuid;
         CREATE SCHEMA texts;
         CREATE TABLE texts.a (tenant_id varchar(40));
         CREATE TABLE texts.b (tenant_id tenant_name);
         CREATE TABLE texts.c (tenant_id text);
         CREATE SCHEMA uuids;
         CREATE TABLE uuids.a (tenant_id tenant_uuid);
         CREATE TABLE uuids.b (tenant_id uuid);
         CREATE SCHEMA numbers;
         CREATE TABLE numbers.a (tenant_id bigint);",
    )
    .await;
    for (schema, tables, column_type) in [
        ("texts", 3, TenantColumnType::Text),
        ("uuids", 2, TenantColumnType::Uuid),
        ("numbers", 1, TenantColumnType::Bigint),
    ] {
        let discovery = Discovery::new("tenant_id").schemas([schema]);
        let found = read(&notes, discovery).await.unwrap();
        assert_eq!(found.tenant_column_type(), column_type);
        assert_eq!(found.tenant_tables().count(), tables);
    }
}

#[tokio::test]
async fn types_that_differ_are_refused() {
    let notes = notes_with(
        "CREATE SCHEMA mixed;
         CREATE TABLE mixed.a (tenant_id uuid);
         CREATE TABLE mixed.b (tenant_id uuid);
         CREATE TABLE mixed.c (tenant_id bigint);
         CREATE TABLE mixed.d (tenant_id integer);
         CREATE SCHEMA odd;
         CREATE TABLE odd.e (tenant_id numeric);",
    )
    .await;
    let odd = |error| match error {
        DiscoveryError::ColumnType(columns) => columns
            .into_iter()
            .map(|column| format!("{} {}", column.table, column.column_type))
            .collect::<Vec<_>>(),
        other => panic!("{other:?}"),
    };
    let mixed = Discovery::new("tenant_id").schemas(["mixed"]);
    let found = odd(refusal(&notes, mixed.clone()).await);
    assert_eq!(found, ["mixed.c bigint", "mixed.d integer"]);
    // For the doctor, which says so in its own words.
    let found = read(&notes, mixed.clone().commonest_type()).await.unwrap();
    assert_eq!(found.tenant_column_type(), TenantColumnType::Uuid);
    assert_eq!(found.tenant_tables().count(), 4);
    // Nothing has a type that a tenant can have.
    let unknown = Discovery::new("tenant_id").schemas(["odd"]);
    for discovery in [unknown.clone(), unknown.commonest_type()] {
        assert_eq!(odd(refusal(&notes, discovery).await), ["odd.e numeric"]);
    }
    // What differs and is shared does not matter.
    let left_out = mixed.shared(["c", "d"]);
    assert_eq!(
        read(&notes, left_out)
            .await
            .unwrap()
            .tenant_tables()
            .count(),
        2
    );
}

#[tokio::test]
async fn where_there_is_nothing_is_no_catalogue() {
    let notes = notes_with("CREATE SCHEMA empty").await;
    let discovery = Discovery::new("org").schemas(["public", "empty"]);
    let expected = DiscoveryError::NoTable {
        schemas: vec!["public".into(), "empty".into()],
        column: "org".into(),
    };
    assert_eq!(refusal(&notes, discovery).await, expected);
    let discovery = Discovery::new("tenant_id").schemas(["public", "blling", "no"]);
    let expected = DiscoveryError::NoSchema(vec!["blling".into(), "no".into()]);
    assert_eq!(refusal(&notes, discovery).await, expected);
    // All that there are is shared.
    let discovery = Discovery::new("tenant_id").shared(["note", "tag"]);
    assert!(matches!(
        refusal(&notes, discovery).await,
        DiscoveryError::NoTable { .. }
    ));
}
