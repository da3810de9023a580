//! The proof at start-up that the database keeps tenants apart.

mod canary;
mod problem;
mod role;
mod table;

use sqlx::postgres::PgConnection;
use tenancy_core::TableCatalog;

pub(crate) use self::canary::try_canary;
pub use self::problem::{PostureError, PostureProblem};
use crate::Error;

/// Asks the catalogue of the database as the connected role.
///
/// One thing cannot be seen from within: a superuser that took the place of a plain role by `SET SESSION
/// AUTHORIZATION` and can take its own again.
pub(crate) async fn prove(
    connection: &mut PgConnection,
    catalog: &TableCatalog,
) -> Result<(), Error> {
    let mut problems = role::unbound_roles(connection).await?;
    problems.extend(role::what_it_may_create(connection).await?);
    problems.extend(
        catalog
            .contradictions()
            .map(|name| PostureProblem::Contradictory(name.to_owned())),
    );
    problems.extend(table::what_it_may_reach(connection, catalog).await?);
    let mut tables = catalog.tenant_tables().peekable();
    if tables.peek().is_none() {
        problems.push(PostureProblem::NothingDeclared);
    }
    for table in tables {
        problems.extend(table::table_problems(connection, table).await?);
    }
    if problems.is_empty() {
        Ok(())
    } else {
        Err(PostureError { problems }.into())
    }
}
