//! Pairs on Postgres: the shared database as a superuser without row-level security, or as the application role
//! with it, in transactions of a `TenantPool`.

use futures_util::TryStreamExt as _;
use futures_util::stream::BoxStream;
use sea_query::Values;
use sea_query_sqlx::SqlxValues;
use sqlx::postgres::{PgPoolOptions, PgQueryResult, PgRow};
use sqlx::{
    AssertSqlSafe, Connection as _, Either, Executor as _, PgConnection, PgPool, Row as _,
    TypeInfo as _, ValueRef as _,
};
use tenancy_core::TenantContext;
use tenancy_sqlx::{Rls, TenantPool};
use tenancy_tests::postgres::{Cluster, Database, unique_role};

use super::ddl::Inhabitants;
use super::outcome::{Answer, Content, Failure, Outcome};
use super::pair::{Before, Look, Pair};
use super::world::World;

/// Bare names find the tables of all schemas.
const EVERYWHERE: &str = "public, billing";
const PASSWORD: &str = "application";

/// Compiling an expression takes longer than evaluating it for a handful of rows.
const SETTINGS: [(&str, &str); 1] = [("jit", "off")];

/// Makes what looks at all rows callable for the application role, whom the policies bind.
const AS_SUPERUSER: &str = "LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog";

pub(super) struct Postgres {
    shared: Side,
    copy: Side,
    /// Present when the scoped statements run under row-level security.
    application: Option<Application>,
    in_shared: Inhabitants,
    /// Where bare names are looked for in the shared database.
    search_path: &'static str,
}

/// One database, and the superuser in it.
struct Side {
    database: Database,
    connection: PgConnection,
    /// Somebody else, who tries locks.
    other: PgConnection,
    free_rows: String,
}

struct Application {
    role: String,
    connections: PgPool,
    /// Of the world at hand.
    tenant: Option<(TenantPool, TenantContext)>,
}

impl Postgres {
    pub(super) async fn without_policies() -> Self {
        let cluster = Cluster::shared().await;
        Self {
            shared: Side::new(cluster.database().await).await,
            copy: Side::new(cluster.database().await).await,
            application: None,
            in_shared: Inhabitants::All,
            // Tables of other schemas the builder has to find by itself.
            search_path: "public",
        }
    }

    pub(super) async fn with_policies() -> Self {
        let mut pair = Self::without_policies().await;
        let role = unique_role("app");
        let sql = format!("CREATE ROLE {role} LOGIN PASSWORD '{PASSWORD}' NOSUPERUSER NOBYPASSRLS");
        pair.shared.administer(sql).await;
        let options = pair
            .shared
            .database
            .options(&role, PASSWORD)
            .options(SETTINGS);
        pair.application = Some(Application {
            role,
            connections: PgPoolOptions::new()
                .max_connections(1)
                .connect_with(options)
                .await
                .unwrap(),
            tenant: None,
        });
        pair
    }
}

impl Postgres {
    /// Nothing is shared: the tenant is alone in both.
    pub(super) async fn alone_in_both() -> Self {
        let mut pair = Self::without_policies().await;
        pair.in_shared = Inhabitants::OwnBackwards;
        pair.findable()
    }

    /// For scopings that leave names as they are.
    pub(super) fn findable(mut self) -> Self {
        self.search_path = EVERYWHERE;
        self
    }
}

impl Side {
    async fn new(database: Database) -> Self {
        let options = database.admin_options().options(SETTINGS);
        Self {
            connection: PgConnection::connect_with(&options).await.unwrap(),
            other: PgConnection::connect_with(&options).await.unwrap(),
            free_rows: String::new(),
            database,
        }
    }

    async fn administer(&mut self, sql: String) {
        sqlx::raw_sql(AssertSqlSafe(sql))
            .execute(&mut self.connection)
            .await
            .unwrap();
    }

    async fn create(&mut self, world: &World, inhabitants: Inhabitants, search_path: &str) {
        self.free_rows = world.free_rows();
        self.administer(format!(
            "DROP SCHEMA IF EXISTS public, billing, tenancy, look CASCADE;
             CREATE SCHEMA public; CREATE SCHEMA billing; CREATE SCHEMA look;
             {}
             CREATE FUNCTION look.contents() RETURNS TABLE (place text, tenant text, line text) {AS_SUPERUSER} AS $$ {} $$;
             SET search_path = {search_path};",
            world.create(inhabitants),
            world.contents(),
        ))
        .await;
    }

