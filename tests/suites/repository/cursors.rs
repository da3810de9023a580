//! Cursors, which clients keep and send back.

use tenancy_sqlx::{Cursor, Error, InvalidCursor};
use tenancy_tests::notes::context;

use super::{benches, ids, repository};

#[tokio::test]
async fn a_cursor_carries_no_authority_and_tells_nothing() {
    let (a, b) = (context("a"), context("b"));
    for bench in benches().await {
        let of_a = bench.page(&a, None, 1).await.next.unwrap();
        // The same text in both tenants: it is the key of the last row, and both have a row 1.
        let of_b = bench.page(&b, None, 1).await.next.unwrap();
        assert_eq!(of_a.to_string(), of_b.to_string());
        assert_eq!(of_a.to_string(), "WyIxIl0");

        let taken_along = bench.page(&b, Some(of_a), 10).await;
        assert_eq!(ids(&taken_along), [4]);
        assert!(taken_along.rows.iter().all(|note| note.tenant_id == "b"));
        // One that no page had.
        let forged: Cursor = serde_json::from_str("\"WyItNSJd\"").unwrap();
        assert_eq!(ids(&bench.page(&b, Some(forged), 10).await), [1, 4]);
    }
}

#[tokio::test]
async fn what_is_no_cursor_is_refused_before_anything_is_sent() {
    let encode = |json: &str| {
        use base64::Engine as _;
        base64::prelude::BASE64_URL_SAFE_NO_PAD.encode(json)
    };
    for garbage in [
        String::new(),
        "!".into(),
        "WyIxIl0=".into(),
        encode("{}"),
        encode("[1]"),
        encode(r#"["1"] "x""#),
        encode(r#"["a\u0000"]"#),
        encode(&format!(r#"["{}"]"#, "1".repeat(5000))),
    ] {
        assert_eq!(garbage.parse::<Cursor>(), Err(InvalidCursor), "{garbage}");
        let json = serde_json::to_string(&garbage).unwrap();
        assert!(serde_json::from_str::<Cursor>(&json).is_err());
    }

    let bench = &benches().await[0];
    let notes = repository();
    let mut transaction = bench.pool.begin(&context("a")).await.unwrap();
    for other in [
        "[]",
        r#"["1","2"]"#,
        r#"["one"]"#,
        r#"["1 OR true"]"#,
        r#"["9223372036854775808"]"#,
    ] {
        let cursor: Cursor = encode(other).parse().unwrap();
        let list = notes.list().after(cursor).fetch(&mut transaction).await;
        assert!(
            matches!(list, Err(Error::Cursor(InvalidCursor))),
            "{other}: {list:?}"
        );
    }
    transaction.commit().await.unwrap();
}
