//! `PathTemplate`, which reads a tenant or a project from a path, and which paths are in normal form.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{Named, PROJECT, TENANT};
use crate::InvalidPattern;

/// The first segments of a path, one of which is a name.
#[derive(Debug, Clone)]
pub(crate) struct PathTemplate(Vec<Segment>);

#[derive(Debug, Clone)]
enum Segment {
    Literal(String),
    /// What the path names.
    Name,
    /// The name of something else.
    Other,
}

impl PathTemplate {
    /// With one segment `{tenant}`.
    pub(crate) fn of_tenant(template: &str) -> Result<Self, InvalidPattern> {
        Self::parse(template, TENANT, None)
            .map_err(|problem| InvalidPattern::new(template, problem))
    }

    /// With one segment `{project}`, and perhaps one that is `{tenant}`. The first of what is returned reads the project,
    /// the second, where there is one, the tenant.
    pub(crate) fn of_project(template: &str) -> Result<(Self, Option<Self>), InvalidPattern> {
        let parse = |name, other| Self::parse(template, name, Some(other));
        let parsed = parse(PROJECT, TENANT).and_then(|project| {
            let is_other = |segment: &Segment| matches!(segment, Segment::Other);
            let has_tenant = project.0.iter().any(is_other);
            let tenant = has_tenant.then(|| parse(TENANT, PROJECT)).transpose()?;
            Ok((project, tenant))
        });
        parsed.map_err(|problem| InvalidPattern::new(template, problem))
    }

    fn parse(template: &str, name: &str, other: Option<&str>) -> Result<Self, &'static str> {
        let rest = template.strip_prefix('/').ok_or("has to begin with `/`")?;
        let has_one = |placeholder| rest.split('/').filter(|it| *it == placeholder).count() == 1;
        if !has_one(name) {
            return Err(if name == TENANT {
                "has to have exactly one segment that is `{tenant}`"
            } else {
                "has to have exactly one segment that is `{project}`"
            });
        }
        let other = other.filter(|placeholder| has_one(placeholder));
        let segment = |text: &str| match text {
            text if text == name => Some(Segment::Name),
            text if Some(text) == other => Some(Segment::Other),
            text => is_plain(text).then(|| Segment::Literal(text.to_owned())),
        };
        let segments: Option<_> = rest.split('/').map(segment).collect();
        let segments = segments.ok_or(
            "has to be in normal form, without a slash at the end and without other placeholders",
        )?;
        Ok(Self(segments))
    }

    /// The router behind us may decode, merge slashes and resolve dots before it matches. So a path that then reads
    /// differently is refused, whatever it names now.
    pub(crate) fn read<'h>(&self, path: &'h str) -> Named<'h> {
        let Some(rest) = path.strip_prefix('/') else {
            return Named::Nonsense;
        };
        // A slash at the end names the same.
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.is_empty() && path != "/" {
            return Named::Nonsense;
        }
        let mut name = None;
        let mut matches = path != "/";
        let mut expected = self.0.iter();
        for segment in rest.split('/').filter(|_| path != "/") {
            let Some(text) = decoded_once(segment) else {
                return Named::Nonsense;
            };
            match expected.next() {
                // What looks like one segment here and like two, or like another escape, further on. Behind a segment that
                // is another for everybody, it makes no difference.
                Some(_) if matches && text.contains(['/', '\\', '%']) => return Named::Nonsense,
                Some(Segment::Name) => name = Some(text),
                Some(Segment::Literal(literal)) => matches &= *literal == text,
                Some(Segment::Other) | None => {}
            }
        }
        let is_whole = expected.next().is_none();
        match name {
            Some(name) if matches && is_whole => Named::Name(name),
            _ => Named::Nothing,
        }
    }
}

/// The text of a segment. `None` when it has none, or one that moves elsewhere in the path.
fn decoded_once(segment: &str) -> Option<Cow<'_, str>> {
    let text = percent_decode_str(segment).decode_utf8().ok()?;
    // Some servers take what follows a semicolon for a parameter (RFC 3986 §3.3) and look at what is left.
    let is_dots = |part: &str| matches!(part.split(';').next(), Some("." | ".."));
    let moves = text.split(['/', '\\']).any(is_dots);
    let is_well_formed = !text.is_empty() && !moves && !text.chars().any(char::is_control);
    is_well_formed.then_some(text)
}

/// Whether everybody reads this path alike: it begins with a slash, and no segment is empty, `.` or `..`, or contains
/// anything beyond the characters that RFC 3986 §3.3 lets stand for themselves. A semicolon is left out too.
pub(crate) fn is_normal(path: &str) -> bool {
    let Some(rest) = path.strip_prefix('/') else {
        return false;
    };
    rest.is_empty() || rest.split('/').all(is_plain)
}

