//! `block`, an anonymous block that no name can end.

/// `body` as a `DO` statement. Names may hold dollar signs, so the tag that quotes the body is one that is not in
/// it (PostgreSQL manual §4.1.2.4).
pub(super) fn block(body: &str) -> String {
    let mut tag = "$do$".to_owned();
    while body.contains(&tag) {
        tag.insert(1, '_');
    }
    format!("DO {tag}\n{body}{tag};\n")
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
