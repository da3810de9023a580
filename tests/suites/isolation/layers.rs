//! What each rule is tried on: the scoped builder alone, row-level security alone, and both. And a control, which has
//! neither: a case that it passes would prove nothing.
#![expect(
    clippy::disallowed_methods,
    reason = "a plain pool of sqlx is what SQLite has; no tenant is kept on a connection"
)]

use futures_util::TryStreamExt as _;
use sea_query::{
    PostgresQueryBuilder, Query, QueryBuilder, QueryStatementBuilder, SqlWriter, SubQueryStatement,
};
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgPoolOptions, PgRow};
use sqlx::sqlite::{SqlitePoolOptions, SqliteRow};
use sqlx::{AssertSqlSafe, Connection as _, FromRow, PgConnection, Row, SqlitePool};
use tenancy_core::{Dialect, ScopeError, Scoped, TableCatalog, TenantContext};
use tenancy_sqlx::{Error, ForTenant as _, Rls, TenantPool, danger};
use tenancy_tests::notes::{Notes, catalog, context};

/// SQL as a statement of sea-query, so that one text is tried everywhere. The builder reads the text of a statement,
/// whoever has written it.
#[derive(Debug, Clone)]
pub(super) struct Sql(pub(super) String);

impl QueryStatementBuilder for Sql {
    fn build_collect_any_into(&self, _: &impl QueryBuilder, sql: &mut impl SqlWriter) {
        sql.write_str(&self.0).unwrap();
    }
}

/// Not asked for: it is no part of another statement.
impl From<Sql> for SubQueryStatement {
    fn from(_: Sql) -> Self {
        Query::select().take().into()
    }
}

/// The rows of [`Notes`] on SQLite, which checks foreign keys where sqlx connects to it.
const ON_SQLITE: &str = "
    CREATE TABLE note (id bigint NOT NULL, tenant_id text NOT NULL, body text NOT NULL, PRIMARY KEY (tenant_id, id));
    CREATE TABLE tag (
        tenant_id text NOT NULL,
        note_id bigint NOT NULL,
        name text NOT NULL,
        FOREIGN KEY (tenant_id, note_id) REFERENCES note (tenant_id, id) ON DELETE CASCADE
    );
    CREATE TABLE plan (name text PRIMARY KEY);
    INSERT INTO plan VALUES ('free'), ('paid');";

/// As [`Notes`] has them, and one more of `b` that nothing points at.
const ROWS: &str = "
    DELETE FROM tag;
    DELETE FROM note;
    INSERT INTO note (id, tenant_id, body) VALUES
        (1, 'a', 'a one'), (2, 'a', 'a two'), (3, 'a', 'a three'), (1, 'b', 'b one'), (4, 'b', 'b four'),
        (5, 'b', 'b five');
    INSERT INTO tag (tenant_id, note_id, name) VALUES ('a', 1, 'red'), ('b', 1, 'blue'), ('b', 4, 'blue');";

/// All that belongs to `b`.
const OF_B: &str = "
    SELECT tenant_id || ' ' || id || ' ' || body FROM note WHERE tenant_id = 'b'
    UNION ALL SELECT tenant_id || ' ' || note_id || ' ' || name FROM tag WHERE tenant_id = 'b' ORDER BY 1";

const UNTOUCHED: [&str; 5] = [
    "b 1 b one",
    "b 1 blue",
    "b 4 b four",
    "b 4 blue",
    "b 5 b five",
];

/// One of the layers that keep tenants apart, over a database with rows of two.
pub(super) struct Layer {
    pub(super) name: &'static str,
    catalog: TableCatalog,
    is_scoped: bool,
    place: Place,
}

enum Place {
    Postgres {
        pool: TenantPool,
        /// The superuser, who sees what has become of all rows.
        admin: PgConnection,
        /// The database goes when this goes.
        _notes: Notes,
    },
    Sqlite(SqlitePool),
}

/// A row as text: its columns with a space between, and `-` for NULL.
#[derive(Debug)]
struct Line(String);

