//! A report for programs.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use super::{Finding, Rendering, SEVERITIES, TOOL, VERSION};

#[derive(Serialize)]
struct Document<'a> {
    tool: Tool,
    examined: BTreeMap<String, &'a str>,
    tables: Vec<&'a str>,
    sound: bool,
    summary: BTreeMap<&'static str, usize>,
    findings: &'a [Finding],
    unproven: &'a [String],
}

#[derive(Serialize)]
struct Tool {
    name: &'static str,
    version: &'static str,
}

pub(super) fn write(page: &Rendering<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let count = |severity| page.of(severity).count();
    let document = Document {
        tool: Tool {
            name: TOOL,
            version: VERSION,
        },
        examined: page.keyed(),
        tables: page.tables.iter().map(String::as_str).collect(),
        sound: page.report.is_sound(),
        summary: SEVERITIES
            .into_iter()
            .map(|severity| (severity.as_str(), count(severity)))
            .collect(),
        findings: page.report.findings(),
        unproven: page.report.unproven(),
    };
    let text = serde_json::to_string_pretty(&document).map_err(|_| fmt::Error)?;
    writeln!(f, "{text}")
}

#[cfg(test)]
mod tests {
    use super::super::{ReportFormat, sample};

    #[test]
    fn a_finding_has_the_keys_that_programs_rely_on() {
        let report = sample::awkward();
        let text = sample::page(&report, ReportFormat::Json).to_string();
        sample::assert_golden("awkward.json", &text);
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        let findings = value["findings"].as_array().unwrap();
        assert_eq!(findings.len(), report.findings().len());
        for (json, finding) in findings.iter().zip(report.findings()) {
            let mut keys: Vec<_> = json.as_object().unwrap().keys().collect();
            keys.sort();
            assert_eq!(keys, ["code", "fix", "message", "object", "severity"]);
            assert_eq!(json["severity"], finding.severity().as_str());
            // JSON carries what was found, unlike what is made to be looked at.
            assert_eq!(json["object"], finding.object());
        }
    }
}
