//! `Scope`, a query builder that knows only the rows of one tenant.
//!
//! A predicate appended to `WHERE` gets lost: in an `OR` chain, in the second arm of a `UNION`, in a
//! sub-query, on the wrong side of a `LEFT JOIN`. So the *table* is scoped, not the condition: a statement is
//! prefixed with
//!
//! ```sql
//! WITH "note" AS NOT MATERIALIZED (SELECT * FROM "public"."note" WHERE "tenant_id" = $1)
//! ```
//!
//! and every `note` in it, at any depth, means those rows by the database's own name resolution
//! (`WITH` Queries, PostgreSQL manual §7.8). The planner flattens it to the plan of a hand-written predicate.
//! The target of `INSERT`, `UPDATE` and `DELETE` still is the real table; those carry the tenant themselves.
//!
//! A statement is scoped once sea-query has written it: cut into tokens ([`text`]), read clause by clause
//! ([`reader`]), edited, and put together again ([`template`]). What came of it is kept for the next statement of
//! its shape ([`shapes`]). The manual's page `scoping` shows it.

mod catalog;
mod column_type;
mod delete;
mod dialect;
mod edits;
mod error;
mod functions;
mod insert;
mod output;
mod reader;
mod scoped;
mod scoping;
mod select;
mod shapes;
mod stamp;
mod table;
mod template;
mod text;
mod update;

use std::mem;
use std::sync::Arc;

use sea_query::{
    DynIden, IntoIden, IntoTableRef, QueryStatementBuilder, TableName, TableRef, Values,
};

pub use self::catalog::TableCatalog;
pub use self::column_type::{TenantColumnType, WrongTenantType};
pub use self::delete::ScopedDelete;
pub use self::dialect::Dialect;
pub use self::error::ScopeError;
pub use self::insert::ScopedInsert;
pub use self::scoped::Scoped;
use self::scoping::{ProjectLevel, Scoping};
pub use self::select::ScopedSelect;
use self::shapes::Shape;
pub use self::table::TenantTable;
use self::template::Template;
use self::text::Draft;
pub use self::update::ScopedUpdate;
use crate::{ProjectId, TenantId};

/// Builds statements over the rows of one tenant. Made by
/// [`TenantContext::scope`](crate::TenantContext::scope).
///
/// ```
/// use sea_query::{Expr, ExprTrait, OnConflict, Query};
/// use tenancy_core::{TableCatalog, TenantId, danger};
///
/// let catalog = TableCatalog::new().tenant_table("note", "tenant_id").tenant_table("tag", "tenant_id");
/// let context = danger::assume(TenantId::parse("acme")?, "documentation")?;
/// let scope = context.scope(&catalog);
///
/// let pinned = scope.select().column("body").from("note").and_where(Expr::col("pinned").eq(true)).finish()?;
/// assert_eq!(
///     pinned.sql(),
///     r#"WITH "note" AS NOT MATERIALIZED (SELECT * FROM "public"."note" WHERE "tenant_id" = $1) "#
///         .to_owned()
///         + r#"SELECT "body" FROM "note" WHERE "pinned" = $2"#,
/// );
///
/// // What sea-query can say and the builders cannot is scoped when it is finished.
/// let tagged = Query::select()
///     .columns([("note", "id"), ("tag", "name")])
///     .from("note")
///     .left_join("tag", Expr::col(("tag", "note_id")).equals(("note", "id")))
///     .take();
/// let tagged = scope.wrap(tagged)?;
///
/// let upsert = scope
///     .insert("note")
///     .columns(["id", "body"])
///     .values([7.into(), "hello".into()])
///     .on_conflict(OnConflict::columns(["tenant_id", "id"]).update_column("body").to_owned())
///     .finish()?;
/// assert!(upsert.sql().ends_with(r#"DO UPDATE SET "body" = "excluded"."body" WHERE "note"."tenant_id" = $1"#));
/// # let _ = tagged;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Scope<'a> {
    tenant: TenantId,
    project: ProjectLevel,
    limited_to_projects: bool,
    catalog: &'a TableCatalog,
}

impl<'a> Scope<'a> {
    pub(crate) fn new(
        tenant: TenantId,
        project: Option<&ProjectId>,
        catalog: &'a TableCatalog,
    ) -> Self {
        let project = project.map_or(ProjectLevel::Unknown, |id| ProjectLevel::One(id.clone()));
        Self {
            tenant,
            project,
            limited_to_projects: false,
            catalog,
        }
    }

    /// For a credential that does not reach all projects.
    pub(crate) fn limited_to_projects(mut self) -> Self {
        self.limited_to_projects = true;
        self
    }

