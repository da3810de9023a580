//! How a statement is scoped: by the builder under test, or by one that is wrong on purpose.

use sea_query::{CommonTableExpression, Expr, ExprTrait as _, Query, WithClause};

use tenancy_core::{TableCatalog, TenantContext};

use super::statement::{Built, Case, Statement};
use super::world::{World, literal, quoted};

pub(super) trait Scoping {
    fn scope(&self, case: &Case, world: &World) -> Built;

    /// Whether it is there for statements like this.
    fn takes(&self, _case: &Case) -> bool {
        true
    }
}

/// The builder of tenancy-core, which says the same whether it has met the statement before or not.
#[derive(Debug)]
pub(super) struct Builder;

impl Scoping for Builder {
    fn scope(&self, case: &Case, world: &World) -> Built {
        let scoped = |catalog: &TableCatalog, context: &TenantContext| {
            let scope = context.scope(catalog);
            case.statement.scoped(case.way, &scope)
        };
        let read = scoped(&world.catalog(), &world.context);
        let catalog = world.catalog();
        let _ = scoped(&catalog, &world.foreign_context);
        let remembered = scoped(&catalog, &world.context);
        assert_eq!(read, remembered, "what another tenant left behind");
        remembered
    }
}

/// Leaves the statement as it is.
#[derive(Debug)]
pub(super) struct Nothing;

impl Scoping for Nothing {
    fn scope(&self, case: &Case, world: &World) -> Built {
        Ok(case.statement.build(world.dialect))
    }
}

/// Appends the tenant to the outermost WHERE, as many do.
#[derive(Debug)]
pub(super) struct OutermostWhere;

impl Scoping for OutermostWhere {
    fn takes(&self, case: &Case) -> bool {
        matches!(
            case.statement,
            Statement::Select(_) | Statement::Update(_) | Statement::Delete(_)
        ) && !case.locking
    }

    fn scope(&self, case: &Case, world: &World) -> Built {
        let mut case = case.clone();
        if let Some((name, column)) = &case.root {
            let is_own = Expr::cust(format!(
                "{}.{} = {}",
                quoted(name),
                quoted(column),
                literal(world.tenant())
            ));
            match &mut case.statement {
                Statement::Select(select) => drop(select.and_where(is_own)),
                Statement::Update(update) => update.conditions.push(is_own),
                Statement::Delete(delete) => delete.conditions.push(is_own),
                Statement::Insert(_) | Statement::With(_) => unreachable!("it does not take those"),
            }
        }
        Ok(case.statement.build(world.dialect))
    }
}

/// Shadows the first table that a SELECT reads and overlooks the others.
#[derive(Debug)]
pub(super) struct FirstTable;

impl Scoping for FirstTable {
    fn takes(&self, case: &Case) -> bool {
        matches!(case.statement, Statement::Select(_)) && !case.locking
    }

    fn scope(&self, case: &Case, world: &World) -> Built {
        let mut case = case.clone();
        if let (Statement::Select(select), Some(first)) = (&mut case.statement, case.read.first()) {
            let table = &world.tables[*first];
            let column = table
                .tenant_column()
                .expect("only tables of tenants are noted");
            let rows = Query::select()
                .column(sea_query::Asterisk)
                .from((table.schema, table.name))
                .and_where(Expr::col(column).cast_as("text").eq(world.tenant()))
                .take();
            let mut shadow = CommonTableExpression::new();
            shadow.table_name(table.name).query(rows);
            select.with_cte(WithClause::new().cte(shadow).to_owned());
        }
        Ok(case.statement.build(world.dialect))
    }
}
