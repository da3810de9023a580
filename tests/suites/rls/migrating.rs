//! The set-up as a migration of sqlx.

use sqlx::PgPool;
use sqlx::migrate::{Migration, MigrationType, Migrator};
use sqlx::postgres::PgPoolOptions;
use sqlx::{AssertSqlSafe, SqlSafeStr as _};
use tenancy_core::TableCatalog;
use tenancy_sqlx::Rls;
use tenancy_tests::notes::{Notes, catalog};

use super::{ask, on_tables, session};

async fn owner(notes: &Notes) -> PgPool {
    PgPoolOptions::new()
        .max_connections(1)
        .connect_with(notes.superuser())
        .await
        .unwrap()
}

#[tokio::test]
async fn a_migrator_sets_up_and_takes_down() {
    let notes = Notes::unprotected().await.unwrap();
    let (owner, catalog) = (owner(&notes).await, catalog());
    let rls = Rls::new(&catalog).application_role(notes.application());
    let mut app = session(&notes, notes.application()).await;
    let bodies = "SELECT body FROM note";
    for _ in 0..2 {
        let migrator = Migrator::new(rls.migration(7)).await.unwrap();
        migrator.run(&owner).await.unwrap();
        assert_eq!(ask(&mut app, Some("a"), bodies).await.unwrap().len(), 3);
    }
    Migrator::new(rls.migration(7))
        .await
        .unwrap()
        .undo(&owner, 0)
        .await
        .unwrap();
    assert_eq!(ask(&mut app, Some("a"), bodies).await.unwrap().len(), 5);
    let changed = rls.clone().strict();
    Migrator::new(rls.migration(7))
        .await
        .unwrap()
        .run(&owner)
        .await
        .unwrap();
    let told = Migrator::new(changed.migration(7))
        .await
        .unwrap()
        .run(&owner)
        .await
        .unwrap_err();
    assert!(
        matches!(told, sqlx::migrate::MigrateError::VersionMismatch(7)),
        "{told}"
    );
    let mut migrator = Migrator::new(changed.migration(8)).await.unwrap();
    migrator.set_ignore_missing(true).run(&owner).await.unwrap();
    assert!(
        ask(&mut app, None, bodies)
            .await
            .unwrap_err()
            .starts_with(Rls::NO_TENANT)
    );
}

#[tokio::test]
async fn it_runs_between_migrations_of_ones_own() {
    let notes = Notes::unprotected().await.unwrap();
    let owner = owner(&notes).await;
    let own = |version, sql: &str| {
        let sql = AssertSqlSafe(sql).into_sql_str();
        Migration::new(version, "own".into(), MigrationType::Simple, sql, false)
    };
    let catalog = TableCatalog::new().tenant_table("item", "tenant_id");
    let mut migrations = vec![
        own(3, "INSERT INTO item VALUES ('a'), ('b')"),
        own(1, "CREATE TABLE item (tenant_id text NOT NULL)"),
    ];
    migrations.extend(
        Rls::new(&catalog)
            .application_role(notes.application())
            .migration(2),
    );
    Migrator::with_migrations(migrations)
        .run(&owner)
        .await
        .unwrap();
    let mut app = session(&notes, notes.application()).await;
    assert_eq!(
        ask(&mut app, Some("b"), "SELECT tenant_id FROM item")
            .await
            .unwrap(),
        ["b"]
    );
}

/// One transaction holds the set-up and sqlx's note of it.
#[tokio::test]
async fn a_set_up_that_fails_leaves_nothing() {
    let notes = Notes::unprotected().await.unwrap();
    let (owner, before) = (owner(&notes).await, on_tables(&notes).await);
    let catalog = catalog().tenant_table("nowhere", "tenant_id");
    let migrator = Migrator::new(Rls::new(&catalog).migration(1))
        .await
        .unwrap();
    let told = migrator.run(&owner).await.unwrap_err();
    assert!(told.to_string().contains("nowhere"), "{told}");
    let mut after = on_tables(&notes).await;
    after.retain(|fact| !fact.contains("_sqlx_migrations"));
    assert_eq!(after, before);
}
