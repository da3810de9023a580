//! `Dialect`, the SQL of one database.

use std::borrow::Cow;

use sea_query::{
    MysqlQueryBuilder, PostgresQueryBuilder, QueryStatementBuilder, SqliteQueryBuilder,
};

use super::text::Draft;

/// Whose SQL a scoped statement is written in. `Postgres` unless
/// [`TableCatalog::with_dialect`](super::TableCatalog::with_dialect) says otherwise.
///
/// Row-level security stands behind the statements on Postgres only. Elsewhere the builder protects alone.
///
/// ```
/// use tenancy_core::{Dialect, TableCatalog, TenantId, danger};
///
/// let catalog = TableCatalog::new().with_dialect(Dialect::Sqlite).tenant_table("note", "tenant_id");
/// let context = danger::assume(TenantId::parse("acme")?, "documentation")?;
/// let delete = context.scope(&catalog).delete("note").finish()?;
/// assert_eq!(delete.sql(), r#"DELETE FROM "main"."note" WHERE "tenant_id" = ? COLLATE BINARY"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// PostgreSQL 15 or newer.
    #[default]
    Postgres,
    /// MySQL 8.0 or MariaDB 10.5 or newer; tried on MariaDB 10.11.
    MySql,
    /// SQLite 3.35 or newer.
    Sqlite,
}

impl Dialect {
    pub(super) fn draft(self, statement: &impl QueryStatementBuilder) -> Draft {
        let mut draft = Draft::new(self.placeholder());
        match self {
            Self::Postgres => {
                statement.build_collect_any_into(&PostgresQueryBuilder, &mut draft);
            }
            Self::MySql => statement.build_collect_any_into(&MysqlQueryBuilder, &mut draft),
            Self::Sqlite => statement.build_collect_any_into(&SqliteQueryBuilder, &mut draft),
        }
        draft
    }

    /// The character that a parameter begins with.
    pub(super) fn placeholder(self) -> char {
        match self {
            Self::Postgres => '$',
            Self::MySql | Self::Sqlite => '?',
        }
    }

    /// The quote around an identifier.
    pub(super) fn quote(self) -> char {
        match self {
            Self::Postgres | Self::Sqlite => '"',
            Self::MySql => '`',
        }
    }

    /// Whether the database would cut `name` off, and then take it for another (PostgreSQL manual §4.1.1). Others keep
    /// it whole, or say that they cannot.
    pub(super) fn cuts_off(self, name: &[u8]) -> bool {
        self == Self::Postgres && name.len() > 63
    }

    /// The schema of a table that is declared without one.
    pub(super) fn default_schema(self) -> Option<&'static str> {
        match self {
            Self::Postgres => Some("public"),
            // The database that the connection has chosen.
            Self::MySql => None,
            Self::Sqlite => Some("main"),
        }
    }

    /// Writes `name` as a quoted identifier.
    pub(super) fn write_name(self, sql: &mut String, name: &str) {
        let quote = self.quote();
        sql.push(quote);
        if name.contains(quote) {
            for character in name.chars() {
                if character == quote {
                    sql.push(quote);
                }
                sql.push(character);
            }
        } else {
            sql.push_str(name);
        }
        sql.push(quote);
    }

    /// An unquoted name as the database understands it: Postgres folds it to lower case.
    pub(super) fn fold(self, word: &str) -> Cow<'_, str> {
        if self == Self::Postgres && word.bytes().any(|byte| byte.is_ascii_uppercase()) {
            Cow::Owned(word.to_ascii_lowercase())
        } else {
            Cow::Borrowed(word)
        }
    }

    /// Whether two names may be the same column or common table expression. MySQL and SQLite do not mind
    /// the case of ASCII letters, quoted or not.
    pub(super) fn same(self, one: &str, other: &str) -> bool {
        match self {
            Self::Postgres => one == other,
            Self::MySql | Self::Sqlite => one.eq_ignore_ascii_case(other),
        }
    }
}
