//! Runs generated statements on a pair of databases and compares what they do.

use std::collections::BTreeMap;
use std::fmt;
use std::hash::{BuildHasher as _, RandomState};

use sea_query::Values;
use tenancy_core::Dialect;

use super::choices::{Choices, next};
use super::ddl::Inhabitants;
use super::generate::case;
use super::outcome::{Outcome, difference, divided};
use super::pair::{Before, Look, Pair};
use super::scoping::Scoping;
use super::shrink::smallest;
use super::statement::Case;
use super::world::World;

/// Where an ordinary run begins.
const SEED: u64 = 1;

/// How many statements run on one world.
const BATCH: usize = 60;

/// Where to begin, and how much to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Effort {
    pub(super) seed: u64,
    pub(super) cases: usize,
}

/// What was run, for whoever wants to know whether it was worth the while.
#[derive(Debug, Default)]
pub(super) struct Report {
    pub(super) cases: usize,
    /// Why the scope would not take a statement, and how often.
    pub(super) refused: BTreeMap<String, usize>,
    /// By which SQLSTATE statements have failed on both sides, how often, and one of them.
    pub(super) failed: BTreeMap<String, (usize, String)>,
    pub(super) features: BTreeMap<&'static str, usize>,
    /// How many reads have found rows, and how many writes have touched some, of how many.
    pub(super) reads: (usize, usize),
    pub(super) writes: (usize, usize),
}

/// A statement that does something else when it is scoped, as small as it could be made.
pub(super) struct Difference {
    seed: u64,
    dialect: Dialect,
    what: &'static str,
    world: World,
    pub(super) case: Case,
    scoped: (String, Values),
    outcomes: (Outcome, Outcome),
    before: Before,
}

impl Effort {
    /// `cases`, or what the environment asks for; the seed that is asked for, or, for so many cases, one that nobody has seen yet.
    ///
    /// An ordinary run is always the same, so that a change is not blamed for what it did not do: twice a new seed found a fault
    /// of SQLite.
    pub(super) fn chosen(cases: usize) -> Self {
        let number = |name| {
            std::env::var(name)
                .ok()
                .map(|text| text.replace('_', "").parse::<u64>().expect("a number"))
        };
        let asked = number("TENANCY_DIFFERENTIAL_CASES");
        let begins = if asked.is_some() {
            RandomState::new().hash_one(()) >> 16
        } else {
            SEED
        };
        Self {
            seed: number("TENANCY_DIFFERENTIAL_SEED").unwrap_or(begins),
            cases: asked.map_or(cases, |asked| {
                usize::try_from(asked).unwrap() * cases / 4_000
            }),
        }
    }
}

/// Runs so many statements, or up to the first that is different.
pub(super) async fn explore(
    pair: &mut impl Pair,
    scoping: &impl Scoping,
    dialect: Dialect,
    effort: Effort,
) -> Result<Report, Box<Difference>> {
    let mut report = Report::default();
    // Each batch has a seed of its own, which as the seed of a run makes the same batch its first.
    let mut seed = effort.seed;
    while report.cases < effort.cases {
        let world = World::new(dialect, &mut Choices::seeded(seed)).await;
        pair.create(&world).await;
        let before = pair.before().await;
        let mut state = seed;
        for _ in 0..BATCH {
            let case = case(&world, Choices::seeded(next(&mut state)));
            if let Some(found) = report.judge(pair, scoping, &world, &before, case).await {
                let found = reduced(pair, scoping, &world, &before, found).await;
                let (scoped, outcomes) = (found.scoped, found.outcomes);
                return Err(Box::new(Difference {
                    seed,
                    dialect,
                    what: found.what,
                    case: found.case,
                    world,
                    scoped,
                    outcomes,
                    before,
                }));
            }
        }
        seed = seed.wrapping_add(1);
    }
    Ok(report)
}

struct Found {
    what: &'static str,
    case: Case,
    scoped: (String, Values),
    outcomes: (Outcome, Outcome),
}

