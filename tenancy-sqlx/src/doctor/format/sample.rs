//! A report with everything in it that a renderer may stumble over.

use std::path::Path;

use super::{Check, Finding, Rendering, Report, ReportFormat, Severity, VERSION};

pub(super) const CHECKS: &[Check] = &[
    Check {
        code: "TNC101",
        severity: Severity::Error,
        title: "Row-level security is off",
        explanation: "Policies do nothing on a table until row-level security is enabled on it: <every> role \
                      with a privilege reads the rows of all tenants.",
        example: "CREATE TABLE note (tenant_id text NOT NULL, body text);",
        cure: "Enable row-level security & force it upon the owner.",
    },
    Check {
        code: "TNC102",
        severity: Severity::Error,
        title: "A policy does not look at the tenant",
        explanation: "Permissive policies are joined by OR, so one that is always true opens the table.",
        example: "CREATE POLICY open ON note USING (true);",
        cure: "Drop the policy.",
    },
    Check {
        code: "TNC301",
        severity: Severity::Performance,
        title: "No index begins with the tenant column",
        explanation: "Every query of a tenant reads the rows of all.",
        example: "CREATE INDEX ON note (created_at);",
        cure: "Create an index that begins with the tenant column.",
    },
];

pub(super) fn awkward() -> Report {
    let tables = [
        ("public.note", "public.note", ""),
        // Whoever may create tables chooses the name.
        (
            "public.</pre><script>alert('x')</script>&\"",
            "policy \"open\" on public.</pre><script>alert('x')</script>&\"",
            "\u{1b}[2J\u{202e}gnp.exe\r",
        ),
    ];
    let [note, script] = tables;
    let finding =
        |code, severity, (table, object, tail): (&str, &str, &str), message: &str, fix: &str| {
            Finding {
                code,
                severity,
                object: object.to_owned(),
                message: format!("{message}{tail}"),
                fix: fix.to_owned(),
                table: Some(table.to_owned()),
            }
        };
    Report {
        findings: vec![
            finding(
                "TNC101",
                Severity::Error,
                note,
                "Row-level security is off, so that every role with a privilege on the table reads and changes the \
                 rows of all tenants, and no policy can do anything about it.",
                "ALTER TABLE \"public\".\"note\" ENABLE ROW LEVEL SECURITY;\n\
                 ALTER TABLE \"public\".\"note\" FORCE ROW LEVEL SECURITY;",
            ),
            finding(
                "TNC102",
                Severity::Error,
                script,
                "The policy is true for {0} [every](http://tenant.example) row — auch für «Ümläute» und 漢字.\n\
                 averyveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryveryverylongwordwithoutanyspace ",
                "-- Look first:\n\n\
                 DROP POLICY \"open\" ON \"public\".\"</pre><script>alert('x')</script>&\"\"\";",
            ),
            Finding {
                code: "TNC900",
                severity: Severity::Warning,
                object: "role app".to_owned(),
                message: "The role may create temporary tables.".to_owned(),
                fix: "REVOKE TEMPORARY ON DATABASE \"shop\" FROM PUBLIC;".to_owned(),
                table: None,
            },
            finding(
                "TNC301",
                Severity::Performance,
                note,
                "No index begins with tenant_id.",
                "CREATE INDEX CONCURRENTLY ON \"public\".\"note\" (\"tenant_id\");",
            ),
            finding(
                "TNC302",
                Severity::Info,
                ("public.tag", "public.tag", ""),
                "The table is a partition's child.",
                "",
            ),
        ],
        unproven: vec![
            "The catalogue pg_authid was closed to the role <reader>, so it is not known who can become app."
                .to_owned(),
        ],
    }
}

pub(super) fn page(report: &Report, format: ReportFormat) -> Rendering<'_> {
    let mut page = report
        .render(format)
        .about("database", "shop on db.example.com")
        .about("role", "app & co")
        .about("examined at", "2026-11-21 16:35 UTC")
        .tables(["public.note", "public.tag", "public.plan"])
        .tables(report.findings().iter().filter_map(Finding::table));
    page.checks = CHECKS;
    page
}

/// Compares with a file in `golden/`, which `TENANCY_BLESS=1` writes anew.
pub(super) fn assert_golden(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/doctor/format/golden")
        .join(name);
    if std::env::var_os("TENANCY_BLESS").is_some() {
        std::fs::write(&path, text.replace(VERSION, "[version]")).unwrap();
    }
    let golden = std::fs::read_to_string(&path).unwrap();
    assert!(
        golden.replace("[version]", VERSION) == text,
        "{name} changed; look at it, and bless it by TENANCY_BLESS=1:\n{text}"
    );
}
