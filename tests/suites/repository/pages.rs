//! Pages: of a bounded size, stable while rows come and go, and narrowed by a filter.

use std::collections::BTreeSet;

use sea_query::{Expr, ExprTrait as _};
use tenancy_tests::notes::context;

use super::{benches, ids, repository};

#[tokio::test]
async fn a_filter_narrows_and_never_widens() {
    let notes = repository();
    for bench in benches().await {
        let mut transaction = bench.pool.read(&context("a")).await.unwrap();
        let tx = &mut transaction;
        let first = notes.list().page_size(1).fetch(tx).await.unwrap();
        for (filter, all, after_the_first) in [
            (Expr::cust("true OR true"), vec![1, 2, 3], vec![2, 3]),
            (Expr::col("tenant_id").eq("b"), vec![], vec![]),
            (Expr::col("id").is_in([1, 4]), vec![1], vec![]),
            (
                Expr::col("id").eq(3).or(Expr::cust("true")),
                vec![1, 2, 3],
                vec![2, 3],
            ),
            (
                Expr::cust("id IN (SELECT note_id FROM tag)"),
                vec![1],
                vec![],
            ),
        ] {
            let list = || notes.list().filter(filter.clone());
            assert_eq!(ids(&list().fetch(tx).await.unwrap()), all, "{filter:?}");
            let next = list().after(first.next.clone()).fetch(tx).await.unwrap();
            assert_eq!(ids(&next), after_the_first, "{filter:?}");
        }
    }
}

#[tokio::test]
async fn pages_are_stable_while_rows_come_and_go() {
    let a = context("a");
    for bench in benches().await {
        let sql = "INSERT INTO note (id, tenant_id, body) SELECT n * 10, t, 'x' \
                   FROM generate_series(1, 20) n, (VALUES ('a'), ('b')) AS t (t)";
        bench.notes.administer(sql).await.unwrap();
        let (mut seen, mut after) = (Vec::new(), None);
        for round in 0.. {
            let page = bench.page(&a, after, 5).await;
            assert!(page.rows.iter().all(|note| note.tenant_id == "a"));
            seen.extend(ids(&page));
            // Before and behind where the reader is, and one it has yet to see goes.
            let last = seen.last().unwrap();
            bench
                .notes
                .administer(format!(
                    "INSERT INTO note (id, tenant_id, body) VALUES (-{round}, 'a', 'x'), ({last} + 1, 'a', 'x'), \
                     ({last} + 2, 'b', 'x'); \
                     DELETE FROM note WHERE tenant_id = 'a' AND id = (SELECT max(id) FROM note WHERE id < 200)"
                ))
                .await
                .unwrap();
            match page.next {
                Some(cursor) => after = Some(cursor),
                None => break,
            }
        }
        let unique: BTreeSet<_> = seen.iter().collect();
        assert_eq!(unique.len(), seen.len(), "{seen:?}");
        assert!(
            seen.is_sorted() && seen.iter().all(|id| *id > 0),
            "{seen:?}"
        );
        // Those of the first rows that nobody deleted, and what came behind the pages.
        for id in [1, 2, 3, 10, 20, 30, 200] {
            assert!(unique.contains(&id), "{id} in {seen:?}");
        }
        assert!(unique.contains(&21), "{seen:?}");
    }
}

#[tokio::test]
async fn a_page_has_a_bound() {
    let bench = &benches().await[0];
    let a = context("a");
    let sql = "INSERT INTO note (tenant_id, body) SELECT 'a', 'x' FROM generate_series(1, 600)";
    bench.notes.administer(sql).await.unwrap();
    for (size, rows) in [(1, 1), (0, 50), (500, 500), (501, 500), (u32::MAX, 500)] {
        let page = bench.page(&a, None, size).await;
        assert_eq!(page.rows.len(), rows);
        assert!(page.next.is_some());
    }
    // The last page says that it is the last, also where it is full.
    let page = bench.page(&context("b"), None, 2).await;
    assert_eq!((page.rows.len(), page.next), (2, None));
}

#[tokio::test]
async fn a_page_is_an_answer() {
    let bench = &benches().await[0];
    let page = bench.page(&context("b"), None, 1).await;
    let row = serde_json::json!({"id": 1, "body": "b one", "tenant_id": "b"});
    let answer = serde_json::json!({"rows": [row], "next": "WyIxIl0"});
    assert_eq!(serde_json::to_value(page).unwrap(), answer);
}
