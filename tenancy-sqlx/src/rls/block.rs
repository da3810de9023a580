//! `block`, an anonymous block that no name can end.

use crate::setting::dollar_quoted;

/// `body` as a `DO` statement.
pub(super) fn block(body: &str) -> String {
    format!("DO {};\n", dollar_quoted(&format!("\n{body}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_the_block() {
        assert_eq!(block("BEGIN END\n"), "DO $do$\nBEGIN END\n$do$;\n");
        assert_eq!(
            block("$do$ $_do$ $__do\n"),
            "DO $__do$\n$do$ $_do$ $__do\n$__do$;\n"
        );
    }
}
