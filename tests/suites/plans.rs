//! Which plans Postgres makes of queries on tenant tables: with row-level security, with the predicate of the
//! builder, with both.

mod scoped;

use sea_query::{Alias, Asterisk, Expr, ExprTrait as _, Query};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tenancy_core::TableCatalog;
use tenancy_sqlx::Rls;
use tenancy_tests::notes::{Notes, context};

/// 200 tenants with 100 rows each; `t7` is one of them.
async fn items(columns: &str) -> Notes {
    let notes = Notes::unprotected().await.unwrap();
    notes
        .administer(format!(
            "CREATE TABLE item (tenant_id {columns}, n int NOT NULL, body text NOT NULL);
             INSERT INTO item SELECT 't' || n % 200, n, repeat('x', 100) FROM generate_series(1, 20000) n;
             CREATE INDEX item_tenant ON item (tenant_id, n);
             GRANT SELECT ON item TO {};
             ANALYZE item",
            notes.application()
        ))
        .await
        .unwrap();
    notes
}

fn catalog() -> TableCatalog {
    TableCatalog::new().tenant_table("item", "tenant_id")
}

async fn protected(rls: impl Fn(Rls<'_>) -> Rls<'_>) -> Notes {
    let notes = items("text NOT NULL").await;
    let catalog = catalog();
    let rls = rls(Rls::new(&catalog).application_role(notes.application()));
    notes.administer(rls.set_up_sql()).await.unwrap();
    notes
}

/// What was done to answer `sql` for tenant `t7`, without costs and times.
async fn plan(notes: &Notes, sql: &str) -> String {
    let mut connection = PgConnection::connect_with(&notes.options()).await.unwrap();
    let mut transaction = connection.begin().await.unwrap();
    sqlx::raw_sql("SET LOCAL app.current_tenant_id = 't7'")
        .execute(&mut *transaction)
        .await
        .unwrap();
    let explain = format!("EXPLAIN (ANALYZE, COSTS OFF, TIMING OFF, SUMMARY OFF) {sql}");
    let lines: Vec<String> = sqlx::query_scalar(AssertSqlSafe(explain))
        .fetch_all(&mut *transaction)
        .await
        .unwrap();
    // Postgres 18 counts rows with two decimals, and says in a condition which plan it waits for.
    let plan = lines.join("\n").replace(".00 loops", " loops");
    plan.replace("(InitPlan 1).col1", "$0")
}

/// A list of the builder, with its values written into the text.
fn scoped(tenant: &str) -> String {
    let select = Query::select()
        .column(Asterisk)
        .from(Alias::new("item"))
        .and_where(Expr::col("n").gt(0))
        .take();
    let scoped = context(tenant).scope(&catalog()).wrap(select).unwrap();
    let (sql, values) = scoped.build();
    values
        .0
        .iter()
        .enumerate()
        .rev()
        .fold(sql, |sql, (index, value)| {
            sql.replace(
                &format!("${}", index + 1),
                &sea_query::QueryBuilder::value_to_string(&sea_query::PostgresQueryBuilder, value),
            )
        })
}

#[track_caller]
fn uses_the_index(plan: &str, rows: usize) {
    assert!(plan.contains("item_tenant"), "{plan}");
    assert!(
        plan.contains("Index Cond: (tenant_id = ") || plan.contains("Index Cond: ((tenant_id = "),
        "{plan}"
    );
    assert!(!plan.contains("Seq Scan"), "{plan}");
    assert!(plan.contains(&format!("rows={rows} ")), "{plan}");
}

/// The function stands in an `InitPlan`: its result is there before the first row is looked at.
#[track_caller]
fn asks_once(plan: &str) {
    assert_eq!(plan.matches("InitPlan").count(), 1, "{plan}");
    let (_, init) = plan.split_once("InitPlan").unwrap();
    assert!(
        init.contains("Result (actual rows=1") && init.contains("loops=1)"),
        "{plan}"
    );
}

const LIST: &str = "SELECT * FROM item WHERE n > 0";

#[tokio::test]
async fn row_level_security_alone_uses_the_index_and_asks_once() {
    let notes = protected(|rls| rls).await;
    let plan = plan(&notes, LIST).await;
    uses_the_index(&plan, 100);
    asks_once(&plan);
}

#[tokio::test]
async fn the_predicate_alone_uses_the_index() {
    let notes = items("text NOT NULL").await;
    let plan = plan(&notes, &scoped("t7")).await;
    uses_the_index(&plan, 100);
    assert!(!plan.contains("InitPlan"), "{plan}");
}

#[tokio::test]
async fn both_together_use_the_index_and_ask_once() {
    let notes = protected(|rls| rls).await;
    let plan = plan(&notes, &scoped("t7")).await;
    uses_the_index(&plan, 100);
    asks_once(&plan);
}

/// The two layers fail closed together: a statement of another tenant than that of the transaction touches nothing.
#[tokio::test]
async fn a_predicate_for_another_tenant_never_runs() {
    let notes = protected(|rls| rls).await;
    let plan = plan(&notes, &scoped("t8")).await;
    assert!(plan.contains("One-Time Filter"), "{plan}");
    let scan = plan
        .lines()
        .find(|line| line.contains("item_tenant") || line.contains(" on item"))
        .unwrap();
    assert!(scan.contains("never executed"), "{plan}");
}

#[tokio::test]
async fn every_choice_of_policy_uses_the_index() {
    for choose in [
        |rls: Rls<'_>| rls.strict(),
        |rls| rls.restrictive(),
        |rls| rls.bare_function(),
        |rls| rls.strict().bare_function(),
        |rls| rls.column_default(),
    ] as [for<'a> fn(Rls<'a>) -> Rls<'a>; 5]
    {
        let notes = protected(choose).await;
        uses_the_index(&plan(&notes, LIST).await, 100);
    }
}

#[tokio::test]
async fn a_varchar_column_uses_its_index() {
    let notes = items("varchar(40) NOT NULL").await;
    let catalog = catalog();
    notes
        .administer(
            Rls::new(&catalog)
                .application_role(notes.application())
                .set_up_sql(),
        )
        .await
        .unwrap();
    let plan = plan(&notes, LIST).await;
    assert!(
        plan.contains("Index Cond: (((tenant_id)::text = ") && plan.contains("rows=100 "),
        "{plan}"
    );
    asks_once(&plan);
}

/// What the form of the policy is for: a cast of the column costs the index.
#[tokio::test]
async fn a_policy_that_casts_the_column_reads_the_whole_table() {
    let notes = protected(|rls| rls).await;
    notes
        .administer(
            "DROP POLICY tenant_isolation ON item;
             CREATE POLICY cast_column ON item USING (tenant_id::varchar::name::text = (SELECT tenancy.current_tenant_id()))",
        )
        .await
        .unwrap();
    let plan = plan(&notes, LIST).await;
    assert!(
        plan.contains("Seq Scan") && plan.contains("Rows Removed by Filter: 19900"),
        "{plan}"
    );
}

/// A role for all tenants pays nothing for the policy of the others, and a strict one does not stop it.
#[tokio::test]
async fn a_role_for_all_tenants_asks_for_no_tenant() {
    let notes = protected(|rls| rls).await;
    let catalog = catalog();
    notes
        .administer(
            Rls::new(&catalog)
                .strict()
                .all_tenants_reader(notes.application())
                .set_up_sql(),
        )
        .await
        .unwrap();
    let plan = plan(&notes, LIST).await;
    assert!(
        !plan.contains("tenant_id") && plan.contains("rows=20000 "),
        "{plan}"
    );
}
