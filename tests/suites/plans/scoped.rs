//! A scoped statement has the plan of the same statement with predicates by hand.

use sea_query::{
    Asterisk, Expr, ExprTrait as _, Func, LockType, Query, SelectStatement, UnionType, Values,
};
use sea_query_sqlx::SqlxValues;
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_core::{Scope, ScopeError, Scoped};
use tenancy_tests::notes::{Notes, catalog as notes_catalog, context};

/// Two tables with two hundred tenants of a hundred rows each.
async fn tables() -> Notes {
    let notes = Notes::unprotected().await.unwrap();
    let sql = "
        CREATE TABLE item (tenant_id text NOT NULL, id bigint NOT NULL, n bigint NOT NULL, PRIMARY KEY (tenant_id, id));
        CREATE TABLE label (tenant_id text NOT NULL, item_id bigint NOT NULL, name text NOT NULL,
                            PRIMARY KEY (tenant_id, item_id));
        INSERT INTO item SELECT 't' || i / 100, i % 100, i FROM generate_series(0, 19999) AS i;
        INSERT INTO label SELECT 't' || i / 100, i % 100, 'red' FROM generate_series(0, 19999) AS i;
        ANALYZE item, label";
    notes.administer(sql).await.unwrap();
    notes
}

/// The plan, without the numbers that Postgres gives to tables of one name.
async fn plan(connection: &mut PgConnection, sql: &str, values: Values) -> Vec<String> {
    // A value that is not known yet is planned for like any other: so are prepared statements.
    let explain = format!("EXPLAIN (COSTS OFF) {sql}");
    let lines: Vec<String> = sqlx::query_scalar_with(AssertSqlSafe(explain), SqlxValues(values))
        .fetch_all(connection)
        .await
        .unwrap_or_else(|error| panic!("{sql}: {error}"));
    let numbers = ["_1", "_2", "_3"];
    let name = |line: String| {
        numbers
            .iter()
            .fold(line, |line, number| line.replace(number, ""))
    };
    lines.into_iter().map(name).collect()
}

type Build = fn(&Scope<'_>) -> Result<(String, Values), ScopeError>;

fn built<S>(scoped: Result<Scoped<S>, ScopeError>) -> Result<(String, Values), ScopeError> {
    scoped.map(|scoped| scoped.build())
}

fn joined(left: bool) -> SelectStatement {
    let on = Expr::col(("label", "item_id")).equals(("item", "id"));
    let mut select = Query::select();
    select
        .column(("item", "n"))
        .column(("label", "name"))
        .from("item");
    if left {
        select.left_join("label", on);
    } else {
        select.inner_join("label", on);
    }
    select.and_where(Expr::col(("item", "id")).lt(10)).take()
}

const CASES: [(&str, Build, &str); 9] = [
    (
        "select",
        |scope| built(scope.select().column(Asterisk).from("item").and_where(Expr::col("id").eq(7)).finish()),
        "SELECT * FROM item WHERE tenant_id = $1 AND id = $2",
    ),
    (
        "join",
        |scope| built(scope.wrap(joined(false))),
        "SELECT item.n, label.name FROM item JOIN label ON label.item_id = item.id AND label.tenant_id = $1
         WHERE item.tenant_id = $1 AND item.id < $2",
    ),
    (
        "left join",
        |scope| built(scope.wrap(joined(true))),
        "SELECT item.n, label.name FROM item LEFT JOIN label ON label.item_id = item.id AND label.tenant_id = $1
         WHERE item.tenant_id = $1 AND item.id < $2",
    ),
    (
        "exists",
        |scope| {
            let labels = Query::select()
                .expr(Expr::val(1))
                .from("label")
                .and_where(Expr::col(("label", "item_id")).equals(("item", "id")))
                .take();
            built(scope.select().column("n").from("item").and_where(Expr::exists(labels)).finish())
        },
        "SELECT n FROM item WHERE tenant_id = $1
         AND EXISTS (SELECT $2::int FROM label WHERE label.item_id = item.id AND label.tenant_id = $1)",
    ),
    (
        "union",
        |scope| {
            let labels = Query::select().column("item_id").from("label").take();
            let select = scope.select().column("id").from("item");
            built(select.apply(|select| select.union(UnionType::Distinct, labels)).finish())
        },
        "SELECT id FROM item WHERE tenant_id = $1 UNION (SELECT item_id FROM label WHERE tenant_id = $1)",
    ),
    (
        "update from",
        |scope| {
            let update = scope.update("item").value("n", Func::char_length(Expr::col(("label", "name"))));
            let same = Expr::col(("label", "item_id")).equals(("item", "id"));
            built(update.from("label").and_where(same).finish())
        },
        "UPDATE item SET n = CHAR_LENGTH(label.name) FROM label
         WHERE item.tenant_id = $1 AND label.item_id = item.id AND label.tenant_id = $1",
    ),
    (
        "delete using",
        |scope| {
            let same = Expr::col(("label", "item_id")).equals(("item", "id"));
            built(scope.delete("item").using("label").and_where(same).finish())
        },
        "DELETE FROM item USING label
         WHERE item.tenant_id = $1 AND label.item_id = item.id AND label.tenant_id = $1",
    ),
    (
        "locking read",
        |scope| {
            let select = scope.select().column("n").from("item").and_where(Expr::col("id").eq(7));
            built(select.apply(|select| select.lock(LockType::Update)).finish())
        },
        "SELECT n FROM item WHERE tenant_id = $1 AND id = $2 FOR UPDATE",
    ),
    (
        "delete with a sub-query on itself",
        |scope| {
            let newest = Query::select().expr(Func::max(Expr::col("n"))).from("item").take();
            built(scope.delete("item").and_where(Expr::col("n").in_subquery(newest)).finish())
        },
        "DELETE FROM item WHERE tenant_id = $1 AND n IN (SELECT max(n) FROM item WHERE tenant_id = $1)",
    ),
];

#[tokio::test]
async fn a_scoped_statement_has_the_plan_of_predicates_by_hand() {
    let notes = tables().await;
    let catalog = notes_catalog()
        .tenant_table("item", "tenant_id")
        .tenant_table("label", "tenant_id");
    let context = context("t7");
    let scope = context.scope(&catalog);
    let mut connection = PgConnection::connect_with(&notes.superuser())
        .await
        .unwrap();
    for (name, build, by_hand) in CASES {
        let (sql, values) = build(&scope).unwrap();
        let ours = plan(&mut connection, &sql, values.clone()).await;
        let theirs = plan(&mut connection, by_hand, values).await;
        assert_eq!(ours, theirs, "{name}: {sql}");
        let text = ours.join("\n");
        assert!(
            text.contains("Index Cond: ((tenant_id = ")
                || text.contains("Index Cond: (tenant_id = "),
            "{name}: {text}"
        );
        assert!(
            !text.contains("Seq Scan") && !text.contains("CTE Scan"),
            "{name}: {text}"
        );
    }
}
