//! `Stamp`, a value that is the same in all rows of a scope.

use sea_query::Value;

use super::{Dialect, TenantColumnType};

/// The tenant of a scope, or its project, as it stands in a column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Stamp<'a> {
    pub(super) text: &'a str,
    pub(super) column_type: TenantColumnType,
    pub(super) dialect: Dialect,
}

impl Stamp<'_> {
    /// As a parameter of a statement.
    pub(super) fn value(&self) -> Value {
        let number = match self.column_type {
            TenantColumnType::Bigint => self.text.parse().ok(),
            TenantColumnType::Text | TenantColumnType::Uuid => None,
        };
        match number {
            Some(_) => Value::BigInt(number),
            None => Value::String(Some(self.text.to_owned())),
        }
    }

    /// The type that the parameter is cast to. Other databases keep a UUID as text.
    pub(super) fn cast(&self) -> Option<&'static str> {
        let is_uuid = self.column_type == TenantColumnType::Uuid;
        (is_uuid && self.dialect == Dialect::Postgres).then_some("uuid")
    }

    /// Whether it is a text to the database, and some compare texts without regard to case.
    pub(super) fn is_text(&self) -> bool {
        self.column_type != TenantColumnType::Bigint
    }
}
