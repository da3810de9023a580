//! The repository, under row-level security and by its statements alone.

mod cursors;
mod order;
mod pages;
mod projects;
mod rows;

use tenancy_core::TenantContext;
use tenancy_sqlx::{Cursor, Page, Repository, TenantPool, danger};
use tenancy_tests::notes::{Notes, catalog, context};

#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, sqlx::FromRow)]
struct Note {
    id: i64,
    body: String,
    tenant_id: String,
}

fn repository() -> Repository<Note, i64> {
    let columns = ["id", "body", "tenant_id"];
    Repository::new(&catalog(), "note", columns, "id", |note: &Note| note.id)
}

/// The same rows with policies and without.
struct Bench {
    notes: Notes,
    pool: TenantPool,
}

async fn benches() -> [Bench; 2] {
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(2).await.unwrap();
    let with_policies = Bench { notes, pool };
    let notes = Notes::unprotected().await.unwrap();
    let builder = TenantPool::builder(notes.bare_pool(2).await.unwrap());
    let builder = danger::unproven(builder, "a database without row-level security").unwrap();
    let pool = builder.build(&catalog()).await.unwrap();
    [with_policies, Bench { notes, pool }]
}

impl Bench {
    /// All rows of all tenants, as `tenant id body`.
    async fn rows(&self) -> Vec<String> {
        let mut admin = self.notes.admin().await.unwrap();
        let rows = "SELECT concat_ws(' ', tenant_id, id, body) FROM note ORDER BY tenant_id, id";
        sqlx::query_scalar(rows)
            .fetch_all(&mut admin)
            .await
            .unwrap()
    }

    async fn page(&self, tenant: &TenantContext, after: Option<Cursor>, size: u32) -> Page<Note> {
        let repository = repository();
        let mut transaction = self.pool.read(tenant).await.unwrap();
        let list = repository.list().page_size(size).after(after);
        list.fetch(&mut transaction).await.unwrap()
    }
}

fn ids(page: &Page<Note>) -> Vec<i64> {
    page.rows.iter().map(|note| note.id).collect()
}

#[tokio::test]
async fn without_policies_only_the_statements_hold() {
    let [with, without] = benches().await;
    for (bench, seen) in [(with, 3), (without, 5)] {
        let all: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
            .fetch_one(&bench.pool.reader(&context("a")))
            .await
            .unwrap();
        assert_eq!(all, seen);
    }
}
