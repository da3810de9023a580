//! The benchmark of the doctor: how long it takes to examine a sound database of 200 tables.
//!
//! `posture` is the part of the examination that a pool makes before it starts.

use std::rc::Rc;
use std::time::Duration;

use sqlx::PgPool;
use tenancy_core::TableCatalog;
use tenancy_sqlx::{Doctor, Error, TenantPool};
use tokio::runtime;

use crate::database::{Lane, Role, Server, Work};
use crate::measure::Effort;
use crate::{Comparison, Failure};

const TABLES: u32 = 200;

const EFFORT: Effort = Effort {
    rounds: 31,
    batch: Duration::from_millis(100),
};

/// A database, and everyone connected.
///
/// # Errors
/// When there is no server, or the doctor finds something.
pub fn comparisons() -> Result<Vec<Comparison>, Failure> {
    let names: Vec<_> = (0..TABLES).map(|n| format!("record_{n}")).collect();
    let tables: String = names.iter().map(|name| table_sql(name)).collect();
    let catalog = names.iter().fold(TableCatalog::new(), |catalog, name| {
        catalog.tenant_table(name, "tenant_id")
    });
    let server = runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(Server::start(&tables, catalog.clone()))?;
    let lane = Lane::new(&Rc::new(server), 1)?;
    let pool = lane.pool(Role::Bound)?;
    let ours = lane.candidate("tenancy", Examination(pool.clone(), catalog.clone()))?;
    let posture = lane.candidate("posture", Posture(pool, catalog))?;
    let bench = format!("doctor/{TABLES}-tables");
    Ok(vec![Comparison::new(bench, ours, vec![posture], EFFORT)])
}

/// As sound tables are: a key that begins with the tenant, and one that refers to another table with it.
fn table_sql(name: &str) -> String {
    format!(
        "CREATE TABLE {name} (
             tenant_id text NOT NULL, id bigint GENERATED ALWAYS AS IDENTITY, parent_id bigint, body text NOT NULL,
             PRIMARY KEY (tenant_id, id),
             FOREIGN KEY (tenant_id, parent_id) REFERENCES {name} (tenant_id, id)
         );
         INSERT INTO {name} (tenant_id, body) SELECT 't' || n % 5, 'x' FROM generate_series(1, 20) n;"
    )
}

struct Examination(PgPool, TableCatalog);

impl Work for Examination {
    type Open = ();

    async fn open(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn once(&self, (): &mut (), _: i64) -> Result<bool, Error> {
        let Self(pool, catalog) = self;
        let report = Doctor::new(catalog).examine(pool).await?;
        Ok(report.findings().is_empty() && report.unproven().is_empty())
    }

    fn pool(&self) -> &PgPool {
        &self.0
    }
}

struct Posture(PgPool, TableCatalog);

impl Work for Posture {
    type Open = ();

    async fn open(&self) -> Result<(), Error> {
        Ok(())
    }

    async fn once(&self, (): &mut (), _: i64) -> Result<bool, Error> {
        let Self(pool, catalog) = self;
        let built = TenantPool::builder(pool.clone()).build(catalog).await;
        built.map(|_| true)
    }

    fn pool(&self) -> &PgPool {
        &self.0
    }
}
