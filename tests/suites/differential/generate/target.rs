//! The table that a write is meant for.

use super::Generator;
use super::from::{full_ref, table_ref};
use super::names::Source;
use crate::differential::statement;
use crate::differential::world::Table;

/// A table of the tenant, and what the statement calls it.
#[derive(Debug)]
pub(super) struct Target<'a> {
    pub(super) table: &'a Table,
    pub(super) place: usize,
    pub(super) name: String,
}

impl<'a> Generator<'a> {
    pub(super) fn target(&mut self) -> (Target<'a>, statement::Target) {
        let tables = self.world.tenant_tables();
        let place = *self.choices.pick(&tables);
        let table = &self.world.tables[place];
        let mut named = if self.maybe(8, "a target with its schema") {
            full_ref(table)
        } else {
            table_ref(table.name)
        };
        let mut name = table.name.to_owned();
        if self.maybe(15, "a target with an alias") {
            name = self.made_up("t");
            named = named.alias(name.clone());
        }
        self.root = table.tenant_column().map(|column| (name.clone(), column));
        let written = statement::Target {
            table: table.name,
            reference: named,
        };
        (Target { table, place, name }, written)
    }
}

impl Target<'_> {
    pub(super) fn source(&self) -> Source {
        Source::of_table(self.table, &self.name)
    }

    /// Its key without the tenant.
    pub(super) fn key(&self) -> impl Iterator<Item = &'static str> {
        self.table.columns[..self.table.key]
            .iter()
            .map(|column| column.name)
    }
}