macro_rules! line {
    ($row:ty) => {
        impl FromRow<'_, $row> for Line {
            fn from_row(row: &$row) -> Result<Self, sqlx::Error> {
                let cell = |at| {
                    let text = row.try_get::<Option<String>, _>(at);
                    let number = || row.try_get::<Option<i64>, _>(at);
                    let small = || row.try_get::<Option<i32>, _>(at);
                    let truth = || row.try_get::<Option<bool>, _>(at);
                    let text = text.or_else(|_| Ok(number()?.map(|number| number.to_string())));
                    let text = text
                        .or_else(|_: sqlx::Error| Ok(small()?.map(|number| number.to_string())));
                    // SQLite has numbers for it.
                    let text = text.or_else(|_: sqlx::Error| {
                        truth().map(|truth| truth.map(|truth| i32::from(truth).to_string()))
                    });
                    text.map(|text| text.unwrap_or_else(|| "-".into()))
                };
                let cells: Result<Vec<_>, _> = (0..row.len()).map(cell).collect();
                Ok(Self(cells?.join(" ")))
            }
        }
    };
}

line!(PgRow);
line!(SqliteRow);

fn texts(lines: Vec<Line>) -> Vec<String> {
    lines.into_iter().map(|line| line.0).collect()
}

async fn postgres(name: &'static str, is_protected: bool, is_scoped: bool) -> Layer {
    let notes = Notes::unprotected().await.unwrap();
    notes.administer(ROWS).await.unwrap();
    let catalog = catalog();
    let pool = if is_protected {
        // With the default, plain SQL need not name the tenant of a new row, no more than a scoped statement.
        let rls = Rls::new(&catalog).application_role(notes.application());
        notes
            .administer(rls.column_default().set_up_sql())
            .await
            .unwrap();
        notes.pool(1).await.unwrap()
    } else {
        let pool = PgPoolOptions::new().max_connections(1);
        let builder = TenantPool::builder(pool.connect_with(notes.superuser()).await.unwrap());
        let builder = danger::unproven(builder, "a superuser without policies").unwrap();
        builder.build(&catalog).await.unwrap()
    };
    let admin = notes.admin().await.unwrap();
    Layer {
        name,
        catalog,
        is_scoped,
        place: Place::Postgres {
            pool,
            admin,
            _notes: notes,
        },
    }
}

async fn sqlite() -> Layer {
    let pool = SqlitePoolOptions::new().max_connections(1);
    let pool = pool.connect("sqlite::memory:").await.unwrap();
    for sql in [ON_SQLITE, ROWS] {
        sqlx::raw_sql(sql).execute(&pool).await.unwrap();
    }
    Layer {
        name: "the builder alone on SQLite",
        catalog: catalog().with_dialect(Dialect::Sqlite),
        is_scoped: true,
        place: Place::Sqlite(pool),
    }
}

/// Only the text of the statements holds: there are no policies, and a superuser runs them.
pub(super) async fn builder() -> Layer {
    postgres("the builder alone", false, true).await
}

/// Plain SQL in a transaction of the tenant.
pub(super) async fn policies() -> Layer {
    postgres("policies alone", true, false).await
}

/// Scoped statements in a transaction of the tenant, as services run them.
pub(super) async fn both() -> Layer {
    postgres("both", true, true).await
}

/// The three layers on Postgres.
pub(super) async fn on_postgres() -> Vec<Layer> {
    vec![builder().await, policies().await, both().await]
}

/// The same, and the builder on a database that has no other.
pub(super) async fn everywhere() -> Vec<Layer> {
    let mut layers = on_postgres().await;
    layers.push(sqlite().await);
    layers
}

/// Plain SQL of a superuser, and no policies: nothing keeps the tenants apart.
pub(super) async fn control() -> Layer {
    postgres("neither", false, false).await
}

impl Layer {
    /// What the statement answers `tenant`, with everything undone afterwards.
    pub(super) async fn answer<S: QueryStatementBuilder>(
        &self,
        tenant: &str,
        statement: S,
    ) -> Result<Vec<String>, Error> {
        self.run(tenant, statement, false).await
    }

