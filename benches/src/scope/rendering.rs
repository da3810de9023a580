//! From nothing to the text of a statement and the values of its parameters. What runs it takes both from there.

use std::hint::black_box;

use sea_query::{PostgresQueryBuilder, QueryStatementWriter};
use tenancy_core::{Scope, ScopeError, Scoped, TableCatalog, TenantId, danger};

use super::{TENANT, catalog, statements};
use crate::candidate::{Candidate, Run};
use crate::measure::{Effort, time};
use crate::{Comparison, Failure};

pub(super) fn comparisons(effort: Effort) -> Result<Vec<Comparison>, Failure> {
    use statements::{
        plain_insert, plain_join, plain_new_select, plain_select, plain_update, scoped_insert,
        scoped_join, scoped_new_select, scoped_select, scoped_update,
    };
    let compare = |bench: &str, ours, peer| {
        Comparison::new(format!("scope/render/{bench}"), ours, vec![peer], effort)
    };
    Ok(vec![
        compare("select", ours(scoped_select)?, plain(plain_select)),
        compare("join", ours(scoped_join)?, plain(plain_join)),
        compare("insert-1000", ours(scoped_insert)?, plain(plain_insert)),
        compare("update", ours(scoped_update)?, plain(plain_update)),
        // The others have been met before, as nearly all statements of a service have.
        compare(
            "new-shape",
            ours(scoped_new_select)?,
            plain(plain_new_select),
        ),
    ])
}

fn ours<S: 'static>(
    build: fn(&Scope<'_>) -> Result<Scoped<S>, ScopeError>,
) -> Result<Candidate, Failure> {
    let tables: TableCatalog = catalog();
    let context = danger::assume(TenantId::parse(TENANT)?, "benchmark")?;
    let length = build(&context.scope(&tables))?.sql().len();
    Ok(Candidate::new("tenancy", move |times| {
        let (right, took) = time(|| {
            let mut right = 0;
            for _ in 0..times {
                // A request has a scope of its own.
                let scope = context.scope(&tables);
                let statement = black_box(build(&scope)?);
                right += u64::from(statement.sql().len() == length);
            }
            Ok::<_, ScopeError>(right)
        });
        let right = right?;
        Ok(Run { right, took })
    }))
}

fn plain<S: QueryStatementWriter + 'static>(build: fn() -> S) -> Candidate {
    let length = build().build(PostgresQueryBuilder).0.len();
    Candidate::new("sea-query", move |times| {
        let (right, took) = time(|| {
            let mut right = 0;
            for _ in 0..times {
                let (sql, values) = build().build(PostgresQueryBuilder);
                right += u64::from(sql.len() == length);
                black_box((sql, values));
            }
            right
        });
        Ok(Run { right, took })
    })
}