    /// The same tenant, and all of its projects: the column of the project is an ordinary one then. Without this
    /// a table that has the column is refused to a context that has no project.
    ///
    /// It is refused, when the statement is finished, to a context that is
    /// [limited to projects](crate::TenantContext::is_limited_to_projects): work for the whole tenant that such a request
    /// sets off is done in the name of the service, by [`danger::assume`](crate::danger::assume).
    ///
    /// ```
    /// use tenancy_core::{ScopeError, TableCatalog, TenantId, TenantTable, danger};
    ///
    /// const TASK: TenantTable = TenantTable::new("task", "tenant_id").with_project_column("project_id");
    /// let catalog = TableCatalog::of([TASK]);
    /// let job = danger::assume(TenantId::parse("acme")?, "nightly report")?;
    ///
    /// let scope = job.scope(&catalog);
    /// let refused = scope.select().column("id").from("task").finish();
    /// assert_eq!(refused.unwrap_err(), ScopeError::NoProject("task".into()));
    /// assert!(scope.across_projects().select().column("id").from("task").finish().is_ok());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn across_projects(self) -> Self {
        let project = if self.limited_to_projects {
            ProjectLevel::Withheld
        } else {
            ProjectLevel::All
        };
        Self { project, ..self }
    }

    /// Scopes a finished statement of sea-query: SELECT, INSERT, UPDATE, DELETE, or one of them behind a `WITH`.
    ///
    /// Name tables by their bare names, or with the schema that they are declared with. An INSERT leaves the tenant
    /// column out, and it is filled in; if the column is there, each row has to hold the tenant of the scope. Joins,
    /// sub-queries, common table expressions, unions, windows, grouping, row locks and raw expressions are written
    /// as usual.
    ///
    /// # Errors
    /// When the statement names a table that is not in the catalogue, gives a row to another tenant or may do so,
    /// sets the tenant column, or has an `ON CONFLICT` whose target lacks it; and when it contains what cannot be
    /// proven to stay inside the scope, such as a comment, several statements, a command inside a `WITH`, or a
    /// function that runs SQL text. Nothing that a statement means is guessed.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "a finished statement is given away, as `take` of sea-query gives it"
    )]
    pub fn wrap<S: QueryStatementBuilder>(&self, statement: S) -> Result<Scoped<S>, ScopeError> {
        self.clone().scoped(&statement, Vec::new())
    }

    /// Starts a SELECT.
    pub fn select(&self) -> ScopedSelect<'a> {
        ScopedSelect::new(self.clone())
    }

    /// Starts an INSERT into a table of the tenant. The tenant column is filled in.
    pub fn insert(&self, table: impl IntoTableRef) -> ScopedInsert<'a> {
        ScopedInsert::new(self.clone(), table.into_table_ref())
    }

    /// Starts an UPDATE of rows of the tenant.
    pub fn update(&self, table: impl IntoTableRef) -> ScopedUpdate<'a> {
        ScopedUpdate::new(self.clone(), table.into_table_ref())
    }

    /// Starts a DELETE of rows of the tenant.
    pub fn delete(&self, table: impl IntoTableRef) -> ScopedDelete<'a> {
        ScopedDelete::new(self.clone(), table.into_table_ref())
    }

    fn scoped<S: QueryStatementBuilder>(
        self,
        statement: &S,
        using: Vec<String>,
    ) -> Result<Scoped<S>, ScopeError> {
        let dialect = self.catalog.dialect();
        let scoping = Scoping::new(self.catalog, &self.tenant, &self.project)?;
        let draft = dialect.draft(statement);
        let (sql, values) = scope_draft(draft, using, &scoping)?;
        Ok(Scoped::new(self.tenant, dialect, sql, values))
    }
}

/// Makes a statement one of the scope. One of a shape that was met before is not read again.
fn scope_draft(
    draft: Draft,
    using: Vec<String>,
    scoping: &Scoping<'_>,
) -> Result<(Arc<str>, Values), ScopeError> {
    let Draft {
        sql,
        places,
        values,
        ..
    } = draft;
    let shape = Shape {
        sql,
        places,
        using,
        project: mem::discriminant(scoping.project_level),
    };
    let shapes = scoping.catalog.shapes();
    let template = if let Some(known) = shapes.get(&shape) {
        known
    } else {
        let (template, holds_for_all_values) = Template::of(&shape, &values, scoping)?;
        let template = Arc::new(template);
        if holds_for_all_values {
            shapes.insert(shape, Arc::clone(&template));
        }
        template
    };
    Ok((Arc::clone(&template.sql), template.bind(values, scoping)))
}

/// What a table is called in errors: by its bare name.
fn bare_name(table: &TableRef) -> DynIden {
    match table {
        TableRef::Table(TableName(_, name), _) => name.clone(),
        _ => "a query".into_iden(),
    }
}

#[cfg(test)]
mod tests;