    /// The answer to a statement whose rows come one by one.
    pub(super) async fn stream(&self, tenant: &str, sql: &str) -> Result<Vec<String>, Error> {
        let context = context(tenant);
        let statement = Sql(sql.to_owned());
        let lines: Vec<Line> = match &self.place {
            Place::Postgres { pool, .. } => {
                let mut transaction = pool.read(&context).await?;
                if self.is_scoped {
                    let scoped = self.scoped(&context, statement)?;
                    transaction.stream(&scoped).try_collect().await?
                } else {
                    let stream = sqlx::query_as(AssertSqlSafe(statement.0)).fetch(&mut transaction);
                    stream.try_collect().await?
                }
            }
            Place::Sqlite(pool) => {
                let scoped = self.scoped(&context, statement)?;
                pool.for_tenant(&context)
                    .stream(&scoped)
                    .try_collect()
                    .await?
            }
        };
        Ok(texts(lines))
    }

    /// What a write answers `tenant`, and all that belongs to `b` after it. The rows are put back as they were.
    pub(super) async fn written<S: QueryStatementBuilder>(
        &mut self,
        tenant: &str,
        statement: S,
    ) -> (Result<Vec<String>, Error>, Vec<String>) {
        let mut answer = self.run(tenant, statement, true).await;
        if let Ok(lines) = &mut answer {
            lines.sort();
        }
        let of_b = match &mut self.place {
            Place::Postgres { admin, .. } => {
                let of_b = sqlx::query_scalar(OF_B).fetch_all(&mut *admin).await;
                sqlx::raw_sql(ROWS).execute(admin).await.unwrap();
                of_b
            }
            Place::Sqlite(pool) => {
                let of_b = sqlx::query_scalar(OF_B).fetch_all(&*pool).await;
                sqlx::raw_sql(ROWS).execute(&*pool).await.unwrap();
                of_b
            }
        };
        (answer, of_b.unwrap())
    }

    /// As [`written`](Self::written), for a statement that touches nothing of `b`.
    #[track_caller]
    pub(super) fn untouched<T>((answer, of_b): (T, Vec<String>)) -> T {
        assert_eq!(of_b, UNTOUCHED);
        answer
    }

    /// The statement, for those layers that scope it.
    fn scoped<S: QueryStatementBuilder>(
        &self,
        context: &TenantContext,
        statement: S,
    ) -> Result<Scoped<S>, ScopeError> {
        context.scope(&self.catalog).wrap(statement)
    }

    async fn run<S: QueryStatementBuilder>(
        &self,
        tenant: &str,
        statement: S,
        commits: bool,
    ) -> Result<Vec<String>, Error> {
        let context = context(tenant);
        match &self.place {
            Place::Postgres { pool, .. } => {
                let mut transaction = pool.begin(&context).await?;
                let lines = if self.is_scoped {
                    let scoped = self.scoped(&context, statement)?;
                    transaction.fetch_all::<Line>(&scoped).await?
                } else {
                    let (sql, values) = statement.build_any(&PostgresQueryBuilder);
                    let query = sqlx::query_as_with(AssertSqlSafe(sql), SqlxValues(values));
                    query.fetch_all(&mut transaction).await?
                };
                if commits {
                    transaction.commit().await?;
                }
                Ok(texts(lines))
            }
            Place::Sqlite(pool) => {
                let scoped = self.scoped(&context, statement)?;
                let mut connection = pool.acquire().await?;
                let mut transaction = connection.begin().await?;
                let lines = transaction.for_tenant(&context).fetch_all::<Line>(&scoped);
                let lines = lines.await?;
                if commits {
                    transaction.commit().await?;
                }
                Ok(texts(lines))
            }
        }
    }

    /// Changes the tables on Postgres.
    pub(super) async fn administer(&mut self, sql: &'static str) {
        if let Place::Postgres { admin, .. } = &mut self.place {
            sqlx::raw_sql(sql).execute(admin).await.unwrap();
        }
    }

    /// Whether statements are scoped here.
    pub(super) fn is_scoped(&self) -> bool {
        self.is_scoped
    }
}
