//! The text in the database: both prepared, over like connections, by a role that no policy binds, so that what
//! differs is the statement.

use std::sync::Arc;

use sea_query::{PostgresQueryBuilder, Values};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, PgPool, Postgres, Transaction};
use tenancy_core::{TenantId, danger};
use tenancy_sqlx::Error;

use super::{TENANT, catalog, statements};
use crate::database::{Lane, Role, Work};
use crate::measure::Effort;
use crate::{Comparison, Failure};

pub(super) fn comparisons(lane: &Lane, effort: Effort) -> Result<Vec<Comparison>, Failure> {
    let tables = catalog();
    let context = danger::assume(TenantId::parse(TENANT)?, "benchmark")?;
    let scope = context.scope(&tables);
    let compare = |bench: &str, ours: (String, Values), peer: (String, Values)| {
        let ours = lane.candidate("tenancy", Statement::new(lane, ours)?)?;
        let peer = lane.candidate("sea-query", Statement::new(lane, peer)?)?;
        let bench = format!("scope/execute/{bench}");
        Ok::<_, Failure>(Comparison::new(bench, ours, vec![peer], effort))
    };
    Ok(vec![
        compare(
            "select",
            statements::scoped_select(&scope)?.build(),
            statements::plain_select().build(PostgresQueryBuilder),
        )?,
        compare(
            "join",
            statements::scoped_join(&scope)?.build(),
            statements::plain_join().build(PostgresQueryBuilder),
        )?,
    ])
}

/// Ten rows come of it, whoever wrote it.
const ROWS: usize = 10;

struct Statement {
    pool: PgPool,
    sql: Arc<str>,
    values: Values,
}

impl Statement {
    fn new(lane: &Lane, (sql, values): (String, Values)) -> Result<Self, Failure> {
        Ok(Self {
            pool: lane.pool(Role::Unbound)?,
            sql: sql.into(),
            values,
        })
    }
}

impl Work for Statement {
    type Open = Transaction<'static, Postgres>;

    #[expect(clippy::disallowed_methods, reason = "what others do is compared")]
    async fn open(&self) -> Result<Self::Open, Error> {
        Ok(self.pool.begin().await?)
    }

    async fn once(&self, open: &mut Self::Open, _row: i64) -> Result<bool, Error> {
        let sql = AssertSqlSafe(Arc::clone(&self.sql));
        let values = SqlxValues(self.values.clone());
        let rows = sqlx::query_with(sql, values).fetch_all(&mut **open).await?;
        Ok(rows.len() == ROWS)
    }

    fn pool(&self) -> &PgPool {
        &self.pool
    }
}
