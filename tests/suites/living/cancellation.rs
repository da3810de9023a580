//! Every future of the public API dropped at every one of its awaits.

use std::future::Future;

use futures_util::TryStreamExt as _;
use sea_query::Query;
use sqlx::{Executor as _, SqlStr};
use tenancy_core::TenantContext;
use tenancy_sqlx::{
    Error, Isolation, Repository, TenantPool, TenantTransaction, TransactionOptions,
};
use tenancy_tests::cancel::at_await;
use tenancy_tests::notes::{Notes, catalog, context};

use super::{NOTHING, Shared, conflict, look, slow_pool, write};

/// Runs `work` again and again, cancelled at its first await, its second, and so on until it finishes, with
/// a look at the connection after each. Returns how many awaits there are.
async fn cancel_everywhere<F, T>(
    shared: &Shared,
    work: impl FnMut(TenantPool, TenantContext) -> F,
) -> usize
where
    F: Future<Output = T>,
{
    cancel_at(shared, |awaits| awaits + 1, work).await
}

/// The same, at the awaits that `next` picks, each from the one before.
async fn cancel_at<F, T>(
    shared: &Shared,
    next: impl Fn(usize) -> usize,
    mut work: impl FnMut(TenantPool, TenantContext) -> F,
) -> usize
where
    F: Future<Output = T>,
{
    let mut awaits = 1;
    loop {
        let work = work(shared.pool.clone(), context("a"));
        let finished = at_await(awaits, work).await.is_some();
        assert_eq!(shared.left().await, NOTHING, "cancelled at await {awaits}");
        shared.next_tenant_is_served().await;
        if finished {
            return awaits - 1;
        }
        awaits = next(awaits);
    }
}

#[tokio::test]
async fn begin_can_be_cancelled_at_every_await() {
    let shared = Shared::new().await;
    let awaits = cancel_everywhere(&shared, |pool, a| async move {
        drop(pool.begin(&a).await.unwrap());
    })
    .await;
    assert!(awaits >= 2, "begin was cancelled at {awaits} awaits only");
}

/// Computing the password's proof alone yields hundreds of times, so this picks ever fewer of the awaits.
#[tokio::test]
async fn begin_on_a_new_connection_can_be_cancelled_anywhere() {
    let shared = Shared::new().await;
    let next = |awaits: usize| awaits + 1 + awaits / 6;
    let awaits = cancel_at(&shared, next, |pool, a| {
        let bare = shared.bare.clone();
        async move {
            #[expect(
                clippy::disallowed_methods,
                reason = "to close the connection, so that the next begin makes one"
            )]
            bare.acquire().await.unwrap().close().await.unwrap();
            drop(pool.begin(&a).await.unwrap());
        }
    })
    .await;
    assert!(
        awaits >= 6,
        "connecting and beginning was cancelled at {awaits} awaits only"
    );
}

#[tokio::test]
async fn a_statement_can_be_cancelled_at_every_await() {
    let shared = Shared::new().await;
    cancel_everywhere(&shared, |pool, a| async move {
        let mut transaction = pool.begin(&a).await.unwrap();
        write(&mut transaction).await;
    })
    .await;
}

#[tokio::test]
async fn commit_and_rollback_can_be_cancelled_at_every_await() {
    let shared = Shared::new().await;
    let counted = |rows: &'static str| {
        let notes = &shared.notes;
        async move {
            let mut admin = notes.admin().await.unwrap();
            sqlx::query_scalar::<_, i64>(rows)
                .fetch_one(&mut admin)
                .await
                .unwrap()
        }
    };
    cancel_everywhere(&shared, |pool, a| async move {
        let mut transaction = pool.begin(&a).await.unwrap();
        write(&mut transaction).await;
        transaction.rollback().await.unwrap();
    })
    .await;
    assert_eq!(
        counted("SELECT count(*) FROM note WHERE tenant_id = 'a'").await,
        3
    );
    cancel_everywhere(&shared, |pool, a| async move {
        let mut transaction = pool.begin(&a).await.unwrap();
        write(&mut transaction).await;
        transaction.commit().await.unwrap();
    })
    .await;
    assert!(counted("SELECT count(*) FROM note WHERE tenant_id = 'a'").await >= 4);
    assert_eq!(
        counted("SELECT count(*) FROM note WHERE tenant_id = 'b'").await,
        2
    );
}

