//! A report for people at a terminal.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};

use super::visible::visible;
use super::{Finding, Rendering, Severity, plural};

const WIDTH: usize = 100;
const ELSEWHERE: &str = "database and roles";

/// What a stretch of text is, for its colour.
#[derive(Clone, Copy)]
enum Ink {
    Heading,
    Of(Severity),
    Sql,
    Sound,
    Aside,
}

pub(super) fn write(page: &Rendering<'_>, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let pen = Pen(page.colour);
    if !page.about.is_empty() {
        let about: Vec<_> = page
            .about
            .iter()
            .map(|(name, value)| visible(&format!("{name} {value}")).replace('\n', " "))
            .collect();
        for line in filled(about.iter().map(String::as_str), " · ", WIDTH) {
            writeln!(f, "{}", pen.write(Ink::Aside, &line))?;
        }
        writeln!(f)?;
    }
    for (place, findings) in grouped(page) {
        writeln!(
            f,
            "{}",
            pen.write(Ink::Heading, &visible(place).replace('\n', " "))
        )?;
        for finding in findings {
            write_finding(page, finding, place, f)?;
            writeln!(f)?;
        }
    }
    write_unproven(page, pen, f)?;
    write_summary(page, pen, f)
}

/// The places, that of the worst finding first and otherwise by name, what concerns no table before the tables.
fn grouped<'a>(page: &'a Rendering<'_>) -> Vec<(&'a str, Vec<&'a Finding>)> {
    let mut places = BTreeMap::<_, Vec<_>>::new();
    for finding in page.report.findings() {
        places.entry(finding.table()).or_default().push(finding);
    }
    let mut places: Vec<_> = places
        .into_iter()
        .map(|(table, mut findings)| {
            findings.sort_by_key(|finding| finding.severity());
            (table.unwrap_or(ELSEWHERE), findings)
        })
        .collect();
    places.sort_by_key(|(_, findings)| findings.first().map(|worst| worst.severity()));
    places
}

fn write_finding(
    page: &Rendering<'_>,
    finding: &Finding,
    place: &str,
    f: &mut fmt::Formatter<'_>,
) -> fmt::Result {
    let pen = Pen(page.colour);
    let (code, severity, object) = (finding.code(), finding.severity(), finding.object());
    let sign = match severity {
        Severity::Error => '✗',
        Severity::Warning => '!',
        Severity::Performance => '~',
        Severity::Info => 'i',
    };
    let head = format!("{sign} {code} {severity}");
    write!(f, "  {}", pen.write(Ink::Of(severity), &head))?;
    match page.check(code) {
        Some(check) => writeln!(f, "  {}", pen.write(Ink::Heading, check.title))?,
        None => writeln!(f)?,
    }
    let message = if object == place {
        finding.message().to_owned()
    } else {
        format!("{object}: {}", finding.message())
    };
    for line in wrapped(&visible(&message), WIDTH - 4) {
        writeln!(f, "    {line}")?;
    }
    for line in visible(finding.fix()).lines() {
        let sql = if line.is_empty() {
            String::new()
        } else {
            format!("        {}", pen.write(Ink::Sql, line))
        };
        writeln!(f, "{sql}")?;
    }
    Ok(())
}

fn write_unproven(page: &Rendering<'_>, pen: Pen, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    if page.report.unproven().is_empty() {
        return Ok(());
    }
    writeln!(f, "{}", pen.write(Ink::Heading, "not proven"))?;
    for sentence in page.report.unproven() {
        let mut indent = "  ? ";
        for line in wrapped(&visible(sentence), WIDTH - 4) {
            writeln!(f, "{indent}{line}")?;
            indent = "    ";
        }
    }
    writeln!(f)
}

