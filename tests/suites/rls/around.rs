//! What stands around a table: partitions, children, views, sequences, shared tables, indexes.

use tenancy_core::TableCatalog;
use tenancy_sqlx::Rls;
use tenancy_tests::notes::Notes;

use super::{ask, on_tables, run, session};

fn items() -> TableCatalog {
    TableCatalog::new().tenant_table("item", "tenant_id")
}

/// A partitioned table and one with children, each two levels deep.
#[tokio::test]
async fn what_lies_beneath_a_table_is_protected_with_it() {
    for tables in [
        "CREATE TABLE item (tenant_id text NOT NULL, n int NOT NULL) PARTITION BY RANGE (n);
         CREATE TABLE item_low PARTITION OF item FOR VALUES FROM (0) TO (10) PARTITION BY LIST (tenant_id);
         CREATE TABLE item_leaf PARTITION OF item_low DEFAULT;
         CREATE TABLE item_high PARTITION OF item FOR VALUES FROM (10) TO (20);",
        "CREATE TABLE item (tenant_id text NOT NULL, n int NOT NULL);
         CREATE TABLE item_low () INHERITS (item);
         CREATE TABLE item_leaf () INHERITS (item_low);
         CREATE TABLE item_high () INHERITS (item);",
    ] {
        let notes = Notes::unprotected().await.unwrap();
        notes.administer(format!("{tables} INSERT INTO item_leaf VALUES ('a', 1), ('b', 2); INSERT INTO item_high VALUES ('a', 11), ('b', 12)")).await.unwrap();
        let bare = on_tables(&notes).await;
        let catalog = items();
        let rls = Rls::new(&catalog).application_role(notes.application()).column_default();
        for _ in 0..2 {
            notes.administer(rls.set_up_sql()).await.unwrap();
        }
        // Somebody opens them directly.
        notes.administer(format!("GRANT ALL ON ALL TABLES IN SCHEMA public TO {}", notes.application())).await.unwrap();
        let mut app = session(&notes, notes.application()).await;
        for (table, numbers) in [("item", vec!["1", "11"]), ("item_low", vec!["1"]), ("item_leaf", vec!["1"]), ("item_high", vec!["11"])] {
            let select = format!("SELECT n::text FROM {table} ORDER BY n");
            assert_eq!(ask(&mut app, Some("a"), &select).await.unwrap(), numbers, "{table}");
            assert_eq!(ask(&mut app, None, &select).await, Ok(vec![]), "{table}");
            let number = numbers.last().unwrap();
            let planted = format!("INSERT INTO {table} VALUES ('b', {number}) RETURNING tenant_id");
            assert!(ask(&mut app, Some("a"), &planted).await.unwrap_err().starts_with("42501"), "{table}");
            let stamped = format!("INSERT INTO {table} (n) VALUES ({number}) RETURNING tenant_id");
            assert_eq!(ask(&mut app, Some("a"), &stamped).await.unwrap(), ["a"], "{table}");
        }
        let mut admin = notes.admin().await.unwrap();
        for table in ["item", "item_leaf", "item_high"] {
            let moved = format!("UPDATE {table} SET tenant_id = 'c' RETURNING tenant_id");
            assert!(ask(&mut admin, None, &moved).await.unwrap_err().contains("cannot be changed"), "{table}");
        }
        for _ in 0..2 {
            notes.administer(rls.take_down_sql()).await.unwrap();
            let mut down = on_tables(&notes).await;
            down.retain(|fact| !fact.starts_with("function"));
            assert_eq!(down, bare);
        }
    }
}

