//! What a tenant writes: its own rows, which stay its own.

use sea_query::{OnConflict, Query};
use sqlx::error::ErrorKind;
use tenancy_core::ScopeError;
use tenancy_sqlx::Error;

use super::layers::{self, Layer, Sql};
use tenancy_tests::sqlstate::sqlstate;

/// A statement and the rows that it tells of, in order. Rows of `b` are untouched by each.
type Case = (&'static str, &'static [&'static str]);

/// On these layers, and not without one: there the answer is another, or the rows of `b` are.
async fn hold_on(layers: Vec<Layer>, cases: &[Case]) {
    for mut layer in layers {
        for (sql, expected) in cases {
            let answer = Layer::untouched(layer.written("a", Sql((*sql).to_owned())).await);
            let answer = answer.unwrap_or_else(|error| panic!("{}: {sql}: {error}", layer.name));
            assert_eq!(answer, *expected, "{}: {sql}", layer.name);
        }
    }
    let mut control = layers::control().await;
    let before = control.written("a", Sql("SELECT 1".to_owned())).await.1;
    for (sql, expected) in cases {
        let (answer, of_b) = control.written("a", Sql((*sql).to_owned())).await;
        let is_expected = answer.is_ok_and(|answer| answer == *expected);
        assert!(!is_expected || of_b != before, "{}: {sql}", control.name);
    }
}

async fn hold(cases: &[Case]) {
    hold_on(layers::everywhere().await, cases).await;
}

async fn hold_on_postgres(cases: &[Case]) {
    hold_on(layers::on_postgres().await, cases).await;
}

/// Why the builder refuses a statement on a table.
type Refusal = fn(String) -> ScopeError;

/// Statements of `tenant` that the builder refuses, and which policies refuse as a lack of privilege (42501).
async fn refused(tenant: &str, cases: &[(&str, Refusal)]) {
    for mut layer in layers::everywhere().await {
        for (sql, refusal) in cases {
            let answer = Layer::untouched(layer.written(tenant, Sql((*sql).to_owned())).await);
            match answer {
                Err(Error::Scope(error)) if layer.is_scoped() => {
                    assert_eq!(error, refusal("note".to_owned()), "{}: {sql}", layer.name);
                }
                Err(Error::Database(error)) if !layer.is_scoped() => {
                    assert_eq!(sqlstate(&error), "42501", "{}: {sql}: {error}", layer.name);
                }
                other => panic!("{}: {sql}: {other:?}", layer.name),
            }
        }
    }
    let mut control = layers::control().await;
    for (sql, _) in cases {
        let (answer, _) = control.written(tenant, Sql((*sql).to_owned())).await;
        assert!(answer.is_ok(), "{}: {sql}: {answer:?}", control.name);
    }
}

#[tokio::test]
async fn an_insert_is_stamped() {
    hold(&[
        ("INSERT INTO note (id, body) VALUES (9, 'new') RETURNING tenant_id, id, body", &["a 9 new"]),
        ("INSERT INTO note (id, body) VALUES (8, 'x'), (9, 'y') RETURNING tenant_id, id", &["a 8", "a 9"]),
        ("INSERT INTO note (id, body) SELECT id + 10, body FROM note RETURNING tenant_id, id", &["a 11", "a 12", "a 13"]),
        (
            "INSERT INTO note (id, body) SELECT note_id + 10, name FROM tag UNION ALL SELECT 20, max(body) FROM note \
             RETURNING tenant_id, id, body",
            &["a 11 red", "a 20 a two"],
        ),
        (
            "INSERT INTO note (id, body) WITH x AS (SELECT * FROM tag) SELECT note_id + 10, name FROM x \
             RETURNING tenant_id, id",
            &["a 11"],
        ),
        ("INSERT INTO note (id, body) VALUES (9, (SELECT min(name) FROM tag)) RETURNING tenant_id, body", &["a red"]),
    ])
    .await;
}

/// As a value of its own. Whoever writes it down says nothing wrong.
#[tokio::test]
async fn the_own_tenant_may_be_given() {
    let row = |tenants: [&str; 2]| {
        let mut insert = Query::insert();
        insert
            .into_table("note")
            .columns(["tenant_id", "id", "body"]);
        for (at, tenant) in tenants.into_iter().enumerate() {
            let id = i64::try_from(at).unwrap() + 8;
            insert.values_panic([tenant.into(), id.into(), "x".into()]);
        }
        insert.returning_col("tenant_id").take()
    };
    for mut layer in layers::everywhere().await {
        let answer = Layer::untouched(layer.written("a", row(["a", "a"])).await);
        assert_eq!(answer.unwrap(), ["a", "a"], "{}", layer.name);
        // One foreign row is enough.
        let answer = Layer::untouched(layer.written("a", row(["a", "b"])).await);
        match answer {
            Err(Error::Scope(error)) if layer.is_scoped() => {
                assert_eq!(error, ScopeError::ForeignTenant("note".into()));
            }
            Err(Error::Database(error)) if !layer.is_scoped() => {
                assert_eq!(sqlstate(&error), "42501", "{error}");
            }
            other => panic!("{}: {other:?}", layer.name),
        }
    }
}

/// stancl/tenancy stores such a row.
#[tokio::test]
async fn a_row_cannot_be_given_to_another_tenant() {
    refused("a", &[
        ("INSERT INTO note (tenant_id, id, body) VALUES ('b', 9, 'planted')", ScopeError::ForeignTenant),
        (
            "INSERT INTO note (id, body, tenant_id) VALUES (8, 'x', 'b'), (9, 'planted', 'b')",
            ScopeError::ForeignTenant,
        ),
        ("INSERT INTO note (tenant_id, id, body) SELECT 'b', id + 10, body FROM note WHERE id = 3", ScopeError::ForeignTenant),
        (
            "INSERT INTO note (tenant_id, id, body) SELECT CASE WHEN id = 3 THEN 'b' ELSE 'a' END, id + 10, body FROM note WHERE id IN (2, 3)",
            ScopeError::ForeignTenant,
        ),
        (
            "INSERT INTO note (tenant_id, id, body) VALUES ((SELECT 'b'), 9, 'planted') \
             ON CONFLICT (tenant_id, id) DO NOTHING",
            ScopeError::ForeignTenant,
        ),
    ])
    .await;
}

#[tokio::test]
async fn the_tenant_column_cannot_be_changed() {
    refused("a", &[
        ("UPDATE note SET tenant_id = 'b' WHERE id = 3", ScopeError::TenantColumn),
        ("UPDATE note SET body = 'x', tenant_id = 'b' WHERE id = 3", ScopeError::TenantColumn),
        ("UPDATE note SET (body, tenant_id) = ('x', 'b') WHERE id = 3", ScopeError::TenantColumn),
        ("UPDATE note SET tenant_id = (SELECT 'b') WHERE id = 3", ScopeError::TenantColumn),
        ("UPDATE note AS n SET TENANT_ID = t.name FROM (VALUES ('b')) AS t (name) WHERE n.id = 3", ScopeError::TenantColumn),
    ])
    .await;
    // An upsert: it needs a row of one's own to meet, which plain SQL of a superuser does not make without a tenant.
    let upsert = "INSERT INTO note (id, body) VALUES (3, 'x') ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = 'b'";
    for mut layer in layers::everywhere().await {
        let answer = Layer::untouched(layer.written("a", Sql(upsert.to_owned())).await);
        match answer {
            Err(Error::Scope(error)) if layer.is_scoped() => {
                assert_eq!(error, ScopeError::TenantColumn("note".into()));
            }
            Err(Error::Database(error)) if !layer.is_scoped() => {
                assert_eq!(sqlstate(&error), "42501", "{error}");
            }
            other => panic!("{}: {other:?}", layer.name),
        }
    }
}

/// django-multitenant asserts the contrary: `save` there moves the row.
#[tokio::test]
async fn an_entity_that_was_loaded_as_a_is_not_saved_as_b() {
    let entity = "SELECT tenant_id, id, body FROM note WHERE id = 1";
    for layer in layers::everywhere().await {
        let loaded = layer.answer("a", Sql(entity.to_owned())).await.unwrap();
        assert_eq!(loaded, ["a 1 a one"], "{}", layer.name);
    }
    // What an object mapper makes of it, whichever row of b it takes for its own.
    refused(
        "b",
        &[
            (
                "UPDATE note SET tenant_id = 'a', body = 'a one' WHERE id = 5",
                ScopeError::TenantColumn,
            ),
            (
                "INSERT INTO note (tenant_id, id, body) VALUES ('a', 9, 'a one')",
                ScopeError::ForeignTenant,
            ),
            (
                "INSERT INTO note (tenant_id, id, body) VALUES ('a', 1, 'a one') \
             ON CONFLICT (tenant_id, id) DO UPDATE SET body = excluded.body",
                ScopeError::ForeignTenant,
            ),
        ],
    )
    .await;
}

#[tokio::test]
async fn an_update_reaches_rows_of_the_tenant_only() {
    hold(&[
        ("UPDATE note SET body = 'x' RETURNING id", &["1", "2", "3"]),
        ("UPDATE note SET body = 'x' WHERE true OR true RETURNING id", &["1", "2", "3"]),
        ("UPDATE note SET body = 'x' WHERE id = 4 RETURNING id", &[]),
        ("UPDATE note SET body = 'x' WHERE tenant_id = 'b' RETURNING id", &[]),
        ("UPDATE note AS n SET body = 'x' WHERE n.tenant_id = 'b' OR n.id = 4 RETURNING id", &[]),
        ("UPDATE note SET body = (SELECT min(name) FROM tag) WHERE id = 1 RETURNING body", &["red"]),
        // activerecord-multi-tenant #223: a sub-select, and one with a LIMIT.
        ("UPDATE note SET body = 'x' WHERE id = (SELECT max(id) FROM note) RETURNING id", &["3"]),
        ("UPDATE note SET body = 'x' WHERE id IN (SELECT id FROM note ORDER BY id DESC LIMIT 1) RETURNING id", &["3"]),
        ("UPDATE note SET body = 'x' WHERE EXISTS (SELECT 1 FROM tag WHERE name = 'blue') RETURNING id", &[]),
        ("UPDATE note SET body = t.name FROM tag AS t WHERE t.note_id = note.id RETURNING body", &["red"]),
        ("UPDATE note SET body = 'x' FROM tag AS t WHERE t.name = 'blue' RETURNING id", &[]),
        ("UPDATE note SET body = o.body FROM note AS o WHERE o.id = 4 RETURNING note.body", &[]),
        (
            "WITH last AS (SELECT max(id) AS id FROM note) UPDATE note SET body = 'x' \
             WHERE id IN (SELECT id FROM last) RETURNING body",
            &["x"],
        ),
    ])
    .await;
}

#[tokio::test]
async fn a_delete_reaches_rows_of_the_tenant_only() {
    hold(&[
        ("DELETE FROM note RETURNING id", &["1", "2", "3"]),
        ("DELETE FROM note WHERE id = 1 OR 1 = 1 RETURNING id", &["1", "2", "3"]),
        ("DELETE FROM note WHERE id = 4 RETURNING id", &[]),
        ("DELETE FROM note WHERE tenant_id = 'b' RETURNING id", &[]),
        ("DELETE FROM note AS n WHERE n.id = 4 RETURNING id", &[]),
        ("DELETE FROM note WHERE id = (SELECT max(id) FROM note) RETURNING id", &["3"]),
        ("DELETE FROM note WHERE id IN (SELECT id FROM note ORDER BY id DESC LIMIT 1) RETURNING id", &["3"]),
        ("DELETE FROM note WHERE EXISTS (SELECT 1 FROM tag WHERE name = 'blue') RETURNING id", &[]),
        ("DELETE FROM tag WHERE note_id NOT IN (SELECT id FROM note WHERE id = 4) RETURNING name", &["red"]),
        (
            "WITH last AS (SELECT max(id) AS id FROM note) DELETE FROM note WHERE id IN (SELECT id FROM last) RETURNING id",
            &["3"],
        ),
    ])
    .await;
    hold_on_postgres(&[
        ("DELETE FROM note USING tag WHERE tag.name = 'blue' RETURNING note.id", &[]),
        ("DELETE FROM tag USING note AS n WHERE n.id = tag.note_id AND n.body = 'b one' RETURNING tag.name", &[]),
        ("DELETE FROM tag AS t USING note AS n WHERE n.id = t.note_id RETURNING n.body", &["a one"]),
    ])
    .await;
}

#[tokio::test]
async fn an_upsert_on_a_key_of_b_neither_changes_nor_reveals_its_row() {
    // Key 4 is b's; for a it is free. Key 1 both have.
    hold(&[
        (
            "INSERT INTO note (id, body) VALUES (4, 'mine') \
             ON CONFLICT (tenant_id, id) DO UPDATE SET body = 'changed' RETURNING tenant_id, body",
            &["a mine"],
        ),
        (
            "INSERT INTO note (id, body) VALUES (4, 'mine') ON CONFLICT (tenant_id, id) DO NOTHING RETURNING tenant_id, body",
            &["a mine"],
        ),
        (
            "INSERT INTO note (id, body) VALUES (1, 'mine') \
             ON CONFLICT (tenant_id, id) DO UPDATE SET body = note.body || '!' RETURNING tenant_id, body",
            &["a a one!"],
        ),
        (
            "INSERT INTO note (id, body) SELECT 1, 'x' FROM note WHERE true \
             ON CONFLICT (tenant_id, id) DO NOTHING RETURNING id",
            &[],
        ),
    ])
    .await;
}

/// A key without the tenant in it is met by rows of all tenants, and then policies cannot hide that one is there: only
/// the builder can refuse to ask. Neither changes the row.
#[tokio::test]
async fn an_upsert_on_a_key_that_ignores_tenants_is_refused() {
    for mut layer in layers::on_postgres().await {
        layer
            .administer("CREATE UNIQUE INDEX slug ON note (body)")
            .await;
        for end in ["DO UPDATE SET body = 'changed'", "DO NOTHING"] {
            let sql = format!(
                "INSERT INTO note (id, body) VALUES (9, 'b one') ON CONFLICT (body) {end} RETURNING id"
            );
            let answer = Layer::untouched(layer.written("a", Sql(sql)).await);
            match answer {
                Err(Error::Scope(error)) if layer.is_scoped() => {
                    assert_eq!(error, ScopeError::ConflictTarget("note".into()));
                }
                Err(Error::Database(error)) if !layer.is_scoped() && end != "DO NOTHING" => {
                    assert_eq!(sqlstate(&error), "42501", "{error}");
                }
                Ok(rows) if !layer.is_scoped() && end == "DO NOTHING" => {
                    assert_eq!(rows, Vec::<String>::new());
                }
                other => panic!("{}: {end}: {other:?}", layer.name),
            }
        }
    }
    let mut conflict = OnConflict::columns(["tenant_id", "body"]);
    let insert = Query::insert()
        .into_table("note")
        .columns(["id", "body"])
        .values_panic([9.into(), "b one".into()])
        .on_conflict(conflict.do_nothing().to_owned())
        .returning_col("id")
        .take();
    for mut layer in layers::on_postgres().await {
        layer
            .administer("CREATE UNIQUE INDEX slug ON note (tenant_id, body)")
            .await;
        let answer = Layer::untouched(layer.written("a", insert.clone()).await);
        assert_eq!(answer.unwrap(), ["9"], "{}", layer.name);
    }
}

#[tokio::test]
async fn a_duplicate_is_refused_without_a_word_of_the_other_tenant() {
    for mut layer in layers::everywhere().await {
        // Both have a note 1.
        let sql = "INSERT INTO note (id, body) VALUES (1, 'new')";
        let answer = Layer::untouched(layer.written("a", Sql(sql.to_owned())).await);
        let Err(Error::Database(sqlx::Error::Database(error))) = answer else {
            panic!("{}: {answer:?}", layer.name);
        };
        assert_eq!(
            error.kind(),
            ErrorKind::UniqueViolation,
            "{}: {error}",
            layer.name
        );
        let told = format!("{error} {error:?}");
        for secret in ["b one", "(b", "'b'"] {
            assert!(!told.contains(secret), "{}: {told}", layer.name);
        }
    }
}

#[tokio::test]
async fn a_child_of_a_cannot_point_at_a_parent_of_b() {
    for mut layer in layers::everywhere().await {
        for sql in [
            "INSERT INTO tag (note_id, name) VALUES (4, 'x')",
            "INSERT INTO tag (note_id, name) SELECT 4, name FROM tag",
            "UPDATE tag SET note_id = 4",
        ] {
            let answer = Layer::untouched(layer.written("a", Sql(sql.to_owned())).await);
            let Err(Error::Database(sqlx::Error::Database(error))) = answer else {
                panic!("{}: {sql}: {answer:?}", layer.name);
            };
            assert_eq!(
                error.kind(),
                ErrorKind::ForeignKeyViolation,
                "{}: {sql}: {error}",
                layer.name
            );
        }
    }
}
