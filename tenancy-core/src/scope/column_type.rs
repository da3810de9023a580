//! `TenantColumnType`, the type of the columns that hold the tenant.

use crate::TenantId;

/// The type of the columns that hold the tenant, one for a whole [`TableCatalog`](crate::TableCatalog).
///
/// A tenant has one spelling only, the one that Postgres prints. Others, such as `007` for a `bigint`, are
/// refused: two spellings of one tenant would share its rows and nothing else.
///
/// ```
/// use tenancy_core::{TenantColumnType, TenantId};
///
/// let acme = TenantId::parse("acme")?;
/// assert!(TenantColumnType::Text.check(&acme).is_ok());
/// assert!(TenantColumnType::Uuid.check(&acme).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum TenantColumnType {
    /// `text`, also for `varchar`: any [`TenantId`].
    #[default]
    Text,
    /// `uuid`: 36 characters in lower case, such as `5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f10`.
    Uuid,
    /// `bigint`: a decimal number of 64 bits.
    Bigint,
}

/// A tenant that cannot stand in the tenant columns of the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "tenant `{tenant}` cannot stand in a column of type {}; {}", expected.sql(), expected.spelling()
)]
pub struct WrongTenantType {
    tenant: TenantId,
    expected: TenantColumnType,
}

impl TenantColumnType {
    /// The name of the type in SQL.
    pub fn sql(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Uuid => "uuid",
            Self::Bigint => "bigint",
        }
    }

    /// Whether `tenant` can stand in such a column, spelled as Postgres spells it.
    ///
    /// # Errors
    /// When it cannot. Nothing has to be asked of a database for that.
    pub fn check(self, tenant: &TenantId) -> Result<(), WrongTenantType> {
        if self.fits(tenant.as_str()) {
            Ok(())
        } else {
            Err(WrongTenantType {
                tenant: tenant.clone(),
                expected: self,
            })
        }
    }

    /// Whether `text` is the spelling of a value of this type.
    pub(super) fn fits(self, text: &str) -> bool {
        match self {
            Self::Text => true,
            Self::Uuid => is_uuid(text),
            Self::Bigint => text.parse().is_ok_and(|id: i64| id.to_string() == text),
        }
    }

    fn spelling(self) -> &'static str {
        match self {
            Self::Text => "any text does",
            Self::Uuid => {
                "write a UUID in lower case with its hyphens, or declare another \
                 `TableCatalog::with_tenant_column_type`"
            }
            Self::Bigint => {
                "write a decimal number of 64 bits without leading zeros, or declare another \
                 `TableCatalog::with_tenant_column_type`"
            }
        }
    }
}

/// Groups of 8, 4, 4, 4 and 12 digits (RFC 9562 §4), as `uuid` is printed.
fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_has_one_spelling() {
        use TenantColumnType::{Bigint, Text, Uuid};
        let fits =
            |kind: TenantColumnType, text| kind.check(&TenantId::parse(text).unwrap()).is_ok();
        let uuid = "5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f10";
        for (kind, good) in [
            (Text, "acme"),
            (Text, "7"),
            (Uuid, uuid),
            (Bigint, "0"),
            (Bigint, "-7"),
        ] {
            assert!(fits(kind, good), "{kind:?} {good}");
        }
        assert!(fits(Bigint, "9223372036854775807"));
        for bad in [
            "acme",
            "5D3CF3D8-86A5-4B1C-9BB1-5D6C8A5E2F10",
            "5d3cf3d886a54b1c9bb15d6c8a5e2f10",
            "{5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f10}",
            "5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f1",
            "5d3cf3d8-86a5-4b1c-9bb1-5d6c8a5e2f1é",
            "5d3cf3d8-86a5-4b1c-9bb15-d6c8a5e2f10",
        ] {
            assert!(!fits(Uuid, bad), "{bad}");
        }
        for bad in ["007", "+7", "-0", "7.0", "0x7", "9223372036854775808", "٧"] {
            assert!(!fits(Bigint, bad), "{bad}");
        }
    }

    #[test]
    fn the_refusal_says_what_is_expected() {
        let error = TenantColumnType::Uuid.check(&TenantId::parse("acme").unwrap());
        let text = error.unwrap_err().to_string();
        assert!(
            text.starts_with("tenant `acme` cannot stand in a column of type uuid; write a UUID")
        );
    }
}
