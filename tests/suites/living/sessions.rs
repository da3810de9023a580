//! What SQL leaves on a session, the next borrower does not find.

use sqlx::PgPool;
use tenancy_sqlx::{Error, TenantPool};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::sqlstate::sqlstate;

use super::{Left, NOTHING, look};

/// One connection, and it holds nothing of anybody before.
struct One {
    notes: Notes,
    bare: PgPool,
    pool: TenantPool,
}

impl One {
    async fn new() -> Self {
        let notes = Notes::new().await.unwrap();
        let bare = notes.bare_pool(1).await.unwrap();
        let pool = TenantPool::builder(bare.clone())
            .build(&catalog())
            .await
            .unwrap();
        Self { notes, bare, pool }
    }

    /// Tenant a runs `sql` and commits or, when `commits` is false, drops the transaction.
    async fn leaves(&self, sql: &'static str, commits: bool) {
        let mut transaction = self.pool.begin(&context("a")).await.unwrap();
        sqlx::query(sql).execute(&mut transaction).await.unwrap();
        if commits {
            transaction.commit().await.unwrap();
        }
    }

    /// What tenant b, next on the connection, is answered.
    async fn asks(&self, sql: &'static str) -> Result<Option<String>, sqlx::Error> {
        let mut transaction = self.pool.begin(&context("b")).await.unwrap();
        sqlx::query_scalar(sql).fetch_one(&mut transaction).await
    }
}

/// The negative control: a session-level setting outlives its borrower.
#[tokio::test]
async fn a_session_setting_leaks_to_the_next_borrower() {
    let notes = Notes::new().await.unwrap();
    let bare = notes.bare_pool(1).await.unwrap();
    sqlx::query("SELECT set_config('app.current_tenant_id', 'a', false)")
        .execute(&bare)
        .await
        .unwrap();
    assert_eq!(
        look(&bare, &notes).await,
        Left {
            tenant: Some("a".into()),
            rows: 3,
            open_transactions: 0
        }
    );
}

/// Not even to one that does not ask through a tenant pool.
#[tokio::test]
async fn a_setting_that_a_transaction_commits_for_the_session_is_gone() {
    let one = One::new().await;
    for commits in [true, false] {
        one.leaves(
            "SELECT set_config('app.current_tenant_id', 'a', false), set_config('app.note', 'of a', false),
                    set_config('search_path', 'elsewhere', false), set_config('work_mem', '77kB', false)",
            commits,
        )
        .await;
        assert_eq!(
            look(&one.bare, &one.notes).await,
            NOTHING,
            "committed: {commits}"
        );
        let left: (Option<String>, String, String) = sqlx::query_as(
            "SELECT nullif(current_setting('app.note', true), ''), current_setting('search_path'), current_setting('work_mem')",
        )
        .fetch_one(&one.bare)
        .await
        .unwrap();
        assert_eq!(left, (None, r#""$user", public"#.into(), "4MB".into()));
    }
}

/// Also for the transaction of a tenant: whatever else set it.
#[tokio::test]
async fn a_setting_from_outside_does_not_reach_a_tenant() {
    let one = One::new().await;
    sqlx::query("SELECT set_config('app.note', 'of nobody', false)")
        .execute(&one.bare)
        .await
        .unwrap();
    let seen = one.asks("SELECT nullif(current_setting('app.note', true), '')");
    assert_eq!(seen.await.unwrap(), None);
}

#[tokio::test]
async fn what_a_sequence_gave_is_not_told_to_the_next() {
    let one = One::new().await;
    for commits in [true, false] {
        one.leaves(
            "INSERT INTO note (tenant_id, body) VALUES ('a', 'x')",
            commits,
        )
        .await;
        let error = one.asks("SELECT lastval()::text").await.unwrap_err();
        assert_eq!(sqlstate(&error), "55000", "{error}");
    }
}

#[tokio::test]
async fn a_lock_of_the_session_is_given_back() {
    let one = One::new().await;
    for commits in [true, false] {
        one.leaves("SELECT pg_advisory_lock(7)", commits).await;
        let held = one.asks("SELECT count(*)::text FROM pg_locks WHERE locktype = 'advisory'");
        assert_eq!(held.await.unwrap().as_deref(), Some("0"));
    }
}

/// A function may run what a transaction refuses.
#[tokio::test]
async fn a_held_cursor_and_a_channel_are_closed() {
    let one = One::new().await;
    one.notes
        .administer(
            "CREATE FUNCTION run(sql text) RETURNS void LANGUAGE plpgsql AS $$ BEGIN EXECUTE sql; END $$",
        )
        .await
        .unwrap();
    one.leaves(
        "SELECT run('DECLARE held CURSOR WITH HOLD FOR SELECT body FROM note'), run('LISTEN channel')",
        true,
    )
    .await;
    let left = one.asks(
        "SELECT ((SELECT count(*) FROM pg_cursors WHERE is_holdable)
                 + (SELECT count(*) FROM pg_listening_channels()))::text",
    );
    assert_eq!(left.await.unwrap().as_deref(), Some("0"));
}

/// Settings of `after_connect` would be put back by the first transaction; so the pool says so at once.
#[tokio::test]
async fn a_pool_whose_connections_come_with_settings_does_not_start() {
    let notes = Notes::new().await.unwrap();
    let pool = tenancy_sqlx::pool_options()
        .after_connect(|connection, _| {
            Box::pin(async move {
                sqlx::query("SELECT set_config('search_path', 'public', false)")
                    .execute(connection)
                    .await
                    .map(drop)
            })
        })
        .connect_with(notes.options())
        .await
        .unwrap();
    let error = TenantPool::builder(pool)
        .build(&catalog())
        .await
        .unwrap_err();
    assert!(
        matches!(&error, Error::SessionSettings(names) if names == "search_path"),
        "{error}"
    );
    // Where they belong they stay.
    let options = notes.options().options([("search_path", "public")]);
    let pool = tenancy_sqlx::pool_options()
        .max_connections(1)
        .connect_with(options)
        .await
        .unwrap();
    let pool = TenantPool::builder(pool).build(&catalog()).await.unwrap();
    for _ in 0..2 {
        let mut transaction = pool.begin(&context("a")).await.unwrap();
        let path: String = sqlx::query_scalar("SHOW search_path")
            .fetch_one(&mut transaction)
            .await
            .unwrap();
        assert_eq!(path, "public");
        transaction.commit().await.unwrap();
    }
}
