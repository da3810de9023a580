//! `TableCatalog`, which tables belong to tenants and which are shared.

use std::collections::BTreeMap;

use super::shapes::Shapes;
use super::{Dialect, ScopeError, TenantColumnType, TenantTable};

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
///
/// Tables may be constants too: see [`TenantTable`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableCatalog {
    /// By bare name, and there by schema.
    tables: BTreeMap<String, Vec<Declaration>>,
    tenant_column_type: TenantColumnType,
    project_column_type: TenantColumnType,
    dialect: Dialect,
    shapes: Shapes,
}

/// What was declared under one name in one schema.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Declaration {
    /// `None` is the default of the dialect.
    schema: Option<String>,
    kind: Declared,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Declared {
    Tenant(TenantTable),
    Shared,
    /// Declared twice, differently. Neither is guessed to be meant: every use is refused.
    Contradictory,
}

impl Declared {
    /// Whether two declarations of one name in one schema say the same.
    fn agrees_with(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Tenant(one), Self::Tenant(other)) => one.has_columns_of(other),
            _ => self == other,
        }
    }
}

/// A table that a statement names.
#[derive(Debug, Clone, Copy)]
pub(super) enum Named<'a> {
    Tenant(&'a TenantTable),
    /// In this schema, or in the database that the connection has chosen.
    Shared(Option<&'a str>),
}

impl TableCatalog {
    /// A catalogue without tables.
    pub fn new() -> Self {
        Self::default()
    }

    /// A catalogue of these tables.
    pub fn of(tables: impl IntoIterator<Item = TenantTable>) -> Self {
        tables.into_iter().fold(Self::new(), Self::table)
    }

    /// Declares a tenant table with all that [`TenantTable`] can say of it.
    pub fn table(mut self, table: TenantTable) -> Self {
        let name = table.name().to_owned();
        let schema = table.declared_schema().map(str::to_owned);
        self.declare(name, schema, Declared::Tenant(table));
        self
    }

    /// Declares a table whose rows belong to the tenant in `tenant_column`: `public.name` in Postgres. Names are
    /// taken as Postgres stores them: in lower case unless the table was created with quotes.
    pub fn tenant_table(self, name: &str, tenant_column: &str) -> Self {
        self.table(TenantTable::owned(None, name, tenant_column))
    }

    /// Declares a tenant table in another schema. Statements may name it by its bare name all the same, unless
    /// another has it too.
    pub fn tenant_table_in(self, schema: &str, name: &str, tenant_column: &str) -> Self {
        self.table(TenantTable::owned(Some(schema), name, tenant_column))
    }

    /// Declares a table that all tenants share and may read: `public.name` in Postgres.
    pub fn shared_table(mut self, name: &str) -> Self {
        self.declare(name.to_owned(), None, Declared::Shared);
        self
    }

    /// Declares a shared table in another schema.
    pub fn shared_table_in(mut self, schema: &str, name: &str) -> Self {
        self.declare(name.to_owned(), Some(schema.to_owned()), Declared::Shared);
        self
    }

    /// Declares the type of the tenant columns, one for all tables. `text` unless said otherwise.
    ///
    /// ```
    /// use tenancy_core::{TableCatalog, TenantColumnType};
    ///
    /// let catalog = TableCatalog::new()
    ///     .with_tenant_column_type(TenantColumnType::Uuid)
    ///     .tenant_table("note", "tenant_id");
    /// assert_eq!(catalog.tenant_column_type(), TenantColumnType::Uuid);
    /// ```
    pub fn with_tenant_column_type(mut self, column_type: TenantColumnType) -> Self {
        self.tenant_column_type = column_type;
        self.shapes = Shapes::default();
        self
    }

    /// Declares the type of the project columns, one for all tables. `text` unless said otherwise.
    pub fn with_project_column_type(mut self, column_type: TenantColumnType) -> Self {
        self.project_column_type = column_type;
        self.shapes = Shapes::default();
        self
    }

    /// Declares the database whose SQL is written. Postgres unless said otherwise.
    pub fn with_dialect(mut self, dialect: Dialect) -> Self {
        self.dialect = dialect;
        self.shapes = Shapes::default();
        self
    }

    /// The type of the tenant columns.
    pub fn tenant_column_type(&self) -> TenantColumnType {
        self.tenant_column_type
    }

    /// The type of the project columns.
    pub fn project_column_type(&self) -> TenantColumnType {
        self.project_column_type
    }

    /// The database whose SQL is written.
    pub fn dialect(&self) -> Dialect {
        self.dialect
    }

    /// The bare names of the shared tables.
    pub fn shared_tables(&self) -> impl Iterator<Item = &str> {
        self.names_of(Declared::Shared)
    }

    /// The names that were declared twice, differently.
    pub fn contradictions(&self) -> impl Iterator<Item = &str> {
        self.names_of(Declared::Contradictory)
    }

    /// The names that are too long: Postgres would cut them off. None where another [`Dialect`] is declared.
    pub fn names_too_long(&self) -> impl Iterator<Item = &str> {
        let names = self.tables.keys().map(String::as_str);
        names.filter(|name| self.dialect.cuts_off(name.as_bytes()))
    }

    /// The tenant tables, by name.
    pub fn tenant_tables(&self) -> impl Iterator<Item = &TenantTable> {
        let declarations = self.tables.values().flatten();
        declarations.filter_map(|declaration| match &declaration.kind {
            Declared::Tenant(table) => Some(table),
            Declared::Shared | Declared::Contradictory => None,
        })
    }

    /// The statements that were scoped with it.
    pub(super) fn shapes(&self) -> &Shapes {
        &self.shapes
    }

    /// The table that a statement names, with its schema or without.
    pub(super) fn named(&self, schema: Option<&str>, name: &str) -> Result<Named<'_>, ScopeError> {
        let full = || match schema {
            Some(schema) => format!("{schema}.{name}"),
            None => name.to_owned(),
        };
        let default = self.dialect.default_schema();
        let mut candidates = self.tables.get(name).into_iter().flatten();
        let mut candidates = candidates.by_ref().filter(|declaration| match schema {
            Some(schema) => declaration.schema.as_deref().or(default) == Some(schema),
            None => true,
        });
        match (candidates.next(), candidates.next()) {
            (None, _) => Err(ScopeError::Undeclared(full())),
            (Some(_), _) if self.dialect.cuts_off(name.as_bytes()) => {
                Err(ScopeError::NameTooLong(full()))
            }
            (Some(_), Some(_)) => Err(ScopeError::Ambiguous(full())),
            (Some(Declaration { kind, schema }), None) => match kind {
                Declared::Tenant(table) => Ok(Named::Tenant(table)),
                Declared::Shared => Ok(Named::Shared(schema.as_deref().or(default))),
                Declared::Contradictory => Err(ScopeError::Contradictory(full())),
            },
        }
    }

    /// Whether a common table expression of this name could be taken for a table.
    pub(super) fn has_name_like(&self, name: &str) -> bool {
        self.tables.contains_key(name)
            || self.dialect != Dialect::Postgres
                && self
                    .tables
                    .keys()
                    .any(|known| self.dialect.same(known, name))
    }

    fn names_of(&self, kind: Declared) -> impl Iterator<Item = &str> {
        let has = move |declarations: &Vec<Declaration>| {
            declarations
                .iter()
                .any(|declaration| declaration.kind == kind)
        };
        self.tables
            .iter()
            .filter(move |(_, declarations)| has(declarations))
            .map(|(name, _)| name.as_str())
    }

    fn declare(&mut self, name: String, schema: Option<String>, kind: Declared) {
        self.shapes = Shapes::default();
        let default = self.dialect.default_schema();
        let declarations = self.tables.entry(name).or_default();
        let same = |known: &&mut Declaration| {
            known.schema.as_deref().or(default) == schema.as_deref().or(default)
        };
        match declarations.iter_mut().find(same) {
            Some(known) if known.kind.agrees_with(&kind) => {}
            Some(known) => known.kind = Declared::Contradictory,
            None => declarations.push(Declaration { schema, kind }),
        }
    }
}