/// A trigger AFTER UPDATE would not see a row that goes to another partition.
#[tokio::test]
async fn a_row_does_not_go_to_the_partition_of_another_tenant() {
    let notes = Notes::unprotected().await.unwrap();
    notes
        .administer(
            "CREATE TABLE item (tenant_id text NOT NULL) PARTITION BY LIST (tenant_id);
             CREATE TABLE item_a PARTITION OF item FOR VALUES IN ('a');
             CREATE TABLE item_b PARTITION OF item FOR VALUES IN ('b');
             INSERT INTO item VALUES ('a')",
        )
        .await
        .unwrap();
    let mut admin = notes.admin().await.unwrap();
    let moved = "UPDATE item SET tenant_id = 'b' RETURNING tableoid::regclass::text";
    assert_eq!(ask(&mut admin, None, moved).await.unwrap(), ["item_b"]);
    let catalog = items();
    notes
        .administer(Rls::new(&catalog).set_up_sql())
        .await
        .unwrap();
    assert!(
        ask(&mut admin, None, moved)
            .await
            .unwrap_err()
            .starts_with("42501")
    );
}

#[tokio::test]
async fn a_partition_may_be_declared_as_well() {
    let notes = Notes::unprotected().await.unwrap();
    notes
        .administer("CREATE TABLE item (tenant_id text NOT NULL) PARTITION BY LIST (tenant_id); CREATE TABLE an_item PARTITION OF item DEFAULT")
        .await
        .unwrap();
    let catalog = items().tenant_table("an_item", "tenant_id");
    let rls = Rls::new(&catalog).application_role(notes.application());
    for _ in 0..2 {
        notes.administer(rls.set_up_sql()).await.unwrap();
    }
    for _ in 0..2 {
        notes.administer(rls.take_down_sql()).await.unwrap();
    }
}

#[tokio::test]
async fn a_view_shows_what_its_reader_may_see() {
    let notes = Notes::new().await.unwrap();
    let application = notes.application();
    notes
        .administer(format!(
            "CREATE SCHEMA report;
             CREATE VIEW report.notes AS SELECT body FROM public.note;
             CREATE VIEW report.twice AS SELECT * FROM report.notes;
             CREATE VIEW report.plans AS SELECT name FROM public.plan;
             GRANT USAGE ON SCHEMA report TO {application}; GRANT SELECT ON ALL TABLES IN SCHEMA report TO {application}"
        ))
        .await
        .unwrap();
    let mut app = session(&notes, application).await;
    let count = async |app: &mut _, view: &str| {
        ask(
            app,
            Some("a"),
            &format!("SELECT count(*)::text FROM report.{view}"),
        )
        .await
        .unwrap()
    };
    assert_eq!(count(&mut app, "twice").await, ["5"], "the leak");
    let catalog = tenancy_tests::notes::catalog();
    let rls = Rls::new(&catalog)
        .application_role(application)
        .invoker_views();
    notes.administer(rls.set_up_sql()).await.unwrap();
    for view in ["notes", "twice"] {
        assert_eq!(count(&mut app, view).await, ["3"], "{view}");
    }
    let mut admin = notes.admin().await.unwrap();
    let others = "SELECT relname::text FROM pg_class WHERE relkind = 'v' AND relnamespace = 'report'::regnamespace AND reloptions IS NULL";
    assert_eq!(ask(&mut admin, None, others).await.unwrap(), ["plans"]);
}

#[tokio::test]
async fn serial_columns_and_shared_tables_work_without_further_grants() {
    let notes = Notes::unprotected().await.unwrap();
    let application = notes.application();
    notes
        .administer(format!(
            "CREATE SCHEMA billing; CREATE TABLE billing.item (tenant_id text NOT NULL, n serial);
             CREATE TABLE billing.rate (name text); CREATE TABLE billing.twice (name text); CREATE TABLE twice (name text);
             REVOKE ALL ON plan FROM {application}"
        ))
        .await
        .unwrap();
    let catalog = TableCatalog::new()
        .tenant_table_in("billing", "item", "tenant_id")
        .shared_table("plan")
        .shared_table("rate")
        .shared_table("twice")
        .shared_table("nowhere");
    let mut app = session(&notes, application).await;
    assert!(ask(&mut app, None, "SELECT name FROM plan").await.is_err());
    notes
        .administer(
            Rls::new(&catalog)
                .application_role(application)
                .set_up_sql(),
        )
        .await
        .unwrap();
    let insert = "INSERT INTO billing.item (tenant_id) VALUES ('a') RETURNING n::text";
    assert_eq!(ask(&mut app, Some("a"), insert).await.unwrap(), ["1"]);
    assert_eq!(
        ask(&mut app, None, "SELECT name FROM plan")
            .await
            .unwrap()
            .len(),
        2
    );
    assert_eq!(
        ask(&mut app, None, "SELECT name FROM billing.rate").await,
        Ok(vec![])
    );
    assert!(
        ask(
            &mut app,
            None,
            "INSERT INTO plan VALUES ('mine') RETURNING name"
        )
        .await
        .unwrap_err()
        .starts_with("42501")
    );
    // Which of the two is meant is not guessed.
    for table in ["twice", "billing.twice"] {
        assert!(
            ask(&mut app, None, &format!("SELECT name FROM {table}"))
                .await
                .unwrap_err()
                .starts_with("42501")
        );
    }
}

