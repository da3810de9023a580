//! `ON CONFLICT`: what happens to a row whose key is taken. It can be taken by a row of the tenant only.

use super::Reader;
use super::write::Target;
use crate::scope::text::{Keyword, Kind};
use crate::scope::{ScopeError, TenantTable};

impl<'a> Reader<'a, '_> {
    /// Whether `ON CONFLICT` of an INSERT stands at hand, and not the condition of a join.
    pub(super) fn starts_conflict(&self) -> bool {
        self.is_in_insert()
            && self.keyword() == Keyword::On
            && self.keyword_ahead(1) == Keyword::Conflict
    }

    /// `ON CONFLICT (tenant_id, id) DO UPDATE SET …`. A target without the tenant would also be met by a row of
    /// another tenant, and tell of it.
    pub(super) fn conflict(&mut self, target: &Target<'a>) -> Result<(), ScopeError> {
        self.at += 2;
        if self.kind() != Some(Kind::Open) || !self.names_bound_columns(target.table)? {
            return Err(ScopeError::ConflictTarget(target.table.name().to_owned()));
        }
        if self.skip(Keyword::Where) {
            self.expression()?;
        }
        self.expect(Keyword::Do)?;
        if self.skip(Keyword::Nothing) {
            return Ok(());
        }
        self.expect(Keyword::Update)?;
        self.expect(Keyword::Set)?;
        self.assignments(target.table)?;
        // The row that could not be inserted is there as well, as `excluded`.
        self.rows_of(target, true)
    }

    /// Reads the target of a conflict, and tells whether each bound column, alone, is an item of it.
    fn names_bound_columns(&mut self, table: &TenantTable) -> Result<bool, ScopeError> {
        let mut missing: Vec<_> = self.scoping.columns(table).collect();
        self.parenthesised(|reader| {
            loop {
                let first = reader.at;
                reader.expression()?;
                if reader.at == first + 1
                    && let Some(token) = reader.tokens.get(first)
                    && let Some(name) = reader.name_of(*token)
                {
                    missing.retain(|column| !reader.dialect().same(&name, column));
                }
                if reader.kind() != Some(Kind::Comma) {
                    return Ok(());
                }
                reader.at += 1;
            }
        })?;
        Ok(missing.is_empty())
    }
}
