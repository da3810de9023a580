//! Writes that look at other tables beside their target: DELETE with USING, UPDATE with FROM.

use sea_query::Expr;
use tenancy_core::{Scope, ScopeError, Scoped};
use tenancy_sqlx::{TenantPool, TenantTransaction};
use tenancy_tests::notes::{Notes, catalog, context};

use super::unproven_pool;

/// The builder alone, and with row-level security behind it.
async fn without_policies_and_with_them() -> [(Notes, TenantPool); 2] {
    let alone = Notes::unprotected().await.unwrap();
    let unproven = unproven_pool(&alone, &catalog()).await;
    let protected = Notes::new().await.unwrap();
    let proven = protected.pool(1).await.unwrap();
    [(alone, unproven), (protected, proven)]
}

/// What is not `a`'s, by plain SQL, as far as no policy hides it.
async fn of_others(transaction: &mut TenantTransaction) -> Vec<String> {
    let sql = "SELECT concat_ws(' ', 'note', id, body) FROM note WHERE tenant_id <> 'a' \
               UNION ALL SELECT concat_ws(' ', 'tag', note_id, name) FROM tag WHERE tenant_id <> 'a' ORDER BY 1";
    let rows = sqlx::query_scalar(sql).fetch_all(transaction).await;
    rows.unwrap()
}

/// A write, the tables beside its target, a condition, and how many rows of `a` it touches.
type Beside = (&'static str, &'static [&'static str], &'static str, u64);

/// Note 1 of `a` has a red tag; `b` has a note 1 too, and its tag is blue. `plan` is shared.
const BESIDE_NOTES: [Beside; 6] = [
    ("note", &["tag"], "tag.note_id = note.id", 1),
    ("note", &["tag"], "tag.name = 'blue' OR tag.note_id = 4", 0),
    ("note", &["plan"], "plan.name = 'free'", 3),
    (
        "note",
        &["plan", "tag"],
        "plan.name = 'paid' AND tag.name = 'blue'",
        0,
    ),
    (
        "note",
        &["tag", "plan"],
        "plan.name = 'paid' AND tag.note_id = note.id",
        1,
    ),
    ("note", &["tag"], "true OR true", 3),
];

/// Runs for `a` what `write` makes of each case, and expects that nobody else's rows are touched.
async fn only_own_rows_are_touched<S>(
    cases: &[Beside],
    write: impl Fn(&Scope<'_>, &Beside) -> Result<Scoped<S>, ScopeError>,
) {
    let (a, catalog) = (context("a"), catalog());
    for (_notes, pool) in without_policies_and_with_them().await {
        for case in cases {
            let write = write(&a.scope(&catalog), case).unwrap();
            let mut transaction = pool.begin(&a).await.unwrap();
            let before = of_others(&mut transaction).await;
            let touched = transaction.execute(&write).await.unwrap();
            assert_eq!(touched.rows_affected(), case.3, "{}", write.sql());
            assert_eq!(of_others(&mut transaction).await, before, "{}", write.sql());
            transaction.rollback().await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_delete_using_other_tables_meets_no_row_of_another_tenant() {
    let more: [Beside; 4] = [
        ("note", &["tag"], "tag.name = 'blue'", 0),
        ("note", &["plan"], "plan.name = 'none'", 0),
        ("tag", &["note"], "note.body = 'a three'", 1),
        (
            "tag",
            &["note"],
            "note.id = tag.note_id AND note.body = 'b one'",
            0,
        ),
    ];
    let cases = [&BESIDE_NOTES[..], &more].concat();
    only_own_rows_are_touched(&cases, |scope, (table, beside, condition, _)| {
        let delete = beside
            .iter()
            .fold(scope.delete(*table), |delete, table| delete.using(table));
        delete.and_where(Expr::cust(*condition)).finish()
    })
    .await;
}

#[tokio::test]
async fn an_update_from_other_tables_meets_no_row_of_another_tenant() {
    only_own_rows_are_touched(&BESIDE_NOTES, |scope, (table, beside, condition, _)| {
        let update = scope.update(*table).value("body", "new");
        let update = beside
            .iter()
            .fold(update, |update, table| update.from(*table));
        update.and_where(Expr::cust(*condition)).finish()
    })
    .await;
}
