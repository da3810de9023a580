//! `Discovery`, the tables that a database has already, as a catalogue.

use sqlx::PgExecutor;
use tenancy_core::{TableCatalog, TenantColumnType};

use crate::Error;

/// The schema of tables that are declared without one.
const PUBLIC: &str = "public";

/// Reads a [`TableCatalog`] from a database: the tables that have the tenant column.
///
/// It finds ordinary and partitioned tables. Partitions are reached through their parent, and what belongs to an
/// extension is left to it. Whatever else is in the schemas is not declared: a scoped statement that names it is
/// refused, and if the role can reach it, the [`Doctor`](crate::Doctor) says so.
///
/// A catalogue that is written down says what is meant, and one that is read says what is there: with it a service
/// does not notice that a table has lost its tenant column. Read it in tools, and in a test beside the written one.
///
/// ```no_run
/// use tenancy_sqlx::Discovery;
///
/// # async fn example(pool: sqlx::PgPool) -> Result<(), tenancy_sqlx::Error> {
/// let catalog = Discovery::new("tenant_id")
///     .schemas(["public", "billing"])
///     .shared(["plan"])
///     .catalog(&pool)
///     .await?;
/// # let _ = catalog;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Discovery {
    tenant_column: String,
    schemas: Vec<String>,
    shared: Vec<String>,
    commonest_type: bool,
}

/// Why the tables of a database are no catalogue.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DiscoveryError {
    /// Schemas that the database does not have.
    #[error("there is no schema {}", quoted(.0))]
    NoSchema(Vec<String>),
    /// No table that is not shared has the tenant column.
    #[error("no table in schema {} has a column `{column}`", quoted(schemas))]
    NoTable {
        /// Where was looked.
        schemas: Vec<String>,
        /// The tenant column.
        column: String,
    },
    /// Tenant columns of a type that tenants cannot have, or of another than most.
    #[error(
        "a tenant column has to be of type text, varchar, uuid or bigint, the same in all tables, and not so are {}",
        columns(.0)
    )]
    ColumnType(Vec<OddColumn>),
}

/// A tenant column of an unexpected type.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct OddColumn {
    /// The table, as `schema.table`.
    pub table: String,
    /// The type of its tenant column, as Postgres names it.
    pub column_type: String,
}

/// A table with the tenant column.
#[derive(Debug)]
struct Table {
    schema: String,
    name: String,
    column_type: String,
}

/// What was found.
#[derive(Debug, Default)]
struct Found {
    tables: Vec<Table>,
    /// Schema and name.
    shared: Vec<(String, String)>,
}

/// Tables with the tenant column and those that are shared, which have no type here; and a row without a name for each
/// schema that is not there.
const TABLES: &str = "SELECT n.nspname::text, c.relname::text, \
            CASE WHEN c.relname <> ALL ($3) \
                 THEN pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid), NULL) END \
     FROM pg_catalog.pg_class c \
     JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace \
     LEFT JOIN pg_catalog.pg_attribute a \
         ON a.attrelid = c.oid AND a.attname = $2 AND a.attnum > 0 AND NOT a.attisdropped \
     LEFT JOIN pg_catalog.pg_type t ON t.oid = a.atttypid \
     WHERE n.nspname = ANY ($1) \
       AND (c.relname = ANY ($3) AND c.relkind IN ('r', 'p', 'v', 'm', 'f') \
            OR a.attname IS NOT NULL AND c.relkind IN ('r', 'p') AND NOT c.relispartition \
               AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d \
                               WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid \
                                 AND d.deptype = 'e')) \
     UNION ALL \
     SELECT s, NULL, NULL FROM pg_catalog.unnest($1) s \
     WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_namespace n WHERE n.nspname = s) \
     ORDER BY 1, 2";

impl Discovery {
    /// Looks in the schema `public` for tables with `tenant_column`, spelled as Postgres stores it.
    pub fn new(tenant_column: &str) -> Self {
        Self {
            tenant_column: tenant_column.to_owned(),
            schemas: vec![PUBLIC.to_owned()],
            shared: Vec::new(),
            commonest_type: false,
        }
    }