/// The negative control: what sqlx 0.9.0 does by itself, and what everybody writes. If this stops leaking,
/// the guard may go; until then it shows that the tests above can fail.
#[tokio::test]
#[expect(clippy::disallowed_methods, reason = "shows why it is disallowed")]
async fn unguarded_begin_with_leaks_when_it_is_cancelled() {
    let notes = Notes::new().await.unwrap();
    let (bare, _link) = slow_pool(&notes).await;
    let mut leaked = false;
    for awaits in 1..20 {
        let begin = bare.begin_with("BEGIN; SET LOCAL app.current_tenant_id = 'a'");
        if at_await(awaits, begin).await.is_some() {
            break;
        }
        leaked = look(&bare, &notes).await != NOTHING;
        if leaked {
            break;
        }
    }
    assert!(
        leaked,
        "sqlx no longer leaks; look whether the guard of `TenantTransaction` is still needed"
    );
}

/// A test that drops a future at each of its awaits.
macro_rules! cancelled {
    ($name:ident, $work:expr) => {
        #[tokio::test]
        async fn $name() {
            let shared = Shared::new().await;
            let awaits = cancel_everywhere(&shared, $work).await;
            assert!(awaits >= 2, "cancelled at {awaits} awaits only");
        }
    };
}

cancelled!(
    a_serializable_transaction_can_be_cancelled_at_every_await,
    |pool, a| async move {
        let options = TransactionOptions::new().isolation(Isolation::Serializable);
        let mut transaction = pool.begin_with(&a, options).await.unwrap();
        write(&mut transaction).await;
    }
);

cancelled!(
    a_reading_stream_can_be_cancelled_at_every_await,
    |pool, a| async move {
        let mut transaction = pool.read(&a).await.unwrap();
        let mut rows = sqlx::query("SELECT * FROM note").fetch(&mut transaction);
        while rows.try_next().await.unwrap().is_some() {}
    }
);

cancelled!(
    a_transaction_around_a_closure_can_be_cancelled_at_every_await,
    |pool, a| async move {
        let work = async |transaction: &mut TenantTransaction| {
            write(transaction).await;
            Ok::<_, Error>(())
        };
        pool.with(&a, work).await.unwrap();
    }
);

// The first attempt fails as if another transaction had been in the way.
cancelled!(
    a_transaction_that_is_tried_again_can_be_cancelled_at_every_await,
    |pool, a| async move {
        let mut attempts = 0;
        let work = async |transaction: &mut TenantTransaction| {
            write(transaction).await;
            attempts += 1;
            if attempts == 1 {
                conflict(transaction).await?;
            }
            Ok::<_, Error>(())
        };
        let options = TransactionOptions::new();
        pool.retry(&a, options, work).await.unwrap();
    }
);

cancelled!(
    a_savepoint_can_be_cancelled_at_every_await,
    |pool, a| async move {
        let mut transaction = pool.begin(&a).await.unwrap();
        let mut kept = transaction.savepoint().await.unwrap();
        let mut undone = kept.savepoint().await.unwrap();
        write(&mut undone).await;
        drop(undone);
        write(&mut kept).await;
        kept.release().await.unwrap();
        transaction.commit().await.unwrap();
    }
);

cancelled!(
    a_reader_can_be_cancelled_at_every_await,
    |pool, a| async move {
        let reader = pool.reader(&a);
        let sql = "SELECT body FROM note";
        sqlx::query(sql).fetch_all(&reader).await.unwrap();
        sqlx::query(sql).fetch_optional(&reader).await.unwrap();
        reader.prepare(SqlStr::from_static(sql)).await.unwrap();
        reader.describe(SqlStr::from_static(sql)).await.unwrap();
    }
);

