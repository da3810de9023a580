//! `Generator`: statements that an application could have written, of every kind and nested.
//!
//! They are right: names that exist, types that agree, and an outcome that the standard determines. So where rows
//! are numbered, cut off or aggregated in order, that order tells all rows apart that differ.

mod condition;
mod conflict;
mod expression;
mod fragment;
mod from;
mod group;
mod insert;
mod lock;
mod modify;
mod names;
mod select;
mod target;
mod window;
mod with;

use std::collections::BTreeSet;

use tenancy_core::Dialect;

use super::choices::Choices;
use super::statement::{Case, Statement, Way};
use super::world::World;

#[derive(Debug)]
struct Generator<'a> {
    world: &'a World,
    choices: Choices,
    /// How many more sub-queries there may be.
    fuel: usize,
    /// How many names were made up so far.
    made_up: usize,
    features: BTreeSet<&'static str>,
    read: Vec<usize>,
    /// Whether the next FROM is that of the outermost query.
    is_outermost: bool,
    /// A table that must not be read now.
    avoided: Option<usize>,
    root: Option<(String, &'static str)>,
    ordered: bool,
    locking: bool,
}

#[derive(Debug, Clone, Copy)]
enum Sort {
    Select,
    Locking,
    Insert,
    Update,
    Delete,
}

/// The case that `choices` make on `world`.
pub(super) fn case(world: &World, choices: Choices) -> Case {
    let mut generator = Generator {
        world,
        choices,
        fuel: 0,
        made_up: 0,
        features: BTreeSet::new(),
        read: Vec::new(),
        is_outermost: false,
        avoided: None,
        root: None,
        ordered: false,
        locking: false,
    };
    generator.fuel = generator.choices.below(7);
    let sorts = [
        (46, Sort::Select),
        (18, Sort::Insert),
        (16, Sort::Update),
        (12, Sort::Delete),
        (8, Sort::Locking),
    ];
    let sort = generator.choices.weighted(&sorts);
    let statement = generator.statement(sort);
    let way = match *statement.ways() {
        [only] => only,
        _ if generator.choices.chance(40) => Way::Built,
        _ => Way::Wrapped,
    };
    if way == Way::Built {
        generator.uses("through a builder");
    }
    Case {
        writes: matches!(sort, Sort::Insert | Sort::Update | Sort::Delete),
        statement,
        way,
        record: generator.choices.into_record(),
        ordered: generator.ordered,
        locking: generator.locking,
        features: generator.features,
        read: generator.read,
        root: generator.root,
    }
}

impl Generator<'_> {
    fn statement(&mut self, sort: Sort) -> Statement {
        match sort {
            Sort::Locking if self.is_postgres() => Statement::Select(self.locking_read()),
            Sort::Select | Sort::Locking => self.read(),
            Sort::Insert => self.insert(),
            Sort::Update => self.update(),
            Sort::Delete => self.delete(),
        }
    }

    fn is_postgres(&self) -> bool {
        self.world.dialect == Dialect::Postgres
    }

    /// Notes that a rule of the generator was used.
    fn uses(&mut self, feature: &'static str) {
        self.features.insert(feature);
    }

    /// Whether a feature that comes so often out of a hundred is used here; notes it if it is.
    fn maybe(&mut self, percent: usize, feature: &'static str) -> bool {
        let chosen = self.choices.chance(percent);
        if chosen {
            self.uses(feature);
        }
        chosen
    }

    /// Choices that belong together and that something simpler could stand in for.
    fn part<T>(&mut self, make: impl FnOnce(&mut Self) -> T) -> T {
        let begin = self.choices.begin();
        let part = make(self);
        self.choices.end(begin);
        part
    }

    fn made_up(&mut self, prefix: &str) -> String {
        self.made_up += 1;
        format!("{prefix}{}", self.made_up)
    }

    /// The place of a table that may be read.
    fn any_table(&mut self) -> usize {
        let mut at = self.choices.below(self.world.tables.len());
        if self.avoided == Some(at) {
            at = (at + 1) % self.world.tables.len();
        }
        self.reads(at);
        at
    }

    fn reads(&mut self, table: usize) {
        let is_tenants = self.world.tables[table].tenant_column().is_some();
        if is_tenants && !self.read.contains(&table) {
            self.read.push(table);
        }
    }
}
