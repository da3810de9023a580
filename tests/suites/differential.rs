//! Scoped statements against a physical separation: a generated statement, scoped, where all tenants are, does what
//! it does unscoped where the tenant is alone.
//!
//! A failure prints the smallest statement that was found, and a seed. Make it a test of its own in `isolation`.

mod choices;
mod ddl;
mod features;
mod generate;
mod outcome;
mod pair;
mod postgres;
mod run;
mod scoping;
mod shrink;
mod sqlite;
mod statement;
mod world;

use std::collections::BTreeSet;

use tenancy_core::Dialect;

use self::choices::{Choices, next};
use self::features::{EVERYWHERE, IN_POSTGRES};
use self::generate::case;
use self::pair::Pair;
use self::postgres::Postgres;
use self::run::{Effort, Report, explore};
use self::scoping::{Builder, FirstTable, Nothing, OutermostWhere, Scoping};
use self::sqlite::Sqlite;
use self::world::World;

async fn holds(pair: &mut impl Pair, dialect: Dialect, cases: usize) {
    let effort = Effort::chosen(cases);
    let report = explore(pair, &Builder, dialect, effort).await.unwrap();
    println!("seed {}: {report:#?}", effort.seed);
    assert_eq!(report.refusals(), 0, "{report:#?}");
    is_worth_the_while(&report);
}

/// Most statements succeed, and do something: about three in five, so that no seed comes near the two of the assertion.
fn is_worth_the_while(report: &Report) {
    assert!(report.failures() * 20 < report.cases, "{report:#?}");
    for (with_effect, all) in [report.reads, report.writes] {
        assert!(
            all * 4 > report.cases && with_effect * 5 > all * 2,
            "{report:#?}"
        );
    }
}

#[tokio::test]
async fn a_scoped_statement_does_what_it_would_do_on_a_copy_with_this_tenant_alone() {
    holds(
        &mut Postgres::without_policies().await,
        Dialect::Postgres,
        1_500,
    )
    .await;
}

#[tokio::test]
async fn under_row_level_security_it_does_the_same() {
    holds(
        &mut Postgres::with_policies().await,
        Dialect::Postgres,
        1_000,
    )
    .await;
}

#[tokio::test]
async fn on_sqlite_it_does_the_same() {
    holds(&mut Sqlite::new().await, Dialect::Sqlite, 1_500).await;
}

/// Where nothing is shared there is nothing to scope. What differs here is open in the statement itself.
/// As many as elsewhere: in a few hundred, a world or two without rows would decide what share of them has an effect.
#[tokio::test]
async fn the_outcome_of_a_generated_statement_is_certain() {
    let effort = Effort::chosen(1_500);
    for report in [
        explore(
            &mut Postgres::alone_in_both().await,
            &Nothing,
            Dialect::Postgres,
            effort,
        )
        .await,
        explore(
            &mut Sqlite::alone_in_both().await,
            &Nothing,
            Dialect::Sqlite,
            effort,
        )
        .await,
    ] {
        is_worth_the_while(&report.unwrap());
    }
}

#[tokio::test]
async fn every_kind_of_statement_is_generated() {
    for (dialect, others) in [
        (Dialect::Sqlite, &[][..]),
        (Dialect::Postgres, &IN_POSTGRES),
    ] {
        let mut seed = 1;
        let mut features = BTreeSet::new();
        for _ in 0..200 {
            let world = World::new(dialect, &mut Choices::seeded(next(&mut seed))).await;
            for _ in 0..20 {
                features.extend(case(&world, Choices::seeded(next(&mut seed))).features);
            }
        }
        let expected: BTreeSet<_> = EVERYWHERE.iter().chain(others).copied().collect();
        assert_eq!(features, expected, "in {dialect:?}");
    }
}

/// Seeds of their own, the same each time: what is in doubt here is the search and not the scoping.
const SEEDS_OF_CONTROLS: [u64; 3] = [1, 2, 3];

async fn is_caught(scoping: impl Scoping) {
    for dialect in [Dialect::Sqlite, Dialect::Postgres] {
        let mut sizes = Vec::new();
        for seed in SEEDS_OF_CONTROLS {
            let effort = Effort { seed, cases: 1_000 };
            let found = if dialect == Dialect::Sqlite {
                explore(&mut Sqlite::new().await, &scoping, dialect, effort).await
            } else {
                let mut pair = Postgres::without_policies().await.findable();
                explore(&mut pair, &scoping, dialect, effort).await
            };
            let difference = found.expect_err("a difference");
            println!("{difference}");
            sizes.push(difference.case.statement.build(dialect).0.len());
        }
        sizes.sort_unstable();
        assert!(
            sizes[1] < 250,
            "most are as small as a person would make them: {sizes:?}"
        );
    }
}

#[tokio::test]
async fn a_predicate_on_the_outermost_where_is_caught() {
    is_caught(OutermostWhere).await;
}

#[tokio::test]
async fn a_table_that_was_overlooked_is_caught() {
    is_caught(FirstTable).await;
}