    async fn run(&mut self, (sql, values): (String, Values), look: Look) -> Outcome {
        let mut transaction = self.connection.begin().await.unwrap();
        let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values)).persistent(false);
        let answer = answer((&mut *transaction).fetch_many(query)).await;
        let mut contents = Vec::new();
        if answer.is_ok() && look.contents {
            let rows = sqlx::query("SELECT * FROM look.contents()")
                .fetch_all(&mut *transaction)
                .await;
            contents = rows.unwrap().iter().map(content).collect();
        }
        let free = free(&mut self.other, &self.free_rows, look.free).await;
        transaction.rollback().await.unwrap();
        Outcome {
            answer,
            contents,
            free,
        }
    }
}

impl Application {
    async fn create(&mut self, world: &World, shared: &mut Side) {
        let catalog = world.catalog();
        let rls = Rls::new(&catalog).application_role(&self.role);
        let sql = format!(
            "{} GRANT USAGE ON SCHEMA public, billing, look TO {role};",
            rls.set_up_sql(),
            role = self.role
        );
        shared.administer(sql).await;
        let pool = TenantPool::builder(self.connections.clone())
            .build(&catalog)
            .await
            .unwrap();
        self.tenant = Some((pool, world.context.clone()));
    }

    async fn run(
        &mut self,
        (sql, values): (String, Values),
        look: Look,
        shared: &mut Side,
    ) -> Outcome {
        let (pool, context) = self.tenant.as_ref().expect("a world was made");
        let mut transaction = pool.begin(context).await.unwrap();
        let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values)).persistent(false);
        let answer = answer((&mut transaction).fetch_many(query)).await;
        let mut contents = Vec::new();
        if answer.is_ok() && look.contents {
            let rows = sqlx::query("SELECT * FROM look.contents()")
                .fetch_all(&mut transaction)
                .await;
            contents = rows.unwrap().iter().map(content).collect();
        }
        let free = free(&mut shared.other, &shared.free_rows, look.free).await;
        transaction.rollback().await.unwrap();
        Outcome {
            answer,
            contents,
            free,
        }
    }
}

impl Pair for Postgres {
    async fn create(&mut self, world: &World) {
        self.shared
            .create(world, self.in_shared, self.search_path)
            .await;
        self.copy.create(world, Inhabitants::Own, EVERYWHERE).await;
        if let Some(application) = &mut self.application {
            application.create(world, &mut self.shared).await;
        }
    }

    async fn run(
        &mut self,
        scoped: (String, Values),
        alone: (String, Values),
        look: Look,
    ) -> (Outcome, Outcome) {
        let Self {
            shared,
            copy,
            application,
            ..
        } = self;
        let scoped = async {
            match application {
                None => shared.run(scoped, look).await,
                Some(application) => application.run(scoped, look, shared).await,
            }
        };
        tokio::join!(scoped, copy.run(alone, look))
    }

    async fn before(&mut self) -> Before {
        let rows = sqlx::query("SELECT * FROM look.contents()")
            .fetch_all(&mut self.shared.connection)
            .await;
        Before {
            contents: rows.unwrap().iter().map(content).collect(),
            free: free(&mut self.shared.other, &self.shared.free_rows, true).await,
        }
    }
}

type Step = Either<PgQueryResult, PgRow>;

async fn answer(steps: BoxStream<'_, Result<Step, sqlx::Error>>) -> Result<Answer, Failure> {
    let steps = steps.map_ok(|step| step.map_left(|done| done.rows_affected()));
    Answer::heard(steps, value).await
}

/// Type and value. Of a numeric how many zeros end it does not count: equal ones may differ there.
fn value(row: &PgRow, at: usize) -> String {
    let raw = row.try_get_raw(at).unwrap();
    let name = raw.type_info().name().to_owned();
    if raw.is_null() {
        return format!("NULL::{name}");
    }
    match name.as_str() {
        "INT8" => row.get::<i64, _>(at).to_string(),
        "BOOL" => row.get::<bool, _>(at).to_string(),
        "TEXT" => format!("{:?}", row.get::<String, _>(at)),
        "NUMERIC" => format!("numeric {:?}", without_scale(raw.as_bytes().unwrap())),
        _ => format!("{name} {:?}", raw.as_bytes().unwrap()),
    }
}

/// The fourth of the 16-bit words that a numeric begins with.
fn without_scale(bytes: &[u8]) -> Vec<u8> {
    [&bytes[..6], &bytes[8..]].concat()
}

async fn free(other: &mut PgConnection, sql: &str, is_wanted: bool) -> Vec<Content> {
    if !is_wanted {
        return Vec::new();
    }
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .fetch_all(other)
        .await;
    rows.unwrap().iter().map(content).collect()
}

fn content(row: &PgRow) -> Content {
    Content {
        table: row.get(0),
        owner: row.get(1),
        rows: row.get(2),
    }
}
