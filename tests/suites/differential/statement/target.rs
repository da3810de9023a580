//! `Target`, the table that a statement writes.

use sea_query::{IntoTableRef as _, TableRef};

/// Its name, and all that the statement says of it: perhaps a schema, perhaps an alias.
#[derive(Debug, Clone)]
pub(in crate::differential) struct Target {
    pub(in crate::differential) table: &'static str,
    pub(in crate::differential) reference: TableRef,
}

impl Target {
    /// What a builder has to be told beyond the name.
    pub(super) fn beyond_its_name(&self) -> Option<TableRef> {
        let is_bare = self.reference == self.table.into_table_ref();
        (!is_bare).then(|| self.reference.clone())
    }
}