fn write_summary(page: &Rendering<'_>, pen: Pen, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut summary = page.counts();
    if let Some(concerned) = page.concerned() {
        write!(summary, " in {concerned}")?;
    }
    if !page.report.is_sound() {
        let verdict = format!("{summary}; not sound");
        return writeln!(f, "{}", pen.write(Ink::Of(Severity::Error), &verdict));
    }
    let tables = match page.tables.len() {
        0 => "the tenants are kept apart".to_owned(),
        1 => "1 table keeps the tenants apart".to_owned(),
        count => format!("{} keep the tenants apart", plural(count, "table")),
    };
    let proven = if page.report.unproven().is_empty() {
        ""
    } else {
        ", as far as it could be seen"
    };
    let verdict = format!("✓ sound: {tables}{proven}");
    write!(f, "{}", pen.write(Ink::Sound, &verdict))?;
    match summary.as_str() {
        "" => writeln!(f, "; nothing was found"),
        summary => writeln!(f, "; {summary}"),
    }
}

/// Writes in colour, or not.
#[derive(Clone, Copy)]
struct Pen(bool);

impl Pen {
    fn write(self, ink: Ink, text: &str) -> String {
        // The sixteen colours that a terminal's owner chose, by the numbers of ECMA-48 §8.3.117.
        let code = match ink {
            Ink::Heading => "1",
            Ink::Of(Severity::Error) => "1;31",
            Ink::Of(Severity::Warning) => "1;33",
            Ink::Of(Severity::Performance) => "1;35",
            Ink::Of(Severity::Info) => "1;34",
            Ink::Sql => "36",
            Ink::Sound => "1;32",
            Ink::Aside => "2",
        };
        if self.0 {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// `text` in lines of at most `width` characters, except where one word is longer.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    filled(text.split_whitespace(), " ", width)
}

/// As many pieces on a line as it has room for.
fn filled<'a>(pieces: impl Iterator<Item = &'a str>, separator: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces {
        let length = [line.as_str(), separator, piece].map(|part| part.chars().count());
        if !line.is_empty() && length.iter().sum::<usize>() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push_str(separator);
        }
        line.push_str(piece);
    }
    if !line.is_empty() {
        lines.push(line);
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::super::{Report, ReportFormat, sample};
    use super::*;

    #[test]
    fn a_report_reads_like_this() {
        let report = sample::awkward();
        let text = sample::page(&report, ReportFormat::Text).to_string();
        sample::assert_golden("awkward.txt", &text);
    }

    #[test]
    fn without_colour_nothing_escapes_and_with_it_only_ours() {
        let report = sample::awkward();
        let page = sample::page(&report, ReportFormat::Text);
        assert!(!page.to_string().contains('\u{1b}'));
        let coloured = page.clone().colour(true).to_string();
        let mut plain = String::new();
        for (index, piece) in coloured.split("\u{1b}[").enumerate() {
            let (code, text) = match index {
                0 => ("0", piece),
                _ => piece.split_once('m').unwrap(),
            };
            assert!(
                code.chars().all(|c| c.is_ascii_digit() || c == ';'),
                "{code}"
            );
            plain.push_str(text);
        }
        assert_eq!(plain, page.to_string());
    }

    #[test]
    fn a_sound_report_is_one_line() {
        let report = Report {
            findings: Vec::new(),
            unproven: Vec::new(),
        };
        let page = report.render(ReportFormat::Text);
        assert_eq!(
            page.to_string(),
            "✓ sound: the tenants are kept apart; nothing was found\n"
        );
        assert_eq!(
            page.tables(["public.note", "public.tag"]).to_string(),
            "✓ sound: 2 tables keep the tenants apart; nothing was found\n"
        );
    }

    #[test]
    fn a_thing_that_nobody_declared_counts_as_examined() {
        let report = sample::awkward();
        let text = report
            .render(ReportFormat::Text)
            .tables(["public.note", "public.plan"])
            .to_string();
        assert!(text.ends_with(" in 3 of 4 tables; not sound\n"), "{text}");
        let text = report.render(ReportFormat::Text).to_string();
        assert!(text.ends_with(" in 3 tables; not sound\n"), "{text}");
    }

    #[test]
    fn a_long_word_stands_alone() {
        assert_eq!(wrapped("a bb  ccccccc d\ne", 4), ["a bb", "ccccccc", "d e"]);
        assert_eq!(wrapped("", 4), [""; 0]);
    }
}
