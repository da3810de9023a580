//! A report as one page that needs nothing else and runs nothing.

use std::collections::BTreeMap;
use std::fmt;

use super::visible::visible;
use super::{Finding, Rendering, SEVERITIES, Severity, TOOL, VERSION, plural};

const STYLE: &str = include_str!("html/style.css");

pub(super) fn write(page: &Rendering<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    // The policy holds even if something slipped through the escaping.
    write!(
        f,
        "<!doctype html>\n\
         <html lang=\"en\">\n\
         <head>\n\
         <meta charset=\"utf-8\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <title>Tenant isolation report</title>\n\
         <style>\n{STYLE}</style>\n\
         </head>\n\
         <body>\n"
    )?;
    write_head(page, f)?;
    let numbered: Vec<_> = SEVERITIES
        .into_iter()
        .flat_map(|severity| page.of(severity))
        .enumerate()
        .collect();
    write_contents(page, &numbered, f)?;
    for severity in SEVERITIES {
        let findings = numbered
            .iter()
            .filter(|(_, finding)| finding.severity() == severity);
        let mut findings = findings.peekable();
        if findings.peek().is_none() {
            continue;
        }
        writeln!(
            f,
            "<section id=\"{severity}\">\n<h2>{}</h2>",
            heading(severity)
        )?;
        for (number, finding) in findings {
            write_finding(page, *number, finding, f)?;
        }
        writeln!(f, "</section>")?;
    }
    write_unproven(page, f)?;
    write_examined(page, f)?;
    write!(
        f,
        "<footer>{TOOL} {VERSION}. Nothing in this page runs or is loaded from elsewhere.</footer>\n\
         </body>\n</html>\n"
    )
}

fn write_head(page: &Rendering<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (class, verdict) = match (page.report.is_sound(), page.report.unproven().is_empty()) {
        (false, _) => (
            "error",
            "Not sound: the database does not keep its tenants apart",
        ),
        (true, true) => ("sound", "Sound: the database keeps its tenants apart"),
        (true, false) => (
            "sound",
            "Sound, as far as it could be seen: some things are not proven",
        ),
    };
    let counts = page.counts();
    let counts = match (counts.as_str(), page.concerned()) {
        ("", _) => "Nothing was found".to_owned(),
        (counts, None) => format!("Found: {counts}"),
        (counts, Some(concerned)) => format!("Found: {counts} in {concerned}"),
    };
    writeln!(
        f,
        "<header>\n<h1>Tenant isolation report</h1>\n\
         <p class=\"verdict {class}\">{verdict}</p>\n<p>{counts}.</p>"
    )?;
    if !page.about.is_empty() {
        writeln!(f, "<dl>")?;
        for (name, value) in &page.about {
            writeln!(f, "<dt>{}</dt><dd>{}</dd>", Text(name), Text(value))?;
        }
        writeln!(f, "</dl>")?;
    }
    writeln!(f, "</header>")
}

fn write_contents(
    page: &Rendering<'_>,
    numbered: &[(usize, &Finding)],
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    writeln!(f, "<nav>\n<h2>Contents</h2>\n<ul>")?;
    for severity in SEVERITIES {
        let mut entries = numbered
            .iter()
            .filter(|(_, finding)| finding.severity() == severity)
            .peekable();
        if entries.peek().is_none() {
            continue;
        }
        writeln!(
            f,
            "<li><a href=\"#{severity}\">{}</a>\n<ol>",
            heading(severity)
        )?;
        for (number, finding) in entries {
            writeln!(
                f,
                "<li><a href=\"#finding-{}\"><b class=\"{severity}\">{}</b> {}</a></li>",
                number + 1,
                Text(finding.code()),
                Text(finding.object())
            )?;
        }
        writeln!(f, "</ol></li>")?;
    }
    if !page.report.unproven().is_empty() {
        writeln!(f, "<li><a href=\"#unproven\">Not proven</a></li>")?;
    }
    writeln!(
        f,
        "<li><a href=\"#examined\">What was examined</a></li>\n</ul>\n</nav>"
    )
}

fn write_finding(
    page: &Rendering<'_>,
    number: usize,
    finding: &Finding,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let (code, severity) = (finding.code(), finding.severity());
    let check = page.check(code);
    writeln!(
        f,
        "<article id=\"finding-{}\" class=\"{severity}\">\n\
         <h3><span class=\"code\">{}</span> {}</h3>\n\
         <p class=\"object\">{severity} at <code>{}</code></p>\n\
         <p>{}</p>",
        number + 1,
        Text(code),
        Text(check.map_or_else(|| finding.object(), |check| check.title)),
        Text(finding.object()),
        Text(finding.message()),
    )?;
    if let Some(check) = check {
        writeln!(
            f,
            "<p class=\"why\">{} {}</p>",
            Text(check.explanation),
            Text(check.cure)
        )?;
    }
    if !finding.fix().is_empty() {
        writeln!(f, "<h4>Fix</h4>\n<pre>{}</pre>", Text(finding.fix()))?;
    }
    writeln!(f, "</article>")
}