fn is_plain(segment: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,=:@".contains(&byte);
    !matches!(segment, "" | "." | "..") && segment.bytes().all(is_plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(path: &str, expected: &Named<'_>) {
        let template = PathTemplate::of_tenant("/t/{tenant}").unwrap();
        assert_eq!(template.read(path), *expected, "{path:?}");
    }

    #[test]
    fn a_path_names_its_tenant_decoded_once() {
        for (path, tenant) in [
            ("/t/acme", "acme"),
            ("/t/acme/", "acme"),
            ("/t/acme/notes/1", "acme"),
            ("/t/acme/a%20b/c%2fd", "acme"),
            ("/%74/acme", "acme"),
            ("/t/%61cme", "acme"),
            ("/t/ACME", "ACME"),
            ("/t/a%20b", "a b"),
            ("/t/%C3%BC", "ü"),
        ] {
            named(path, &Named::Name(tenant.into()));
        }
    }

    #[test]
    fn a_path_of_another_shape_names_nothing() {
        for path in [
            "/",
            "/t",
            "/t/",
            "/T/acme",
            "/health",
            "/x/t/acme",
            "/tt/acme",
            "/x/a%2fb",
            "/x/%2561cme",
        ] {
            named(path, &Named::Nothing);
        }
    }

    #[test]
    fn a_path_that_may_be_read_differently_is_nonsense() {
        for path in [
            "",
            "*",
            "t/acme",
            "//",
            "//t/acme",
            "/t//acme",
            "/t/acme//x",
            "/t/acme//",
            "/./t/acme",
            "/t/acme/..",
            "/t/acme/../globex",
            "/t/acme/%2e%2e/globex",
            "/t/acme/%2E./globex",
            "/t/acme/x%2f..%2fy",
            "/t/acme/..%5cx",
            "/t/acme/..;x/globex",
            "/t%2facme",
            "/t/acme%2fx",
            "/t/acme%5cx",
            "/t/acme\\x",
            "/t/%2561cme",
            "/t/a%zz",
            "/t/%",
            "/t/%ff",
            "/t/a%00",
            "/t/a%0a",
            "/t/acme/%00",
        ] {
            named(path, &Named::Nonsense);
        }
    }

    #[test]
    fn a_template_is_a_path_in_normal_form_with_one_tenant() {
        for template in ["/{tenant}", "/t/{tenant}", "/api/v1/{tenant}/notes"] {
            assert!(PathTemplate::of_tenant(template).is_ok(), "{template}");
        }
        for template in [
            "",
            "/",
            "t/{tenant}",
            "/t",
            "/t/{tenant}/",
            "/{tenant}/{tenant}",
            "/x{tenant}",
            "//{tenant}",
            "/../{tenant}",
            "/%74/{tenant}",
            "/t/{id}/{tenant}",
            "/t/{tenant}/{project}",
        ] {
            assert!(PathTemplate::of_tenant(template).is_err(), "{template}");
        }
    }

    #[test]
    fn a_project_stands_beside_a_tenant_of_any_name() {
        let (project, tenant) =
            PathTemplate::of_project("/orgs/{tenant}/projects/{project}").unwrap();
        let tenant = tenant.unwrap();
        for (path, expected) in [
            ("/orgs/acme/projects/apollo", Some(("acme", "apollo"))),
            ("/orgs/%61cme/projects/a%70ollo/x", Some(("acme", "apollo"))),
            ("/orgs/projects/projects/orgs/", Some(("projects", "orgs"))),
            ("/orgs/acme/projects", None),
            ("/orgs/acme/projects/", None),
            ("/orgs/acme/x/apollo", None),
            ("/orgs/acme", None),
        ] {
            let name = |text: Option<&'static str>| {
                text.map_or(Named::Nothing, |text| Named::Name(text.into()))
            };
            assert_eq!(tenant.read(path), name(expected.map(|it| it.0)), "{path}");
            assert_eq!(project.read(path), name(expected.map(|it| it.1)), "{path}");
        }
        for path in [
            "/orgs/a%2fb/projects/apollo",
            "/orgs/a%252fb/projects/apollo",
            "/orgs//projects/apollo",
            "/orgs/../projects/apollo",
            "/orgs/acme/projects/a%5cb",
            "/orgs/acme/projects/%2e",
            "/orgs/acme/projects/apollo//x",
        ] {
            assert_eq!(project.read(path), Named::Nonsense, "{path}");
            assert_eq!(tenant.read(path), Named::Nonsense, "{path}");
        }
    }

    #[test]
    fn a_template_of_a_project_has_one_project_and_at_most_one_tenant() {
        for (template, has_tenant) in [
            ("/{project}", false),
            ("/{tenant}/{project}", true),
            ("/p/{project}/of/{tenant}", true),
        ] {
            let (_, tenant) = PathTemplate::of_project(template).unwrap();
            assert_eq!(tenant.is_some(), has_tenant, "{template}");
        }
        for template in [
            "",
            "/{tenant}",
            "p/{project}",
            "/{project}/{project}",
            "/{tenant}/{tenant}/{project}",
            "/{project}/",
            "/{Project}",
            "/{id}/{project}",
        ] {
            assert!(PathTemplate::of_project(template).is_err(), "{template}");
        }
    }

    #[test]
    fn only_what_everybody_reads_alike_is_normal() {
        for path in [
            "/",
            "/a",
            "/a/b.css",
            "/a/...",
            "/@me/x:y",
            "/.well-known/x",
        ] {
            assert!(is_normal(path), "{path}");
        }
        for path in [
            "", "*", "a", "//", "/a/", "//a", "/a//b", "/./a", "/a/.", "/a/..", "/a/../b", "/%61",
            "/a%2fb", "/a%2eb", "/a\\b", "/a;b", "/a/..;/b", "/a b", "/ä", "/a\0",
        ] {
            assert!(!is_normal(path), "{path:?}");
        }
    }
}