#[tokio::test]
async fn an_index_is_made_where_none_is_led_by_the_tenant() {
    let notes = Notes::unprotected().await.unwrap();
    notes
        .administer(
            "CREATE TABLE led (tenant_id text, n int, UNIQUE (tenant_id, n));
             CREATE TABLE trailed (tenant_id text, n int, UNIQUE (n, tenant_id));
             CREATE TABLE partly (tenant_id text, n int); CREATE INDEX partly_some ON partly (tenant_id) WHERE n > 0;
             CREATE TABLE item (tenant_id text, n int)",
        )
        .await
        .unwrap();
    let catalog = ["led", "trailed", "partly"]
        .into_iter()
        .fold(items(), |catalog, name| {
            catalog.tenant_table(name, "tenant_id")
        });
    let mut admin = notes.admin().await.unwrap();
    for _ in 0..2 {
        run(&mut admin, &Rls::new(&catalog).index_sql())
            .await
            .unwrap();
        let indexes =
            "SELECT indexrelid::regclass::text FROM pg_index JOIN pg_class c ON c.oid = indrelid
                       WHERE relname IN ('led', 'trailed', 'partly', 'item') ORDER BY 1";
        assert_eq!(
            ask(&mut admin, None, indexes).await.unwrap(),
            [
                "item_tenant_id_idx",
                "led_tenant_id_n_key",
                "partly_some",
                "partly_tenant_id_idx",
                "trailed_n_tenant_id_key",
                "trailed_tenant_id_idx"
            ]
        );
    }
}

#[tokio::test]
async fn keys_without_the_tenant_are_spoken_of() {
    let notes = Notes::new().await.unwrap();
    notes
        .administer(
            "CREATE TABLE item (tenant_id text, n int UNIQUE, note_id bigint);
             ALTER TABLE note ADD CONSTRAINT sole UNIQUE (id, body);
             ALTER TABLE item ADD CONSTRAINT points FOREIGN KEY (note_id, tenant_id) REFERENCES note (id, body);
             CREATE TABLE child (tenant_id text, n int CONSTRAINT strays REFERENCES item (n)); ALTER TABLE item ENABLE ROW LEVEL SECURITY",
        )
        .await
        .unwrap();
    let catalog = items()
        .tenant_table("child", "tenant_id")
        .tenant_table("note", "tenant_id");
    let mut admin = notes.admin().await.unwrap();
    // What a notice says goes to the log. As an error, the first of each table can be read here.
    let sql = Rls::new(&catalog).index_sql();
    let sql = sql.replace("RAISE NOTICE", "RAISE EXCEPTION");
    let mut heard = Vec::new();
    for block in sql.split_inclusive("$do$;\n") {
        heard.push(run(&mut admin, block).await.err().unwrap_or_default());
    }
    assert!(
        heard[0].contains("foreign key strays of table child leaves out column tenant_id"),
        "{heard:?}"
    );
    assert!(
        heard[1].contains("unique key item_n_key of table item leaves out column tenant_id"),
        "{heard:?}"
    );
    assert!(
        heard[2].contains("unique key sole of table note leaves out column tenant_id"),
        "{heard:?}"
    );
}
