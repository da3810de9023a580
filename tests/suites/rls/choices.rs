//! The forms of the policy, the tenant column, and that one choice leaves nothing of another.

use tenancy_sqlx::Rls;
use tenancy_tests::notes::{Notes, catalog};
use tenancy_tests::postgres::unique_role;

use super::{ask, on_tables, run, session};

const BODIES: &str = "SELECT body FROM note ORDER BY id";

#[tokio::test]
async fn no_tenant_is_an_error_where_the_choice_is_strict() {
    let notes = Notes::new().await.unwrap();
    let catalog = catalog();
    let rls = Rls::new(&catalog).application_role(notes.application());
    let mut app = session(&notes, notes.application()).await;
    assert_eq!(ask(&mut app, None, BODIES).await, Ok(vec![]), "lenient");

    for strict in [
        rls.clone().strict(),
        rls.clone().strict().bare_function(),
        rls.strict().restrictive(),
    ] {
        notes.administer(strict.set_up_sql()).await.unwrap();
        for tenant in [None, Some("")] {
            for sql in [
                BODIES,
                "INSERT INTO note (tenant_id, body) VALUES ('a', '') RETURNING body",
                "UPDATE note SET body = '' RETURNING body",
                "DELETE FROM note RETURNING body",
            ] {
                let told = ask(&mut app, tenant, sql).await;
                assert_eq!(
                    told,
                    Err(format!("{} no tenant is set", Rls::NO_TENANT)),
                    "{sql}"
                );
            }
        }
        let own = ask(&mut app, Some("a"), BODIES).await.unwrap();
        assert_eq!(own, ["a one", "a two", "a three"]);
    }
}

#[tokio::test]
async fn a_permissive_policy_opens_what_no_restrictive_one_closes() {
    let notes = Notes::new().await.unwrap();
    let catalog = catalog();
    let rls = Rls::new(&catalog).application_role(notes.application());
    let mut app = session(&notes, notes.application()).await;
    notes
        .administer("CREATE POLICY oops ON note USING (true)")
        .await
        .unwrap();
    assert_eq!(
        ask(&mut app, Some("a"), BODIES).await.unwrap().len(),
        5,
        "the leak"
    );

    for rls in [rls.clone().restrictive(), Rls::new(&catalog).restrictive()] {
        notes.administer(rls.set_up_sql()).await.unwrap();
        assert_eq!(ask(&mut app, Some("a"), BODIES).await.unwrap().len(), 3);
        assert_eq!(ask(&mut app, None, BODIES).await.unwrap().len(), 0);
        let planted = ask(
            &mut app,
            Some("a"),
            "INSERT INTO note (tenant_id, body) VALUES ('b', '') RETURNING body",
        )
        .await;
        assert!(planted.unwrap_err().starts_with("42501"));
    }
}

#[tokio::test]
async fn the_bare_function_keeps_tenants_apart_too() {
    let notes = Notes::new().await.unwrap();
    let catalog = catalog();
    let rls = Rls::new(&catalog)
        .application_role(notes.application())
        .bare_function();
    notes.administer(rls.set_up_sql()).await.unwrap();
    let policies = on_tables(&notes).await.join("\n");
    assert!(
        policies.contains("(tenant_id = tenancy.current_tenant_id())"),
        "{policies}"
    );
    let mut app = session(&notes, notes.application()).await;
    assert_eq!(
        ask(&mut app, Some("b"), BODIES).await.unwrap(),
        ["b one", "b four"]
    );
    assert_eq!(ask(&mut app, None, BODIES).await, Ok(vec![]));
}

const MOVES: [&str; 3] = [
    "UPDATE note SET tenant_id = 'c' WHERE id = 2 RETURNING body",
    "INSERT INTO note (id, tenant_id, body) VALUES (3, 'a', '') ON CONFLICT (tenant_id, id) DO UPDATE SET tenant_id = 'c' RETURNING body",
    "WITH moved AS (UPDATE note SET tenant_id = 'c' WHERE id = 3 RETURNING body) SELECT body FROM moved",
];

#[tokio::test]
async fn nobody_changes_the_tenant_of_a_row() {
    let notes = Notes::new().await.unwrap();
    let catalog = catalog();
    let everyone = unique_role("everyone");
    notes
        .administer(format!("CREATE ROLE {everyone}"))
        .await
        .unwrap();
    let rls = Rls::new(&catalog)
        .application_role(notes.application())
        .all_tenants_role(&everyone);
    notes.administer(rls.set_up_sql()).await.unwrap();
    for role in [notes.application(), notes.owner(), &everyone, "postgres"] {
        let mut session = session(&notes, role).await;
        for sql in MOVES {
            let told = ask(&mut session, Some("a"), sql).await.unwrap_err();
            assert!(told.starts_with("42501"), "{role} {sql}: {told}");
        }
        let kept = "UPDATE note SET tenant_id = tenant_id, body = 'new' WHERE id = 1 AND tenant_id = 'a' RETURNING body";
        assert_eq!(
            ask(&mut session, Some("a"), kept).await.unwrap(),
            ["new"],
            "{role}"
        );
    }

    // Taken back, whoever reaches both tenants may move a row from one to the other.
    notes
        .administer(rls.mutable_tenant_column().set_up_sql())
        .await
        .unwrap();
    let mut session = session(&notes, &everyone).await;
    assert_eq!(ask(&mut session, None, MOVES[0]).await.unwrap(), ["a two"]);
}