    /// Looks in these schemas instead.
    pub fn schemas<'s>(mut self, schemas: impl IntoIterator<Item = &'s str>) -> Self {
        self.schemas = schemas.into_iter().map(str::to_owned).collect();
        self
    }

    /// Declares tables that all tenants share, by their bare names. One that has the tenant column all the same, such
    /// as a list of tenants, is shared too.
    pub fn shared<'t>(mut self, tables: impl IntoIterator<Item = &'t str>) -> Self {
        self.shared.extend(tables.into_iter().map(str::to_owned));
        self
    }

    /// Declares the type that most of the tenant columns have, instead of refusing columns of different types: for the
    /// [`Doctor`](crate::Doctor), which tells which have another. No scope and no policy fits such a database.
    pub fn commonest_type(mut self) -> Self {
        self.commonest_type = true;
        self
    }

    /// The catalogue, by one question to the database. Any role may ask it.
    ///
    /// # Errors
    /// [`Error::Discovery`] when there is no such schema or no such table, and when the tenant columns differ in type or have one that tenants cannot have; [`Error::Database`] when the database
    /// cannot be asked.
    pub async fn catalog(&self, database: impl PgExecutor<'_>) -> Result<TableCatalog, Error> {
        let Found { tables, shared } = self.find(database).await?;
        let mut catalog = TableCatalog::new().with_tenant_column_type(self.column_type(&tables)?);
        for Table { schema, name, .. } in &tables {
            catalog = match schema.as_str() {
                PUBLIC => catalog.tenant_table(name, &self.tenant_column),
                schema => catalog.tenant_table_in(schema, name, &self.tenant_column),
            };
        }
        for (schema, name) in &shared {
            catalog = match schema.as_str() {
                PUBLIC => catalog.shared_table(name),
                schema => catalog.shared_table_in(schema, name),
            };
        }
        // It may be where nobody looked.
        let unseen = |name: &&String| shared.iter().all(|(_, found)| found != *name);
        for name in self.shared.iter().filter(unseen) {
            catalog = catalog.shared_table(name);
        }
        Ok(catalog)
    }

    async fn find(&self, database: impl PgExecutor<'_>) -> Result<Found, Error> {
        let rows: Vec<(String, Option<String>, Option<String>)> = sqlx::query_as(TABLES)
            .bind(&self.schemas)
            .bind(&self.tenant_column)
            .bind(&self.shared)
            .fetch_all(database)
            .await?;
        let mut found = Found::default();
        let mut missing = Vec::new();
        for row in rows {
            match row {
                (schema, Some(name), Some(column_type)) => found.tables.push(Table {
                    schema,
                    name,
                    column_type,
                }),
                (schema, Some(name), None) => found.shared.push((schema, name)),
                (schema, None, _) => missing.push(schema),
            }
        }
        if !missing.is_empty() {
            return Err(DiscoveryError::NoSchema(missing).into());
        }
        if found.tables.is_empty() {
            let (schemas, column) = (self.schemas.clone(), self.tenant_column.clone());
            return Err(DiscoveryError::NoTable { schemas, column }.into());
        }
        Ok(found)
    }

    fn column_type(&self, tables: &[Table]) -> Result<TenantColumnType, DiscoveryError> {
        let types: Vec<_> = tables
            .iter()
            .map(|table| known_type(&table.column_type))
            .collect();
        let commonest = types
            .iter()
            .max_by_key(|one| {
                (
                    one.is_some(),
                    types.iter().filter(|other| other == one).count(),
                )
            })
            .copied()
            .flatten();
        let odd: Vec<_> = tables
            .iter()
            .filter(|table| {
                let found = known_type(&table.column_type);
                found.is_none() || found != commonest
            })
            .map(|table| OddColumn {
                table: format!("{}.{}", table.schema, table.name),
                column_type: table.column_type.clone(),
            })
            .collect();
        match commonest {
            Some(commonest) if self.commonest_type || odd.is_empty() => Ok(commonest),
            _ => Err(DiscoveryError::ColumnType(odd)),
        }
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

fn quoted(names: &[String]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    names.join(", ")
}

fn columns(odd: &[OddColumn]) -> String {
    let odd: Vec<_> = odd
        .iter()
        .map(|OddColumn { table, column_type }| format!("`{table}` ({column_type})"))
        .collect();
    odd.join(", ")
}
