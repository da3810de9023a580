//! Names that try to be more than names.

use tenancy_core::TableCatalog;
use tenancy_sqlx::Rls;
use tenancy_tests::notes::Notes;

use super::{ask, on_tables, run, session};

const NAMES: [&str; 14] = [
    "Note",
    "a.b",
    "say \"hi\"",
    "o'neil",
    r"back\slash",
    r"\'; DROP TABLE note; --",
    "'; DROP TABLE note; --",
    "\"; DROP TABLE note; --",
    "$do$",
    "$do$ $_do$ $$",
    "100% %s %I",
    "日本 ünï 🦀",
    "select",
    "line\nbreak /* -- ",
];

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[tokio::test]
async fn a_name_is_a_name_whatever_is_in_it() {
    let notes = Notes::unprotected().await.unwrap();
    let mut admin = notes.admin().await.unwrap();
    for (index, name) in NAMES.into_iter().enumerate() {
        // Roles belong to the whole cluster, and other tests make some.
        let role = |kind: &str| format!("{name} {kind} {}", notes.application());
        let [app, owner, every, reader] = ["app", "own", "all", "read"].map(role);
        let (schema, table, column) = (
            format!("s {name}"),
            format!("t {name}"),
            format!("c {name}"),
        );
        let shared = format!("u {name}");
        let [s, t, c, u] = [&schema, &table, &column, &shared].map(|name| quoted(name));
        run(
            &mut admin,
            &format!(
                "CREATE SCHEMA {s};
                 CREATE TABLE {s}.{t} ({c} text NOT NULL, {t} serial, PRIMARY KEY ({c}, {t})) PARTITION BY LIST ({c});
                 CREATE TABLE {s}.{u} AS SELECT 1;
                 CREATE TABLE {s}.\"p {index}\" PARTITION OF {s}.{t} DEFAULT;
                 CREATE VIEW {s}.\"v {index}\" AS SELECT * FROM {s}.{t};
                 GRANT SELECT ON {s}.\"v {index}\" TO PUBLIC;
                 INSERT INTO {s}.{t} ({c}) VALUES ('a'), ('b')"
            ),
        )
        .await
        .unwrap();
        let catalog = TableCatalog::new()
            .tenant_table_in(&schema, &table, &column)
            .shared_table(&shared);
        let rls = Rls::new(&catalog)
            .owner_role(&owner)
            .application_role(&app)
            .all_tenants_role(&every)
            .all_tenants_reader(&reader)
            .create_roles()
            .restrictive()
            .column_default()
            .invoker_views();
        for _ in 0..2 {
            let sql = rls.set_up_sql() + &rls.index_sql();
            run(&mut admin, &sql)
                .await
                .unwrap_or_else(|told| panic!("{name}: {told}\n{sql}"));
        }
        let mut app = session(&notes, &app).await;
        for relation in [format!("{s}.{t}"), format!("{s}.\"v {index}\"")] {
            let tenants = format!("SELECT {c} FROM {relation}");
            let seen = ask(&mut app, Some("a"), &tenants).await;
            assert_eq!(seen, Ok(vec!["a".to_owned()]), "{name} {relation}");
        }
        let insert = format!("INSERT INTO {s}.{t} DEFAULT VALUES RETURNING {c}");
        assert_eq!(
            ask(&mut app, Some("a"), &insert).await.unwrap(),
            ["a"],
            "{name}"
        );
        let rows = format!("SELECT count(*)::text FROM {s}.{u}");
        assert_eq!(ask(&mut app, None, &rows).await.unwrap(), ["1"], "{name}");

        let down = rls.take_down_sql();
        run(&mut admin, &down)
            .await
            .unwrap_or_else(|told| panic!("{name}: {told}\n{down}"));
        let left = on_tables(&notes).await;
        assert!(
            !left
                .iter()
                .any(|fact| fact.starts_with("policy") || fact.starts_with("trigger")),
            "{name}: {left:?}"
        );
    }
    assert_eq!(
        ask(&mut admin, None, "SELECT count(*)::text FROM note")
            .await
            .unwrap(),
        ["5"]
    );
}

#[tokio::test]
async fn a_name_with_a_nul_byte_is_no_message_of_the_protocol() {
    let notes = Notes::unprotected().await.unwrap();
    let before = on_tables(&notes).await;
    let nul = "note\0\"; DROP TABLE note; --";
    let catalogs = [
        TableCatalog::new().tenant_table(nul, "tenant_id"),
        TableCatalog::new().tenant_table("note", nul),
        TableCatalog::new().tenant_table_in(nul, "note", "tenant_id"),
    ];
    for catalog in &catalogs {
        let rls = Rls::new(catalog);
        for sql in [rls.set_up_sql(), rls.take_down_sql(), rls.index_sql()] {
            let told = run(&mut notes.admin().await.unwrap(), &sql)
                .await
                .unwrap_err();
            assert!(told.starts_with("08P01"), "{told}");
        }
    }
    assert_eq!(on_tables(&notes).await, before);
}
