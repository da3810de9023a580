//! A report as SARIF 2.1.0, the Static Analysis Results Interchange Format of OASIS.

use std::fmt;

use serde::Serialize;
use serde_json::{Value, json};

use super::{Check, Finding, Rendering, Severity, TOOL, VERSION};

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The version comes first, for readers that look at the beginning only (§3.13.2).
#[derive(Serialize)]
struct Log {
    version: &'static str,
    #[serde(rename = "$schema")]
    schema: &'static str,
    runs: [Value; 1],
}

pub(super) fn write(page: &Rendering<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let rules: Vec<_> = page.checks.iter().map(rule).collect();
    let results = page.report.findings().iter();
    let results: Vec<_> = results.map(|finding| result(page, finding)).collect();
    // What could not be looked at is a condition of the run (§3.20.21), no result.
    let unproven = page.report.unproven().iter();
    let unproven: Vec<_> = unproven
        .map(|sentence| json!({ "level": "warning", "message": { "text": plain(sentence) } }))
        .collect();
    let log = Log {
        version: "2.1.0",
        schema: SCHEMA,
        runs: [json!({
            "tool": { "driver": { "name": TOOL, "version": VERSION, "rules": rules } },
            "invocations": [{ "executionSuccessful": true, "toolExecutionNotifications": unproven }],
            "results": results,
            "properties": { "examined": page.keyed(), "tables": page.tables },
        })],
    };
    let text = serde_json::to_string_pretty(&log).map_err(|_| fmt::Error)?;
    writeln!(f, "{text}")
}

fn rule(check: &Check) -> Value {
    let Check {
        code,
        severity,
        title,
        explanation,
        example,
        cure,
    } = check;
    json!({
        "id": code,
        "shortDescription": { "text": plain(title) },
        "fullDescription": { "text": plain(explanation) },
        "help": { "text": plain(&format!("{cure}\n\nFound at, for example:\n{example}")) },
        "defaultConfiguration": { "level": level(*severity) },
    })
}

fn result(page: &Rendering<'_>, finding: &Finding) -> Value {
    let object = finding.object();
    let kind = if finding.table() == Some(object) {
        "table"
    } else {
        "object"
    };
    let mut result = json!({
        "ruleId": finding.code(),
        "level": level(finding.severity()),
        "message": { "text": plain(&format!("{object}: {}", finding.message())) },
        "locations": [{ "logicalLocations": [{ "fullyQualifiedName": object, "kind": kind }] }],
        // `fixes` of SARIF replace regions of files, and there is no file.
        "properties": { "severity": finding.severity().as_str(), "fix": finding.fix() },
    });
    let is_rule = |check: &Check| check.code == finding.code();
    if let (Some(index), Some(result)) =
        (page.checks.iter().position(is_rule), result.as_object_mut())
    {
        result.insert("ruleIndex".to_owned(), index.into());
    }
    result
}

/// §3.27.10.
fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Performance | Severity::Info => "note",
    }
}

/// A plain text message, in which braces stand for arguments (§3.11.5) and `[text](target)` for a link (§3.11.6)
/// unless they are escaped.
fn plain(text: &str) -> String {
    let text = text.replace('{', "{{").replace('}', "}}");
    if text.contains("](") {
        text.replace('\\', r"\\")
            .replace('[', r"\[")
            .replace(']', r"\]")
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ReportFormat, SEVERITIES, sample};
    use super::*;

    /// What SARIF requires and what its enumerations allow, by the sections of the standard.
    #[test]
    fn it_has_what_the_standard_requires() {
        let report = sample::awkward();
        let text = sample::page(&report, ReportFormat::Sarif).to_string();
        sample::assert_golden("awkward.sarif", &text);
        let log: Value = serde_json::from_str(&text).unwrap();

        assert_eq!(log["version"], "2.1.0"); // §3.13.2
        let runs = log["runs"].as_array().unwrap(); // §3.13.4
        assert_eq!(runs.len(), 1);
        let driver = &runs[0]["tool"]["driver"]; // §3.14.6, §3.18.2
        assert_eq!(driver["name"], "tenancy"); // §3.19.8
        let rules = driver["rules"].as_array().unwrap();
        for (rule, check) in rules.iter().zip(sample::CHECKS) {
            assert_eq!(rule["id"], check.code); // §3.49.3
            for text in ["shortDescription", "fullDescription", "help"] {
                assert!(rule[text]["text"].is_string(), "{text}"); // §3.12.3
            }
        }
        let results = runs[0]["results"].as_array().unwrap(); // §3.14.23
        assert_eq!(results.len(), report.findings().len());
        for (result, finding) in results.iter().zip(report.findings()) {
            assert!(result["message"]["text"].is_string()); // §3.27.11
            let level = result["level"].as_str().unwrap(); // §3.27.10
            assert!(["error", "warning", "note"].contains(&level));
            assert_eq!(result["ruleId"], finding.code()); // §3.27.5
            if let Some(index) = result["ruleIndex"].as_u64() {
                let rule = &rules[usize::try_from(index).unwrap()]; // §3.27.6
                assert_eq!(rule["id"], result["ruleId"]);
            }
            let place = &result["locations"][0]["logicalLocations"][0]; // §3.28.4
            assert_eq!(place["fullyQualifiedName"], finding.object()); // §3.33.5
        }
        let invocation = &runs[0]["invocations"][0];
        assert_eq!(invocation["executionSuccessful"], true); // §3.20.14
        let notes = invocation["toolExecutionNotifications"].as_array().unwrap();
        assert_eq!(notes.len(), report.unproven().len());
        assert!(notes.iter().all(|note| note["message"]["text"].is_string())); // §3.58.5
    }

    #[test]
    fn a_name_makes_no_argument_and_no_link() {
        assert_eq!(plain("a {0} b"), "a {{0}} b");
        assert_eq!(plain("text[] and \\d"), "text[] and \\d");
        assert_eq!(plain("[a](http://b)"), r"\[a\](http://b)");
    }

    #[test]
    fn only_errors_are_errors() {
        let errors = SEVERITIES.into_iter().filter(|it| level(*it) == "error");
        assert_eq!(errors.collect::<Vec<_>>(), [Severity::Error]);
    }
}
