//! `Setting`, the name of the Postgres setting that carries the tenant, and how names and values are written in SQL.

use std::fmt;

use tenancy_core::{TenantColumnType, TenantTable};

/// The name of a [customized option] of Postgres, such as `app.current_tenant_id`.
///
/// [customized option]: https://www.postgresql.org/docs/current/runtime-config-custom.html
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Setting(String);

/// Text that cannot be the name of a setting.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` cannot be a setting; use two or more names of lower-case letters, digits and underscores \
     with dots between, such as `app.current_tenant_id`"
)]
pub struct InvalidSetting(String);

impl Setting {
    /// Checks a name. Lower case only: Postgres ignores the case of settings, and one spelling is enough.
    ///
    /// # Errors
    /// When `name` is not two or more identifiers with dots between.
    pub fn new(name: &str) -> Result<Self, InvalidSetting> {
        let is_identifier = |part: &str| {
            part.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
                && part
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
        };
        // 63 bytes is what Postgres keeps of an identifier.
        if name.len() <= 63 && name.contains('.') && name.split('.').all(is_identifier) {
            Ok(Self(name.to_owned()))
        } else {
            Err(InvalidSetting(name.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for Setting {
    /// `app.current_tenant_id`
    fn default() -> Self {
        Self("app.current_tenant_id".to_owned())
    }
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// `value` as an escape string constant (PostgreSQL manual §4.1.2.2). `SET` takes no parameters, so the
/// value has to stand in the text. Unlike a plain constant, this form means the same whatever
/// `standard_conforming_strings` says.
pub(crate) fn literal(value: &str) -> String {
    format!("E'{}'", value.replace('\\', r"\\").replace('\'', "''"))
}

/// `name` as a quoted identifier (PostgreSQL manual §4.1.1).
pub(crate) fn identifier(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

/// `text` between dollar signs, which a person can read (PostgreSQL manual §4.1.2.4). Names may hold dollar signs, so
/// the tag is one that is not in it.
pub(crate) fn dollar_quoted(text: &str) -> String {
    let mut tag = "$do$".to_owned();
    while text.contains(&tag) {
        tag.insert(1, '_');
    }
    format!("{tag}{text}{tag}")
}

/// The name of `table` with its schema.
pub(crate) fn qualified(table: &TenantTable) -> String {
    format!(
        "{}.{}",
        identifier(table.schema()),
        identifier(table.name())
    )
}

/// The cast of the setting, a text, to the type of the tenant columns.
pub(crate) fn cast(column_type: TenantColumnType) -> String {
    match column_type {
        TenantColumnType::Text => String::new(),
        other => format!("::{}", other.sql()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_could_break_out_are_refused() {
        for name in ["app.current_tenant_id", "a.b.c", "_x.y1"] {
            assert!(Setting::new(name).is_ok(), "{name}");
        }
        let long = format!("app.{}", "x".repeat(60));
        for name in [
            "",
            "tenant",
            ".a",
            "a.",
            "a..b",
            "App.x",
            "app.x; --",
            "app.x y",
            "app.\"x\"",
            "app.1x",
            "app.ä",
            long.as_str(),
        ] {
            assert!(Setting::new(name).is_err(), "{name}");
        }
    }

    #[test]
    fn literals_escape_quotes_and_backslashes() {
        assert_eq!(literal("o'neil"), "E'o''neil'");
        assert_eq!(
            literal(r"\'; DROP TABLE note; --"),
            r"E'\\''; DROP TABLE note; --'"
        );
        assert_eq!(identifier(r#"a"b"#), r#""a""b""#);
    }
}