impl Report {
    /// Counts `case`, and gives it back if it is different.
    async fn judge(
        &mut self,
        pair: &mut impl Pair,
        scoping: &impl Scoping,
        world: &World,
        before: &Before,
        case: Case,
    ) -> Option<Found> {
        if !scoping.takes(&case) {
            return None;
        }
        self.cases += 1;
        let scoped = match scoping.scope(&case, world) {
            Ok(scoped) => scoped,
            Err(reason) => {
                *self.refused.entry(reason.to_string()).or_default() += 1;
                return None;
            }
        };
        for feature in &case.features {
            *self.features.entry(feature).or_default() += 1;
        }
        let found = compared(pair, world, before, case, scoped).await;
        match &found.outcomes.1.answer {
            Err(failure) => {
                let text = || {
                    format!(
                        "{}: {}",
                        failure.message,
                        found.case.statement.build(world.dialect).0
                    )
                };
                self.failed
                    .entry(failure.code.clone())
                    .or_insert_with(|| (0, text()))
                    .0 += 1;
            }
            Ok(answer) => {
                let has_effect = if found.case.writes {
                    answer.affected > 0
                } else {
                    !answer.rows.is_empty()
                };
                let count = if found.case.writes {
                    &mut self.writes
                } else {
                    &mut self.reads
                };
                count.0 += usize::from(has_effect);
                count.1 += 1;
            }
        }
        (!found.what.is_empty()).then_some(found)
    }
}

async fn compared(
    pair: &mut impl Pair,
    world: &World,
    before: &Before,
    case: Case,
    scoped: (String, Values),
) -> Found {
    let look = Look {
        contents: case.writes,
        free: case.locking,
    };
    let alone = case.statement.build(world.dialect);
    let outcomes = pair.run(scoped.clone(), alone, look).await;
    let what = difference(
        &outcomes.0,
        &outcomes.1,
        case.ordered,
        &world.own_labels(),
        before,
    );
    Found {
        what: what.unwrap_or_default(),
        case,
        scoped,
        outcomes,
    }
}

async fn reduced(
    pair: &mut impl Pair,
    scoping: &impl Scoping,
    world: &World,
    before: &Before,
    found: Found,
) -> Found {
    let record = found.case.record.clone();
    let mut best = found;
    smallest(record, async |made| {
        let case = case(world, Choices::recorded(made));
        if !scoping.takes(&case) {
            return None;
        }
        let scoped = scoping.scope(&case, world).ok()?;
        let found = compared(pair, world, before, case, scoped).await;
        if found.what.is_empty() {
            return None;
        }
        let record = found.case.record.clone();
        best = found;
        Some(record)
    })
    .await;
    best
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (sql, values) = self.case.statement.build(self.dialect);
        let own = self.world.own_labels();
        writeln!(
            f,
            "{} (TENANCY_DIFFERENTIAL_SEED={} begins with it)",
            self.what, self.seed
        )?;
        let text = sql.to_lowercase();
        let rows = self.world.create_some(Inhabitants::All, |table| {
            text.contains(&table.name.to_lowercase())
        });
        writeln!(f, "on {:?} with these rows:\n{rows}", self.dialect)?;
        let (mut among_all, mut alone) = self.outcomes.clone();
        let expected: Vec<_> =
            [&alone.contents[..], &divided(&self.before.contents, &own).1].concat();
        alone
            .contents
            .retain(|content| !among_all.contents.contains(content));
        among_all
            .contents
            .retain(|content| !expected.contains(content));
        let expected_free: Vec<_> = [&alone.free[..], &divided(&self.before.free, &own).1].concat();
        alone
            .free
            .retain(|content| !among_all.free.contains(content));
        among_all
            .free
            .retain(|content| !expected_free.contains(content));
        writeln!(
            f,
            "the statement:\n  {sql}\n  {values:?}\nalone, as {own:?}, it does\n{alone}"
        )?;
        writeln!(
            f,
            "scoped:\n  {}\n  {:?}\namong all it does\n{among_all}",
            self.scoped.0, self.scoped.1
        )
    }
}

/// Tests end with it.
impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl Report {
    pub(super) fn refusals(&self) -> usize {
        self.refused.values().sum()
    }

    pub(super) fn failures(&self) -> usize {
        self.failed.values().map(|(count, _)| count).sum()
    }
}
