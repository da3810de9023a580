//! `RlsMigration`, the set-up as a source of migrations for sqlx.

use futures_core::future::BoxFuture;
use sqlx::error::BoxDynError;
use sqlx::migrate::{Migration, MigrationSource, MigrationType};
use sqlx::{AssertSqlSafe, SqlSafeStr};

/// A reversible migration that sets row-level security up, made by [`Rls::migration`](crate::Rls::migration).
///
/// Alone it is a source for `sqlx::migrate::Migrator::new`. Beside migrations of your own, add it to them, with a
/// version behind those that create the tables:
///
/// ```no_run
/// use std::path::Path;
/// use sqlx::migrate::{MigrationSource, Migrator};
/// # use tenancy_core::TableCatalog;
/// # use tenancy_sqlx::Rls;
///
/// # async fn example(catalog: TableCatalog, owner: sqlx::PgPool) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
/// let mut migrations = Path::new("migrations").resolve().await?;
/// migrations.extend(Rls::new(&catalog).application_role("app").migration(20260801));
/// Migrator::with_migrations(migrations).run(&owner).await?;
/// # Ok(())
/// # }
/// ```
///
/// sqlx remembers the text of what it ran, and refuses to start when it has changed (`MigrateError::VersionMismatch`), as
/// another catalogue, another choice or another version of this crate changes it. So this suits a service that keeps
/// the catalogue of each version: a table that comes later goes into a second catalogue, added with a version of its
/// own, and the first stays as it was. Otherwise write [`Rls::set_up_sql`](crate::Rls::set_up_sql) into a file of the
/// migrations, which stays as it is, or run it after the migrator on each deployment, which does no harm.
#[derive(Debug, Clone)]
pub struct RlsMigration {
    up: Migration,
    down: Migration,
}

impl RlsMigration {
    pub(super) fn new(version: i64, up: String, down: String) -> Self {
        let migration = |kind, sql| {
            let sql = AssertSqlSafe(sql).into_sql_str();
            Migration::new(version, "row-level security".into(), kind, sql, false)
        };
        Self {
            up: migration(MigrationType::ReversibleUp, up),
            down: migration(MigrationType::ReversibleDown, down),
        }
    }
}

impl IntoIterator for RlsMigration {
    type Item = Migration;
    type IntoIter = std::array::IntoIter<Migration, 2>;

    fn into_iter(self) -> Self::IntoIter {
        [self.up, self.down].into_iter()
    }
}

impl MigrationSource<'static> for RlsMigration {
    fn resolve(self) -> BoxFuture<'static, Result<Vec<Migration>, BoxDynError>> {
        Box::pin(async { Ok(self.into_iter().collect()) })
    }
}
