//! `Server`, a Postgres with a database for the benchmarks, and the roles that work in it.

use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_core::{TableCatalog, TenantContext, TenantId, danger};
use tenancy_sqlx::Rls;

use crate::Failure;
use crate::postgres::{Cluster, Database};

const PASSWORD: &str = "benchmark";

/// A server of one's own, which ends when this is dropped.
pub(crate) struct Server {
    catalog: TableCatalog,
    database: Database,
    _cluster: Cluster,
}

/// Who works in the database. Neither is a superuser, and neither owns a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    /// The application's, which policies bind.
    Bound,
    /// With `BYPASSRLS`: the same tables as they would be without policies.
    Unbound,
}

impl Role {
    fn name(self) -> &'static str {
        match self {
            Self::Bound => "application",
            Self::Unbound => "unbound",
        }
    }
}

impl Server {
    /// Runs `tables`, which makes and fills the tables of `catalog`, and protects them.
    pub(crate) async fn start(tables: &str, catalog: TableCatalog) -> Result<Self, Failure> {
        let cluster = Cluster::start().await?;
        let server = Self {
            catalog,
            database: cluster.database().await,
            _cluster: cluster,
        };
        let (bound, unbound) = (Role::Bound.name(), Role::Unbound.name());
        let protection = Rls::new(&server.catalog).application_role(bound);
        let protection = protection.set_up_sql();
        let roles = format!(
            "CREATE ROLE {bound} LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER NOBYPASSRLS;
             CREATE ROLE {unbound} LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER BYPASSRLS;"
        );
        let grants = format!(
            "GRANT SELECT ON ALL TABLES IN SCHEMA public TO {bound};
             GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA public TO {unbound};"
        );
        // Neither `VACUUM` nor `CHECKPOINT` shares a message: the first refuses to, the second writes what
        // was loaded, so that nobody does while the clock runs.
        for sql in [
            &roles,
            tables,
            &protection,
            &grants,
            "VACUUM ANALYZE",
            "CHECKPOINT",
        ] {
            server.administer(sql).await?;
        }
        Ok(server)
    }

    /// Runs SQL as the superuser.
    async fn administer(&self, sql: &str) -> Result<(), Failure> {
        let options = self.database.admin_options();
        let mut connection = PgConnection::connect_with(&options).await?;
        sqlx::raw_sql(AssertSqlSafe(sql.to_owned()))
            .execute(&mut connection)
            .await?;
        Ok(connection.close().await?)
    }

    pub(crate) fn catalog(&self) -> &TableCatalog {
        &self.catalog
    }

    /// How `role` connects.
    pub(crate) fn options(&self, role: Role) -> PgConnectOptions {
        self.database.options(role.name(), PASSWORD)
    }
}

/// A context for `tenant`, as a request would bring it.
pub(crate) fn context(tenant: &str) -> Result<TenantContext, Failure> {
    Ok(danger::assume(TenantId::parse(tenant)?, "benchmark")?)
}
