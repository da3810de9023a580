//! One service, on axum and on actix-web: what suites ask of both is written once.

mod actix;
mod axum;
mod connection;

use std::net::SocketAddr;

use sea_query::Order;
use tenancy_core::{Admission, Guard, Scope, TableCatalog, TenantContext, TenantTable};
use tenancy_sqlx::{Cursor, Error, Repository, TenantPool, TenantTransaction};
use tenancy_tests::notes;

pub(crate) use self::actix::{OnActix, routes as actix_routes, work as actix_work};
pub(crate) use self::axum::{OnAxum, app as axum_app, serve};
pub(crate) use self::connection::{Connection, Reply, get, request};

/// The service on a framework.
///
/// | path | answer |
/// |---|---|
/// | `/who`, `/subject` | the tenant, and `/` and the project where there is one; the subject |
/// | `/maybe`, `/maybe-subject` | the same, or `nobody` |
/// | `/wait/{milliseconds}/{n}` | the tenant, the subject and `n`, after a while |
/// | `/socket` | a WebSocket that answers each text with the tenant and the text |
/// | `/open` | `open`, if the path is exempt |
/// | `/wants` | the tenant, to be made exempt |
/// | `/guarded/{guard}` | `served`, to those whom [a guard](guards) lets through |
/// | `/demands/{role}` | `served`, to those who have the role; the handler asks |
/// | `/work/add/{status}` | adds the note `new` in the transaction of the request, and answers with this status |
/// | `/work/tasks`, `/orgs/{tenant}/projects/{project}/tasks` | the [tasks] that the request sees |
/// | `/work/raise/{code}` | adds the note, and fails with this code of Postgres |
/// | `/work/page/{cursor}` | adds the note, and looks at a page of notes after the cursor |
/// | `/work/…` | other things that happen in a transaction |
/// | any other | nothing, or that of `/maybe` where it answers [everywhere](Service::everywhere) |
pub(crate) trait TestApp {
    /// Serves until the test ends. Where.
    async fn start(service: Service) -> SocketAddr;
}

/// Who may enter the service, and what it stands on.
#[derive(Clone)]
pub(crate) struct Service {
    pub(crate) admission: Admission,
    /// Without one, `/work` lacks its layer.
    pub(crate) pool: Option<TenantPool>,
    everywhere: bool,
}

impl Service {
    pub(crate) fn new(admission: Admission) -> Self {
        Self {
            admission,
            pool: None,
            everywhere: false,
        }
    }

    pub(crate) fn with_pool(self, pool: TenantPool) -> Self {
        Self {
            pool: Some(pool),
            ..self
        }
    }

    /// Answers on paths that no router would tell apart, so that admission alone has to.
    pub(crate) fn everywhere(self) -> Self {
        Self {
            everywhere: true,
            ..self
        }
    }
}

/// By the path below `/guarded` that each stands on.
fn guards() -> [(&'static str, Guard); 3] {
    [
        ("/role", Guard::any_role(["Owner", "Admin"])),
        ("/permission", Guard::permission("data.write")),
        ("/scope", Guard::scope("notes:read")),
    ]
}

fn place(context: &TenantContext) -> String {
    let tenant = context.tenant();
    match context.project() {
        Some(project) => format!("{tenant}/{project}"),
        None => tenant.to_string(),
    }
}

pub(crate) const TASK: TenantTable =
    TenantTable::new("task", "tenant_id").with_project_column("project_id");

/// The tasks that plain SQL sees, that the builder does, and that it does across projects.
async fn tasks(transaction: &mut TenantTransaction) -> String {
    let catalog = TableCatalog::of([TASK]);
    let plain = sqlx::query_scalar("SELECT id FROM task ORDER BY id");
    let plain: Vec<i64> = plain.fetch_all(&mut *transaction).await.unwrap();
    let within = transaction.scope(&catalog);
    let across = within.clone().across_projects();
    let (within, across) = (
        ids(transaction, &within).await,
        ids(transaction, &across).await,
    );
    format!("sql {plain:?}, builder {within}, all {across}")
}

async fn ids(transaction: &mut TenantTransaction, scope: &Scope<'_>) -> String {
    let select = scope.select().column("id").from("task");
    let Ok(select) = select.order_by("id", Order::Asc).finish() else {
        return "refused".to_owned();
    };
    let rows: Vec<(i64,)> = transaction.fetch_all(&select).await.unwrap();
    let ids: Vec<_> = rows.into_iter().map(|(id,)| id).collect();
    format!("{ids:?}")
}

/// What a client is told of a fault of the service.
pub(crate) const INTERNAL: &str = r#"{"type":"about:blank","title":"The request could not be served","status":500,"code":"internal"}"#;

#[derive(sqlx::FromRow)]
struct Note {
    id: i64,
}

/// Adds a note and gives the page behind `cursor`.
async fn page(transaction: &mut TenantTransaction, cursor: &str) -> Result<(), Error> {
    sqlx::query(ADD).execute(&mut *transaction).await?;
    let notes: Repository<Note, i64> =
        Repository::new(&notes::catalog(), "note", ["id"], "id", |note| note.id);
    let page = notes.list().after(cursor.parse::<Cursor>()?);
    page.fetch(transaction).await.map(drop)
}

/// Needs what [`RAISE`] makes.
async fn raise(transaction: &mut TenantTransaction, code: &str) -> Result<(), sqlx::Error> {
    sqlx::query(ADD).execute(&mut *transaction).await?;
    let raise = sqlx::query("SELECT raise($1)").bind(code);
    raise.execute(transaction).await.map(drop)
}

pub(crate) const RAISE: &str = "
    CREATE FUNCTION raise(code text) RETURNS void LANGUAGE plpgsql AS
    $$ BEGIN RAISE EXCEPTION 'a secret of the database' USING ERRCODE = code; END $$";
pub(crate) const ADD: &str =
    "INSERT INTO note (tenant_id, body) VALUES (current_setting('app.current_tenant_id'), 'new')";
/// Breaks a rule that is looked at when the transaction ends.
const DANGLE: &str = "INSERT INTO tag VALUES (current_setting('app.current_tenant_id'), 77, 'red')";
/// Longer than any test.
const FOREVER: std::time::Duration = std::time::Duration::from_mins(10);