cancelled!(
    preparing_and_describing_can_be_cancelled_at_every_await,
    |pool, a| async move {
        let sql = || SqlStr::from_static("SELECT body FROM note");
        let mut transaction = pool.begin(&a).await.unwrap();
        transaction.prepare(sql()).await.unwrap();
        transaction.describe(sql()).await.unwrap();
    }
);

cancelled!(
    a_scoped_statement_can_be_cancelled_at_every_await,
    |pool, a| async move {
        let tables = catalog();
        let scope = a.scope(&tables);
        let select = Query::select().column("body").from("note").take();
        let select = scope.wrap(select).unwrap();
        let insert = scope.insert("note").columns(["body"]).values(["x".into()]);
        let mut transaction = pool.begin(&a).await.unwrap();
        let _: Vec<(String,)> = transaction.fetch_all(&select).await.unwrap();
        let _: Option<(String,)> = transaction.fetch_optional(&select).await.unwrap();
        let _: (String,) = transaction.fetch_one(&select).await.unwrap();
        let _: Vec<(String,)> = transaction.stream(&select).try_collect().await.unwrap();
        transaction
            .execute(&insert.finish().unwrap())
            .await
            .unwrap();
    }
);

cancelled!(
    a_reader_of_scoped_statements_can_be_cancelled_at_every_await,
    |pool, a| async move {
        let tables = catalog();
        let scope = a.scope(&tables);
        let select = scope.select().column("body").from("note").finish().unwrap();
        let reader = pool.reader(&a);
        let _: Vec<(String,)> = reader.fetch_all(&select).await.unwrap();
        let _: Option<(String,)> = reader.fetch_optional(&select).await.unwrap();
        let _: (String,) = reader.fetch_one(&select).await.unwrap();
        let _: Vec<(String,)> = reader.stream(&select).try_collect().await.unwrap();
    }
);

cancelled!(
    a_repository_can_be_cancelled_at_every_await,
    |pool, a| async move {
        let notes = Repository::new(&catalog(), "note", ["id"], "id", |(id,): &(i64,)| *id);
        let mut transaction = pool.begin(&a).await.unwrap();
        let tx = &mut transaction;
        let (id,) = notes.create(tx, [("body", "x".into())]).await.unwrap();
        notes.get(tx, id).await.unwrap();
        notes.update(tx, id, [("body", "y".into())]).await.unwrap();
        notes.list().page_size(1).fetch(tx).await.unwrap();
        assert!(notes.delete(tx, id).await.unwrap());
    }
);

/// Building a pool tries what a stranger sees, on the very connection that is handed out next.
#[tokio::test]
async fn building_a_pool_can_be_cancelled_at_every_await() {
    let shared = Shared::new().await;
    let awaits = cancel_everywhere(&shared, |_, _| {
        let bare = shared.bare.clone();
        async move { TenantPool::builder(bare).build(&catalog()).await.unwrap() }
    })
    .await;
    assert!(awaits >= 6, "cancelled at {awaits} awaits only");
}

/// Closing has no way back, wherever its future is dropped.
#[tokio::test]
async fn closing_can_be_cancelled_at_every_await() {
    for awaits in 1.. {
        let shared = Shared::new().await;
        let a = context("a");
        let held = shared.pool.begin(&a).await.unwrap();
        let finished = at_await(awaits, async {
            let (pool, held) = (shared.pool.clone(), held);
            tokio::join!(pool.close(), async { drop(held) });
        });
        let finished = finished.await.is_some();
        let error = shared.pool.begin(&a).await.unwrap_err();
        assert!(
            matches!(error, Error::Database(sqlx::Error::PoolClosed)),
            "{error}"
        );
        if finished {
            break;
        }
    }
}
