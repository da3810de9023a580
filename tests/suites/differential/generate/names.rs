//! `Names`: what an expression may mention where it stands.

use crate::differential::world::{Kind, Table};

/// Something in a FROM.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) columns: Vec<(String, Kind)>,
    /// The columns that tell its rows apart, as far as they differ at all.
    pub(super) identity: Vec<String>,
}

/// The sources of a query and of those around it, and the common table expressions that it may read.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// Innermost last.
    levels: Vec<Vec<Source>>,
    /// Latest last.
    tables: Vec<Source>,
}

impl Source {
    pub(super) fn of_table(table: &Table, name: &str) -> Self {
        let kinds = [Kind::Tenant, Kind::Text];
        let bound = table.bound.iter().zip(kinds);
        let bound = bound.map(|(column, kind)| ((*column).to_owned(), kind));
        let columns = table
            .columns
            .iter()
            .map(|column| (column.name.to_owned(), column.kind));
        Self {
            name: name.to_owned(),
            columns: columns.chain(bound).collect(),
            identity: table.columns[..table.key]
                .iter()
                .map(|column| column.name.to_owned())
                .collect(),
        }
    }

    /// A source that has nothing but its columns to tell its rows apart.
    pub(super) fn derived(name: &str, columns: Vec<(String, Kind)>) -> Self {
        Self {
            name: name.to_owned(),
            identity: columns.iter().map(|(column, _)| column.clone()).collect(),
            columns,
        }
    }
}

impl Names {
    /// These names and, hiding those of the same name, `sources`.
    pub(super) fn and(&self, sources: &[Source]) -> Self {
        let mut names = self.clone();
        names.levels.push(sources.to_vec());
        names
    }

    /// Only what stands in the innermost FROM, beside the common table expressions.
    pub(super) fn innermost(&self) -> Self {
        Self {
            levels: self.levels.last().cloned().into_iter().collect(),
            tables: self.tables.clone(),
        }
    }

    /// What stands in a FROM alone.
    pub(super) fn without_common_tables(&self) -> Self {
        Self {
            levels: self.levels.clone(),
            tables: Vec::new(),
        }
    }

    /// The common table expressions alone.
    pub(super) fn without_columns(&self) -> Self {
        Self {
            levels: Vec::new(),
            tables: self.tables.clone(),
        }
    }

    pub(super) fn define(&mut self, table: Source) {
        self.tables.retain(|known| known.name != table.name);
        self.tables.push(table);
    }

    pub(super) fn common_tables(&self) -> &[Source] {
        &self.tables
    }

    /// The columns of a kind, as name of the source and of the column, innermost first.
    pub(super) fn columns(&self, kind: Kind) -> Vec<(String, String)> {
        let mut hidden = Vec::new();
        let mut columns = Vec::new();
        for source in self.levels.iter().rev().flatten() {
            if hidden.contains(&&source.name) {
                continue;
            }
            hidden.push(&source.name);
            let of_kind = source.columns.iter().filter(|(_, other)| *other == kind);
            columns.extend(of_kind.map(|(column, _)| (source.name.clone(), column.clone())));
        }
        columns
    }
}
