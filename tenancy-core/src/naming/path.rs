//! `PathTemplate`, which reads a tenant from a path, and which paths are in normal form.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::{InvalidPattern, Named, PLACEHOLDER};

/// The first segments of a path. `None` is where the tenant stands.
#[derive(Debug, Clone)]
pub(crate) struct PathTemplate(Vec<Option<String>>);

impl PathTemplate {
    pub(crate) fn parse(template: &str) -> Result<Self, InvalidPattern> {
        let invalid = |problem| Err(InvalidPattern::new(template, problem));
        let Some(rest) = template.strip_prefix('/') else {
            return invalid("has to begin with `/`");
        };
        let segments: Vec<Option<String>> = rest
            .split('/')
            .map(|segment| (segment != PLACEHOLDER).then(|| segment.to_owned()))
            .collect();
        let literals = || segments.iter().flatten();
        if literals().count() + 1 != segments.len() {
            return invalid("has to have exactly one segment that is `{tenant}`");
        }
        if !literals().all(|segment| is_plain(segment)) {
            return invalid("has to be in normal form, without a slash at the end");
        }
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
        let mut tenant = None;
        let mut matches = path != "/";
        let mut expected = self.0.iter();
        for segment in rest.split('/').filter(|_| path != "/") {
            let Some(text) = decoded_once(segment) else {
                return Named::Nonsense;
            };
            match expected.next() {
                None => {}
                // What looks like one segment here and like two, or like another escape, further on.
                Some(_) if text.contains(['/', '\\', '%']) => return Named::Nonsense,
                Some(None) => tenant = Some(text),
                Some(Some(literal)) => matches &= *literal == text,
            }
        }
        let is_whole = expected.next().is_none();
        match tenant {
            Some(tenant) if matches && is_whole => Named::Name(tenant),
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
        let template = PathTemplate::parse("/t/{tenant}").unwrap();
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
            assert!(PathTemplate::parse(template).is_ok(), "{template}");
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
        ] {
            assert!(PathTemplate::parse(template).is_err(), "{template}");
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
