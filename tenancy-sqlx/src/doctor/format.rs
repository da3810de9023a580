//! `Rendering`, a report as text, JSON, SARIF or a page of HTML.

mod html;
mod json;
#[cfg(test)]
mod sample;
mod sarif;
mod text;
mod visible;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::{Check, Finding, Report, Severity, checks};

/// What a [`Report`] is written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ReportFormat {
    /// For people at a terminal: grouped by table, the fix ready to copy.
    Text,
    /// For programs of yours.
    Json,
    /// [SARIF 2.1.0], for code scanning.
    ///
    /// [SARIF 2.1.0]: https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
    Sarif,
    /// One file that needs nothing else and runs nothing, for whoever reviews the security of a service.
    Html,
}

/// A report on its way to a reader. What stands there is what [`fmt::Display`] writes.
#[derive(Debug, Clone)]
pub struct Rendering<'a> {
    report: &'a Report,
    format: ReportFormat,
    checks: &'a [Check],
    colour: bool,
    about: Vec<(String, String)>,
    tables: BTreeSet<String>,
}

/// From the worst to the mildest, as every format orders them.
const SEVERITIES: [Severity; 4] = [
    Severity::Error,
    Severity::Warning,
    Severity::Performance,
    Severity::Info,
];

/// Which program a report says it is by.
const TOOL: &str = "tenancy";
const VERSION: &str = env!("CARGO_PKG_VERSION");

impl Report {
    /// The report as it is to be read.
    ///
    /// ```
    /// # fn example(report: &tenancy_sqlx::Report) -> std::io::Result<()> {
    /// use tenancy_sqlx::ReportFormat;
    ///
    /// let page = report
    ///     .render(ReportFormat::Html)
    ///     .about("database", "shop")
    ///     .tables(["public.note", "public.tag"]);
    /// std::fs::write("tenancy.html", page.to_string())?;
    /// println!("{}", report.render(ReportFormat::Text));
    /// # Ok(())
    /// # }
    /// ```
    pub fn render(&self, format: ReportFormat) -> Rendering<'_> {
        Rendering {
            report: self,
            format,
            checks: checks(),
            colour: false,
            about: Vec::new(),
            tables: BTreeSet::new(),
        }
    }
}

impl Rendering<'_> {
    /// Says something about what was examined, such as `database`, `role` or `examined at`. A name that is said
    /// twice keeps what was said last.
    pub fn about(mut self, name: &str, value: &str) -> Self {
        self.about.retain(|(known, _)| known != name);
        self.about.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Names the tables that were examined, as `schema.table`, whether something was found at them or not.
    pub fn tables<T: Into<String>>(mut self, tables: impl IntoIterator<Item = T>) -> Self {
        self.tables.extend(tables.into_iter().map(Into::into));
        self
    }

    /// Whether text may contain the escape sequences of a terminal. Not by default.
    pub fn colour(mut self, colour: bool) -> Self {
        self.colour = colour;
        self
    }

    /// What is said about the database, with names as keys: `examined_at`.
    fn keyed(&self) -> BTreeMap<String, &str> {
        let key = |name: &str| name.replace(' ', "_");
        let about = self.about.iter();
        about
            .map(|(name, value)| (key(name), value.as_str()))
            .collect()
    }

    fn of(&self, severity: Severity) -> impl Iterator<Item = &Finding> {
        let is_meant = move |finding: &&Finding| finding.severity() == severity;
        self.report.findings().iter().filter(is_meant)
    }

    fn check(&self, code: &str) -> Option<&Check> {
        self.checks.iter().find(|check| check.code == code)
    }

    /// `3 errors, 1 warning`, or nothing when nothing was found.
    fn counts(&self) -> String {
        let counted = SEVERITIES.into_iter().filter_map(|severity| {
            let count = self.of(severity).count();
            (count > 0).then(|| match severity {
                Severity::Error => plural(count, "error"),
                Severity::Warning => plural(count, "warning"),
                Severity::Performance => plural(count, "performance hint"),
                Severity::Info => plural(count, "note"),
            })
        });
        counted.collect::<Vec<_>>().join(", ")
    }

    /// `2 of 14 tables`: at how many something was found. A view that nobody declared counts too.
    fn concerned(&self) -> Option<String> {
        let findings = self.report.findings().iter();
        let concerned: BTreeSet<_> = findings.filter_map(Finding::table).collect();
        let tables = self.tables.iter().map(String::as_str);
        let all = tables.chain(concerned.iter().copied());
        let all = all.collect::<BTreeSet<_>>().len();
        match concerned.len() {
            0 => None,
            found if found < all => Some(format!("{found} of {}", plural(all, "table"))),
            found => Some(plural(found, "table")),
        }
    }
}

impl fmt::Display for Rendering<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.format {
            ReportFormat::Text => text::write(self, f),
            ReportFormat::Json => json::write(self, f),
            ReportFormat::Sarif => sarif::write(self, f),
            ReportFormat::Html => html::write(self, f),
        }
    }
}

fn plural(count: usize, noun: &str) -> String {
    format!("{count} {noun}{}", if count == 1 { "" } else { "s" })
}
