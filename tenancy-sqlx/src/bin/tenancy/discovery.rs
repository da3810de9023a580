//! The tables that a database has already, as a catalogue.

use std::collections::BTreeMap;

use sqlx::postgres::PgConnection;
use tenancy_core::{TableCatalog, TenantColumnType};

use crate::arguments::Tables;
use crate::trouble::Trouble;

/// The tables with the tenant column.
#[derive(Debug)]
pub(crate) struct Discovered {
    tables: Vec<Table>,
    column: String,
    shared: Vec<String>,
}

#[derive(Debug)]
struct Table {
    schema: String,
    name: String,
    column_type: String,
}

impl Discovered {
    /// Looks for ordinary and partitioned tables. Partitions are reached through their parent, and what belongs to
    /// an extension is left to it.
    ///
    /// Whatever else is in the schemas is not declared, and if the role can reach it, the doctor says so.
    pub(crate) async fn look(
        connection: &mut PgConnection,
        arguments: &Tables,
    ) -> Result<Self, Trouble> {
        let Tables {
            schema: schemas,
            tenant_column: column,
            shared,
            ..
        } = arguments;
        require_schemas(connection, schemas).await?;
        let found: Vec<(String, String, String)> = sqlx::query_as(
            "SELECT n.nspname::text, c.relname::text, \
                    pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) \
             FROM pg_catalog.pg_class c \
             JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
             JOIN pg_catalog.pg_attribute a \
                 ON a.attrelid = c.oid AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped \
             JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
             WHERE n.nspname = ANY ($1) AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
                               WHERE d.classid = 'pg_catalog.pg_class'::regclass AND d.objid = c.oid \
                                 AND d.deptype = 'e') \
             ORDER BY 1, 2",
        )
        .bind(schemas)
        .bind(column)
        .fetch_all(connection)
        .await
        .map_err(Trouble::Query)?;
        let tables: Vec<_> = found
            .into_iter()
            .filter(|(_, name, _)| !shared.contains(name))
            .map(|(schema, name, column_type)| Table {
                schema,
                name,
                column_type,
            })
            .collect();
        if tables.is_empty() {
            return Err(Trouble::NoTables {
                schemas: schemas.clone(),
                column: column.clone(),
            });
        }
        one_name_each(&tables)?;
        Ok(Self {
            tables,
            column: column.clone(),
            shared: shared.clone(),
        })
    }

    /// The catalogue, with the type that most of the tenant columns have: the doctor tells which have another.
    pub(crate) fn catalog(&self) -> Result<TableCatalog, Trouble> {
        let mut counts = BTreeMap::<&str, usize>::new();
        for table in &self.tables {
            *counts.entry(&table.column_type).or_default() += 1;
        }
        let known = counts
            .into_iter()
            .filter_map(|(name, count)| Some((count, known_type(name)?)));
        let Some((_, column_type)) = known.max_by_key(|(count, _)| *count) else {
            return Err(Trouble::ColumnType(self.types_other_than(None)));
        };
        let mut catalog = TableCatalog::new().tenant_column_type(column_type);
        for Table { schema, name, .. } in &self.tables {
            catalog = catalog.tenant_table_in(schema, name, &self.column);
        }
        for name in &self.shared {
            catalog = catalog.shared_table(name);
        }
        Ok(catalog)
    }

    /// The catalogue, if all tenant columns have its type, as one function for all policies demands.
    pub(crate) fn uniform_catalog(&self) -> Result<TableCatalog, Trouble> {
        let catalog = self.catalog()?;
        let others = self.types_other_than(Some(catalog.column_type()));
        if others.is_empty() {
            Ok(catalog)
        } else {
            Err(Trouble::ColumnType(others))
        }
    }

    /// The tables, as `schema.table`.
    pub(crate) fn names(&self) -> impl ExactSizeIterator<Item = String> {
        let name = |Table { schema, name, .. }: &Table| format!("{schema}.{name}");
        self.tables.iter().map(name)
    }

    fn types_other_than(&self, expected: Option<TenantColumnType>) -> Vec<String> {
        self.tables
            .iter()
            .filter(|table| {
                let found = known_type(&table.column_type);
                found.is_none() || found != expected
            })
            .map(|table| {
                let Table {
                    schema,
                    name,
                    column_type,
                } = table;
                format!("`{schema}.{name}` ({column_type})")
            })
            .collect()
    }
}

async fn require_schemas(connection: &mut PgConnection, schemas: &[String]) -> Result<(), Trouble> {
    let missing: Vec<String> = sqlx::query_scalar(
        "SELECT s FROM pg_catalog.unnest($1) s \
         WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = s) ORDER BY 1",
    )
    .bind(schemas)
    .fetch_all(connection)
    .await
    .map_err(Trouble::Query)?;
    if missing.is_empty() {
        Ok(())
    } else {
        Err(Trouble::NoSchema(missing))
    }
}

/// A catalogue knows a table by its bare name.
fn one_name_each(tables: &[Table]) -> Result<(), Trouble> {
    let mut schemas = BTreeMap::<&str, Vec<String>>::new();
    for Table { schema, name, .. } in tables {
        schemas
            .entry(name)
            .or_default()
            .push(format!("{schema}.{name}"));
    }
    match schemas.into_values().find(|tables| tables.len() > 1) {
        Some(tables) => Err(Trouble::OneName(tables)),
        None => Ok(()),
    }
}

fn known_type(name: &str) -> Option<TenantColumnType> {
    match name {
        "text" | "character varying" => Some(TenantColumnType::Text),
        "uuid" => Some(TenantColumnType::Uuid),
        "bigint" => Some(TenantColumnType::Bigint),
        _ => None,
    }
}
