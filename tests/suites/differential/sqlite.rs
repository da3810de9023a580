//! A pair of databases of SQLite, in memory.

use futures_util::TryStreamExt as _;
use sea_query::Values;
use sea_query_sqlx::SqlxValues;
use sqlx::sqlite::SqliteRow;
use sqlx::{
    AssertSqlSafe, Connection as _, Executor as _, Row as _, SqliteConnection, TypeInfo as _,
    ValueRef as _,
};

use super::ddl::Inhabitants;
use super::outcome::{Answer, Content, Failure, Outcome};
use super::pair::{Before, Look, Pair};
use super::world::World;

pub(super) struct Sqlite {
    shared: SqliteConnection,
    copy: SqliteConnection,
    contents: String,
    in_shared: Inhabitants,
}

impl Sqlite {
    pub(super) async fn new() -> Self {
        Self {
            shared: empty().await,
            copy: empty().await,
            contents: String::new(),
            in_shared: Inhabitants::All,
        }
    }

    /// Nothing is shared: the tenant is alone in both.
    pub(super) async fn alone_in_both() -> Self {
        Self {
            in_shared: Inhabitants::OwnBackwards,
            ..Self::new().await
        }
    }
}

impl Pair for Sqlite {
    async fn create(&mut self, world: &World) {
        self.contents = world.contents();
        for (connection, inhabitants) in [
            (&mut self.shared, self.in_shared),
            (&mut self.copy, Inhabitants::Own),
        ] {
            *connection = empty().await;
            let sql = world.create(inhabitants);
            sqlx::raw_sql(AssertSqlSafe(sql))
                .execute(&mut *connection)
                .await
                .unwrap();
        }
    }

    async fn run(
        &mut self,
        scoped: (String, Values),
        alone: (String, Values),
        look: Look,
    ) -> (Outcome, Outcome) {
        tokio::join!(
            run(&mut self.shared, scoped, look, &self.contents),
            run(&mut self.copy, alone, look, &self.contents)
        )
    }

    async fn before(&mut self) -> Before {
        Before {
            contents: contents(&mut self.shared, &self.contents).await,
            free: Vec::new(),
        }
    }
}

async fn empty() -> SqliteConnection {
    SqliteConnection::connect("sqlite::memory:").await.unwrap()
}

async fn run(
    connection: &mut SqliteConnection,
    (sql, values): (String, Values),
    look: Look,
    everything: &str,
) -> Outcome {
    let mut transaction = connection.begin().await.unwrap();
    let mut answer = answer(&mut transaction, sql, values).await;
    // SQLite counts the rows of the last write, whichever statement it was.
    if let (Ok(answer), false) = (&mut answer, look.contents) {
        answer.affected = 0;
    }
    let mut held = Vec::new();
    if answer.is_ok() && look.contents {
        held = contents(&mut transaction, everything).await;
    }
    transaction.rollback().await.unwrap();
    Outcome {
        answer,
        contents: held,
        free: Vec::new(),
    }
}

async fn answer(
    connection: &mut SqliteConnection,
    sql: String,
    values: Values,
) -> Result<Answer, Failure> {
    let query = sqlx::query_with(AssertSqlSafe(sql), SqlxValues(values)).persistent(false);
    let steps = connection.fetch_many(query);
    let steps = steps.map_ok(|step| step.map_left(|done| done.rows_affected()));
    Answer::heard(steps, value).await
}

/// Type and value. A whole number is one, however it is stored: equal ones may differ there.
fn value(row: &SqliteRow, at: usize) -> String {
    let raw = row.try_get_raw(at).unwrap();
    if raw.is_null() {
        return "NULL".to_owned();
    }
    let name = raw.type_info().name().to_owned();
    match name.as_str() {
        "INTEGER" | "BOOLEAN" => row.get_unchecked::<i64, _>(at).to_string(),
        "REAL" => row.get_unchecked::<f64, _>(at).to_string(),
        "TEXT" => format!("{:?}", row.get_unchecked::<String, _>(at)),
        _ => format!("{name} {:?}", row.get_unchecked::<Vec<u8>, _>(at)),
    }
}

async fn contents(connection: &mut SqliteConnection, sql: &str) -> Vec<Content> {
    let rows = sqlx::query(AssertSqlSafe(sql.to_owned()))
        .fetch_all(connection)
        .await;
    let content = |row: &SqliteRow| Content {
        table: row.get(0),
        owner: row.get(1),
        rows: row.get(2),
    };
    rows.unwrap().iter().map(content).collect()
}
