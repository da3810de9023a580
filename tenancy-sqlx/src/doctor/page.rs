//! The page of the manual that lists every check. It is made from the table of checks and kept as a file, to be read.

use std::fmt::Write as _;

use super::check::{Stage, probes};

const HEAD: &str = include_str!("page_head.md");

/// The page as it should be.
fn page() -> String {
    let mut page = HEAD.to_owned();
    let mut group = "";
    for probe in probes() {
        let check = probe.check;
        let title = match check.code.get(3..5) {
            Some("00") => "The role",
            Some("01") => "The catalogue",
            Some("02") => "Tables",
            Some("03") => "Policies",
            Some("04") => "Columns and keys",
            Some("05") => "Quality of policies",
            Some("08") => "Behaviour",
            Some("09") => "Strict, and allowances",
            Some("06") if check.code < "TNC065" => "Views",
            _ => "Around the tables",
        };
        if title != group {
            group = title;
            let _ = write!(page, "\n## {title}\n");
        }
        let pool = if probe.stage == Stage::Posture {
            " A pool does not start."
        } else {
            ""
        };
        let _ = write!(
            page,
            "\n### {}: {}\n\n*{}.*{pool} {}\n\n```sql\n{}\n```\n\nCure: {}\n",
            check.code, check.title, check.severity, check.explanation, check.example, check.cure
        );
    }
    page
}

/// `TENANCY_WRITE_MANUAL=1 cargo test -p tenancy-sqlx page` writes it anew.
#[test]
fn the_page_lists_every_check_with_an_example_and_its_cure() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/manual/doctor.md");
    if std::env::var_os("TENANCY_WRITE_MANUAL").is_some() {
        std::fs::write(path, page()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), page());
}

#[test]
fn codes_are_in_order_and_say_everything() {
    let mut last = "";
    for probe in probes() {
        let check = probe.check;
        assert!(last < check.code, "{last} {}", check.code);
        last = check.code;
        for text in [check.title, check.explanation, check.example, check.cure] {
            assert!(!text.is_empty(), "{}", check.code);
        }
        assert!(
            check.explanation.ends_with('.') && check.cure.ends_with('.'),
            "{}",
            check.code
        );
        assert!(!check.title.ends_with('.'), "{}", check.code);
    }
}