fn write_unproven(page: &Rendering<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if page.report.unproven().is_empty() {
        return Ok(());
    }
    writeln!(
        f,
        "<section id=\"unproven\">\n<h2>Not proven</h2>\n\
         <p>What could not be looked at, and what that leaves open.</p>\n<ul>"
    )?;
    for sentence in page.report.unproven() {
        writeln!(f, "<li>{}</li>", Text(sentence))?;
    }
    writeln!(f, "</ul>\n</section>")
}

fn write_examined(page: &Rendering<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut found = BTreeMap::<&str, usize>::new();
    for table in page.report.findings().iter().filter_map(Finding::table) {
        *found.entry(table).or_default() += 1;
    }
    write!(f, "<section id=\"examined\">\n<h2>What was examined</h2>\n")?;
    match page.checks.len() {
        0 => {}
        count => writeln!(
            f,
            "<p>{} of the database, its roles and:</p>",
            plural(count, "check")
        )?,
    }
    if page.tables.is_empty() {
        return writeln!(f, "<p>No table is named.</p>\n</section>");
    }
    writeln!(
        f,
        "<table>\n<thead><tr><th>Table of tenants</th><th>Found</th></tr></thead>\n<tbody>"
    )?;
    for table in &page.tables {
        let found = match found.get(table.as_str()) {
            Some(count) => plural(*count, "finding"),
            None => "nothing".to_owned(),
        };
        writeln!(
            f,
            "<tr><td><code>{}</code></td><td>{found}</td></tr>",
            Text(table)
        )?;
    }
    writeln!(f, "</tbody>\n</table>\n</section>")
}

fn heading(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Errors: a tenant can reach another",
        Severity::Warning => "Warnings: one mistake away from it",
        Severity::Performance => "Performance: apart, but slow",
        Severity::Info => "For information",
    }
}

/// Text that stands for itself, in elements and between double quotes alike.
struct Text<'a>(&'a str);

impl fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = visible(self.0);
        let mut rest = text.as_ref();
        while let Some((before, special, after)) = split_at_special(rest) {
            f.write_str(before)?;
            f.write_str(special)?;
            rest = after;
        }
        f.write_str(rest)
    }
}

fn split_at_special(text: &str) -> Option<(&str, &'static str, &str)> {
    let (at, c) = text
        .char_indices()
        .find(|(_, c)| matches!(c, '&' | '<' | '>' | '"' | '\''))?;
    let reference = match c {
        '&' => "&amp;",
        '<' => "&lt;",
        '>' => "&gt;",
        '"' => "&quot;",
        _ => "&#39;",
    };
    let (before, rest) = text.split_at(at);
    // All five take one byte.
    Some((before, reference, rest.get(1..)?))
}

#[cfg(test)]
mod tests {
    use super::super::{Report, ReportFormat, sample};

    #[test]
    fn nothing_that_was_found_becomes_markup() {
        let report = sample::awkward();
        let html = sample::page(&report, ReportFormat::Html).to_string();
        sample::assert_golden("awkward.html", &html);
        assert!(
            !html.contains("<script") && !html.contains('\u{1b}') && !html.contains('\u{202e}')
        );
        for tag in [
            "pre", "code", "article", "section", "table", "ul", "ol", "li", "p",
        ] {
            let opened = html.matches(&format!("<{tag}>")).count()
                + html.matches(&format!("<{tag} ")).count();
            assert_eq!(opened, html.matches(&format!("</{tag}>")).count(), "{tag}");
        }
    }

    /// Nothing is loaded and nothing is linked but places in the page itself.
    #[test]
    fn the_page_stands_alone() {
        let report = sample::awkward();
        let html = sample::page(&report, ReportFormat::Html).to_string();
        let ids: Vec<_> = html
            .split(" id=\"")
            .skip(1)
            .filter_map(|rest| rest.split('"').next())
            .collect();
        for target in html.split("href=\"").skip(1) {
            let target = target.split('"').next().unwrap().strip_prefix('#').unwrap();
            assert!(ids.contains(&target), "{target}");
        }
        for loads in ["src=", "url(", "@import", "<link", "<iframe", "<object"] {
            assert!(!html.contains(loads), "{loads}");
        }
    }

    #[test]
    fn a_sound_page_says_so() {
        let report = Report {
            findings: Vec::new(),
            unproven: Vec::new(),
        };
        let html = report.render(ReportFormat::Html).to_string();
        assert!(html.contains("Sound: the database keeps its tenants apart"));
        assert!(html.contains("Nothing was found."));
    }
}
