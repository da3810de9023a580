//! Tables of projects: one project, or all of the tenant where the credential is for all of them.

use tenancy_core::{ScopeError, TableCatalog, TenantTable};
use tenancy_sqlx::{Error, Repository, Rls, TenantTransaction};
use tenancy_tests::notes::context;
use tenancy_tests::person::context_of;

use super::benches;

#[derive(Debug, sqlx::FromRow)]
struct Task {
    id: i64,
    project_id: String,
}

/// Tasks of `a` in two projects, and one of `b` in a project that is called like one of them.
const TASKS: &str = "
    CREATE TABLE task (
        tenant_id text NOT NULL, project_id text NOT NULL, id bigint NOT NULL, done boolean NOT NULL DEFAULT false,
        PRIMARY KEY (tenant_id, project_id, id)
    );
    INSERT INTO task (tenant_id, project_id, id) VALUES ('a', 'apollo', 1), ('a', 'gemini', 2), ('b', 'apollo', 3);";

async fn every_operation(
    tasks: &Repository<Task, i64>,
    tx: &mut TenantTransaction,
) -> [Result<(), Error>; 5] {
    let done = [("done", true.into())];
    [
        tasks.list().fetch(tx).await.map(drop),
        tasks.get(tx, 1).await.map(drop),
        tasks.delete(tx, 1).await.map(drop),
        tasks.update(tx, 1, done).await.map(drop),
        tasks.create(tx, [("id", 4.into())]).await.map(drop),
    ]
}

#[tokio::test]
async fn work_across_projects_stays_within_the_tenant() {
    const TASK: TenantTable =
        TenantTable::new("task", "tenant_id").with_project_column("project_id");
    let catalog = TableCatalog::of([TASK]);
    let columns = ["id", "project_id"];
    let of_one = Repository::new(&catalog, "task", columns, "id", |task: &Task| task.id);
    let of_all = of_one.clone().across_projects();
    let in_apollo = context_of("a", "ada", "apollo", &[]).await.unwrap();
    let without_project = context("a");

    for (bench, is_protected) in benches().await.into_iter().zip([true, false]) {
        let role = bench.notes.application();
        let rls = Rls::new(&catalog).application_role(role).set_up_sql();
        let protection = if is_protected { rls } else { String::new() };
        let sql = format!("{TASKS} GRANT ALL ON task TO {role}; {protection}");
        bench.notes.administer(sql).await.unwrap();

        let mut transaction = bench.pool.begin(&without_project).await.unwrap();
        let tx = &mut transaction;
        for refused in every_operation(&of_one, tx).await {
            let refusal = ScopeError::NoProject("task".into());
            assert!(matches!(refused, Err(Error::Scope(error)) if error == refusal));
        }
        drop(transaction);

        let mut transaction = bench.pool.begin(&without_project).await.unwrap();
        let tx = &mut transaction;
        let tasks = of_all.list().fetch(tx).await.unwrap().rows;
        let seen: Vec<_> = tasks.iter().map(|task| task.id).collect();
        assert_eq!(seen, [1, 2]);
        assert_eq!(
            of_all.get(tx, 2).await.unwrap().unwrap().project_id,
            "gemini"
        );
        let moved = [("project_id", "apollo".into())];
        let moved = of_all.update(tx, 2, moved).await.unwrap().unwrap();
        assert_eq!(moved.project_id, "apollo");
        let new = [("id", 4.into()), ("project_id", "gemini".into())];
        assert_eq!(of_all.create(tx, new).await.unwrap().project_id, "gemini");
        assert!(of_all.delete(tx, 1).await.unwrap());
        assert!(of_all.get(tx, 3).await.unwrap().is_none());
        assert!(!of_all.delete(tx, 3).await.unwrap());
        drop(transaction);

        let mut transaction = bench.pool.begin(&in_apollo).await.unwrap();
        let tx = &mut transaction;
        assert!(of_one.get(tx, 2).await.unwrap().is_none());
        assert!(of_one.get(tx, 1).await.unwrap().is_some());
        // The token is for one project, and nothing makes it one for all.
        for refused in every_operation(&of_all, tx).await {
            let refusal = ScopeError::LimitedToProjects("task".into());
            assert!(matches!(refused, Err(Error::Scope(error)) if error == refusal));
        }
    }
}
