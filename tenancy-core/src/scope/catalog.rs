//! `TableCatalog`, which tables belong to tenants and which are shared.

use std::collections::BTreeMap;

use super::{ScopeError, TenantColumnType};

/// The tables that a service uses, declared once: those whose rows belong to tenants, and those that all
/// tenants share. A statement that touches any other is refused, and so is one that touches a table which was
/// declared twice in different ways.
///
/// ```
/// use tenancy_core::TableCatalog;
///
/// let catalog = TableCatalog::new()
///     .tenant_table("note", "tenant_id")
///     .tenant_table_in("billing", "invoice", "tenant_id")
///     .shared_table("currency");
/// # let _ = catalog;
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableCatalog {
    tables: BTreeMap<String, Declared>,
    column_type: TenantColumnType,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Declared {
    Tenant(TenantTable),
    Shared,
    /// Declared twice, differently. Neither is guessed to be meant: every use is refused.
    Contradictory,
}

/// A table whose rows belong to tenants.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TenantTable {
    schema: String,
    name: String,
    tenant_column: String,
}

impl TableCatalog {
    /// A catalogue without tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// Declares `public.name`, whose rows belong to the tenant in `tenant_column`. Names are taken as
    /// Postgres stores them: in lower case unless the table was created with quotes.
    pub fn tenant_table(self, name: &str, tenant_column: &str) -> Self {
        self.tenant_table_in("public", name, tenant_column)
    }

    /// Declares a tenant table in another schema. Statements name it by its bare name all the same.
    pub fn tenant_table_in(mut self, schema: &str, name: &str, tenant_column: &str) -> Self {
        let table = TenantTable {
            schema: schema.to_owned(),
            name: name.to_owned(),
            tenant_column: tenant_column.to_owned(),
        };
        self.declare(name, Declared::Tenant(table));
        self
    }

    /// Declares a table that all tenants share and may read.
    pub fn shared_table(mut self, name: &str) -> Self {
        self.declare(name, Declared::Shared);
        self
    }

    /// Declares the type of the tenant columns, one for all tables. `text` unless said otherwise.
    ///
    /// ```
    /// use tenancy_core::{TableCatalog, TenantColumnType};
    ///
    /// let catalog = TableCatalog::new()
    ///     .tenant_column_type(TenantColumnType::Uuid)
    ///     .tenant_table("note", "tenant_id");
    /// assert_eq!(catalog.column_type(), TenantColumnType::Uuid);
    /// ```
    pub fn tenant_column_type(mut self, column_type: TenantColumnType) -> Self {
        self.column_type = column_type;
        self
    }

    /// The type of the tenant columns.
    pub fn column_type(&self) -> TenantColumnType {
        self.column_type
    }

    /// The names of the shared tables.
    pub fn shared_tables(&self) -> impl Iterator<Item = &str> {
        self.tables
            .iter()
            .filter(|(_, declared)| **declared == Declared::Shared)
            .map(|(name, _)| name.as_str())
    }

    /// The names that were declared twice, differently.
    pub fn contradictions(&self) -> impl Iterator<Item = &str> {
        self.tables
            .iter()
            .filter(|(_, declared)| **declared == Declared::Contradictory)
            .map(|(name, _)| name.as_str())
    }

    fn declare(&mut self, name: &str, declared: Declared) {
        let declared = match self.tables.remove(name) {
            // Cut off by Postgres, it would be the name of something else.
            _ if name.len() > 63 => Declared::Contradictory,
            Some(known) if known != declared => Declared::Contradictory,
            _ => declared,
        };
        self.tables.insert(name.to_owned(), declared);
    }

    /// The tenant tables, by name.
    pub fn tenant_tables(&self) -> impl Iterator<Item = &TenantTable> {
        self.tables.values().filter_map(|declared| match declared {
            Declared::Tenant(table) => Some(table),
            Declared::Shared | Declared::Contradictory => None,
        })
    }

    pub(super) fn tenant_table_named(&self, name: &str) -> Option<&TenantTable> {
        match self.tables.get(name)? {
            Declared::Tenant(table) => Some(table),
            Declared::Shared | Declared::Contradictory => None,
        }
    }

    /// Refuses a table that a statement must not touch at all.
    pub(super) fn require(&self, name: &str) -> Result<(), ScopeError> {
        match self.tables.get(name) {
            Some(Declared::Tenant(_) | Declared::Shared) => Ok(()),
            Some(Declared::Contradictory) => Err(ScopeError::Contradictory(name.to_owned())),
            None => Err(ScopeError::Undeclared(name.to_owned())),
        }
    }
}

impl TenantTable {
    /// The schema.
    pub fn schema(&self) -> &str {
        &self.schema
    }

    /// The bare name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The column that holds the tenant.
    pub fn tenant_column(&self) -> &str {
        &self.tenant_column
    }
}