#[tokio::test]
async fn the_tenant_column_may_be_left_out_where_it_has_a_default() {
    let notes = Notes::new().await.unwrap();
    let catalog = catalog();
    let rls = Rls::new(&catalog).application_role(notes.application());
    let mut app = session(&notes, notes.application()).await;
    let insert = "INSERT INTO note (body) VALUES ('new') RETURNING tenant_id";
    assert!(ask(&mut app, Some("a"), insert).await.is_err());
    notes
        .administer(rls.clone().column_default().set_up_sql())
        .await
        .unwrap();
    assert_eq!(ask(&mut app, Some("a"), insert).await.unwrap(), ["a"]);
    assert!(ask(&mut app, None, insert).await.is_err());
    notes.administer(rls.set_up_sql()).await.unwrap();
    assert!(ask(&mut app, Some("a"), insert).await.is_err());
}

#[tokio::test]
async fn a_default_of_somebody_else_stays() {
    let notes = Notes::new().await.unwrap();
    let catalog = catalog();
    notes
        .administer("ALTER TABLE tag ALTER tenant_id SET DEFAULT 'house'")
        .await
        .unwrap();
    let rls = Rls::new(&catalog);
    for sql in [rls.set_up_sql(), rls.take_down_sql()] {
        notes.administer(sql).await.unwrap();
        let facts = on_tables(&notes).await;
        assert!(
            facts.contains(&"default tag 'house'::text".to_owned()),
            "{facts:?}"
        );
    }
}

/// From each choice to none and back to nothing, and from all of them to each.
#[tokio::test]
async fn a_choice_leaves_nothing_of_the_one_before() {
    let notes = Notes::unprotected().await.unwrap();
    let bare = on_tables(&notes).await;
    let catalog = catalog();
    let everyone = unique_role("everyone");
    notes
        .administer(format!("CREATE ROLE {everyone}"))
        .await
        .unwrap();
    let plain = Rls::new(&catalog).application_role(notes.application());
    let choices = [
        plain.clone(),
        plain.clone().strict(),
        plain.clone().restrictive(),
        plain.clone().bare_function(),
        plain.clone().column_default(),
        plain.clone().mutable_tenant_column(),
        plain.clone().sealed(),
        plain.clone().sealed().strict(),
        plain.clone().all_tenants_role(&everyone),
        plain.clone().all_tenants_reader(&everyone),
    ];
    let all = plain
        .clone()
        .strict()
        .restrictive()
        .column_default()
        .sealed()
        .all_tenants_role(&everyone)
        .all_tenants_reader(&everyone);
    for rls in &choices {
        notes
            .administer("DROP SCHEMA IF EXISTS tenancy CASCADE")
            .await
            .unwrap();
        let set_up = rls.set_up_sql();
        notes.administer(&set_up).await.unwrap();
        let fresh = on_tables(&notes).await;
        for before in [rls, &all] {
            notes.administer(before.set_up_sql()).await.unwrap();
            notes.administer(&set_up).await.unwrap();
            assert_eq!(
                without_unused(&notes).await,
                retained(fresh.clone()),
                "{rls:?}"
            );
        }
        notes.administer(plain.set_up_sql()).await.unwrap();
        let after = without_unused(&notes).await;
        assert!(
            !after.iter().any(|fact| fact.contains(&everyone)),
            "{after:#?}"
        );
        notes.administer(&set_up).await.unwrap();
        for _ in 0..2 {
            notes.administer(rls.take_down_sql()).await.unwrap();
            let mut down = on_tables(&notes).await;
            down.retain(|fact| !fact.starts_with("function"));
            assert_eq!(down, bare, "{rls:?}");
        }
    }
}

async fn without_unused(notes: &Notes) -> Vec<String> {
    retained(on_tables(notes).await)
}

/// A function that no trigger calls any longer may stay.
fn retained(mut facts: Vec<String>) -> Vec<String> {
    facts.retain(|fact| !fact.starts_with("function tenancy.refuse_tenant_change()"));
    facts
}

#[tokio::test]
async fn a_catalogue_that_contradicts_itself_changes_nothing() {
    let notes = Notes::unprotected().await.unwrap();
    let before = on_tables(&notes).await;
    let mut admin = notes.admin().await.unwrap();
    for name in [
        "note".to_owned(),
        "o'neil\"s $do$ %".to_owned(),
        "x".repeat(64),
    ] {
        let twice = catalog()
            .tenant_table(&name, "tenant_id")
            .shared_table(&name);
        let told = run(&mut admin, &Rls::new(&twice).set_up_sql())
            .await
            .unwrap_err();
        assert!(
            told.contains(&format!("table {name} is declared twice")),
            "{told}"
        );
        assert_eq!(on_tables(&notes).await, before);
    }
    let too_long = catalog().shared_table(&"x".repeat(64));
    let told = run(&mut admin, &Rls::new(&too_long).set_up_sql()).await;
    let told = told.unwrap_err();
    assert!(told.contains("longer than 63 bytes"), "{told}");
    assert_eq!(on_tables(&notes).await, before);
    let (everyone, catalog) = (notes.owner(), catalog());
    let rls = Rls::new(&catalog).restrictive().all_tenants_role(everyone);
    let told = run(&mut admin, &rls.set_up_sql()).await.unwrap_err();
    assert!(told.contains("need an application role"), "{told}");
    assert_eq!(on_tables(&notes).await, before);
}
