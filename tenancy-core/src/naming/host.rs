//! `HostTemplate`, which reads a tenant from the host that a request is for.

use super::{Named, TENANT};
use crate::InvalidPattern;
use crate::head::RequestHead;

/// Labels of a host name, in lower case. `None` is where the tenant stands.
#[derive(Debug, Clone)]
pub(crate) struct HostTemplate(Vec<Option<String>>);

impl HostTemplate {
    pub(crate) fn parse(template: &str) -> Result<Self, InvalidPattern> {
        let invalid = |problem| Err(InvalidPattern::new(template, problem));
        let labels: Vec<Option<String>> = template
            .split('.')
            .map(|label| (label != TENANT).then(|| label.to_ascii_lowercase()))
            .collect();
        let literals = || labels.iter().flatten();
        if literals().count() + 1 != labels.len() {
            return invalid("has to have exactly one label that is `{tenant}`");
        }
        if literals().next().is_none() {
            return invalid("has to have a label beside `{tenant}`");
        }
        if !literals().all(|label| is_label(label)) {
            return invalid("has to be a host name without port and trailing dot");
        }
        // Otherwise an IPv4 address could match (WHATWG URL, "ends in a number").
        if matches!(labels.last(), Some(Some(label)) if label.bytes().all(|byte| byte.is_ascii_digit()))
        {
            return invalid("has to end in a label that is no number");
        }
        Ok(Self(labels))
    }

    /// `X-Forwarded-Host` is not looked at: whoever sends the request writes it.
    pub(crate) fn read<'h, H: RequestHead + ?Sized>(&self, head: &'h H) -> Named<'h> {
        let mut fields = head.header_values("host");
        let (field, another) = (fields.next(), fields.next());
        if another.is_some() {
            return Named::Nonsense;
        }
        let hosts = (head.authority(), field);
        let host = match hosts {
            (None, None) => return Named::Nothing,
            (Some(authority), None) => host_of(authority.as_bytes()),
            (None, Some(field)) => host_of(field),
            // RFC 9113 §8.3.1: a request whose `Host` differs from its authority is malformed.
            (Some(authority), Some(field)) => host_of(authority.as_bytes()).filter(|host| {
                host_of(field).is_some_and(|other| other.eq_ignore_ascii_case(host))
            }),
        };
        host.map_or(Named::Nonsense, |host| self.tenant_in(host))
    }

    fn tenant_in<'h>(&self, host: &'h str) -> Named<'h> {
        let mut tenant = None;
        let mut labels = host.split('.');
        for expected in &self.0 {
            match (labels.next(), expected) {
                (Some(label), None) => tenant = Some(label),
                (Some(label), Some(expected)) if label.eq_ignore_ascii_case(expected) => {}
                _ => return Named::Nothing,
            }
        }
        match tenant {
            _ if labels.next().is_some() => Named::Nothing,
            Some(label) if is_label(label) => {
                if label.bytes().any(|byte| byte.is_ascii_uppercase()) {
                    Named::Name(label.to_ascii_lowercase().into())
                } else {
                    Named::Name(label.into())
                }
            }
            _ => Named::Nonsense,
        }
    }
}

/// The host of `host [":" port]` (RFC 9110 §7.2), without one trailing dot. `None` when it is malformed.
fn host_of(field: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(field).ok()?;
    // Who is named before an `@` is not where the request goes, and readers disagree about it.
    if text.contains('@') {
        return None;
    }
    // An IPv6 address stands in brackets and has colons of its own.
    let host_ends = match text.find(']') {
        Some(bracket) if text.starts_with('[') => bracket + 1,
        _ => text.find(':').unwrap_or(text.len()),
    };
    let (host, port) = text.split_at_checked(host_ends)?;
    let is_port = port.strip_prefix(':').map_or(port.is_empty(), |digits| {
        digits.bytes().all(|byte| byte.is_ascii_digit())
    });
    is_port.then(|| host.strip_suffix('.').unwrap_or(host))
}

/// A label of a host name: RFC 1123 §2.1, RFC 1035 §2.3.4.
fn is_label(label: &str) -> bool {
    let is_inner = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (1..=63).contains(&label.len())
        && label.bytes().all(is_inner)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::head::testing::Head;

    fn named(authority: Option<&str>, fields: &[(&str, &str)], expected: &Named<'static>) {
        let template = HostTemplate::parse("{tenant}.App.example.com").unwrap();
        let head = Head {
            authority,
            fields: fields.to_vec(),
            ..Head::default()
        };
        assert_eq!(template.read(&head), *expected, "{authority:?} {fields:?}");
    }

    fn name(text: &'static str) -> Named<'static> {
        Named::Name(text.into())
    }

    #[test]
    fn port_case_and_one_trailing_dot_do_not_matter() {
        for host in [
            "acme.app.example.com",
            "acme.app.example.com:8080",
            "acme.app.example.com:",
            "ACME.app.EXAMPLE.com",
            "acme.app.example.com.",
            "acme.app.example.com.:443",
        ] {
            named(None, &[("host", host)], &name("acme"));
            named(Some(host), &[], &name("acme"));
        }
    }

    #[test]
    fn a_host_of_another_shape_names_nothing() {
        for host in [
            "",
            "app.example.com",
            "a.b.app.example.com",
            "www.acme.app.example.com",
            "acme.app.example.com.evil.example",
            "acme.app.example.com..",
            "acme.appXexample.com",
            "acmeapp.example.com",
            "localhost",
            "127.0.0.1",
            "127.0.0.1:80",
            "acme.app.example.com, globex.app.example.com",
            "[::1]",
            "[::1]:80",
        ] {
            named(None, &[("host", host)], &Named::Nothing);
        }
        named(None, &[], &Named::Nothing);
        let forged = [
            ("x-forwarded-host", "acme.app.example.com"),
            ("forwarded", "host=acme.app.example.com"),
        ];
        named(None, &forged, &Named::Nothing);
    }

    #[test]
    fn a_host_that_is_malformed_or_has_no_name_for_the_tenant_is_nonsense() {
        for host in [
            ".app.example.com",
            "-a.app.example.com",
            "a-.app.example.com",
            "a_b.app.example.com",
            "a'b.app.example.com",
            "a\0.app.example.com",
            "acmé.app.example.com",
            " acme.app.example.com",
            "acme.app.example.com:80:80",
            "acme.app.example.com:http",
            "globex.app.example.com@acme.app.example.com",
            "[::1]x",
        ] {
            named(None, &[("host", host)], &Named::Nonsense);
        }
        let long = format!("{}.app.example.com", "x".repeat(10_000));
        named(None, &[("host", &long)], &Named::Nonsense);
    }

    #[test]
    fn authority_and_host_have_to_agree() {
        let (acme, globex) = ("acme.app.example.com", "globex.app.example.com");
        named(Some(acme), &[("host", acme)], &name("acme"));
        named(
            Some(acme),
            &[("host", "ACME.app.example.com.:443")],
            &name("acme"),
        );
        named(Some(acme), &[("host", globex)], &Named::Nonsense);
        named(Some(acme), &[("host", "localhost")], &Named::Nonsense);
        named(Some("localhost"), &[("host", acme)], &Named::Nonsense);
        named(None, &[("host", acme), ("host", acme)], &Named::Nonsense);
        named(Some(acme), &[("host", "")], &Named::Nonsense);
    }

    #[test]
    fn a_template_is_a_host_name_with_one_tenant() {
        for template in [
            "{tenant}.localhost",
            "api.{tenant}.example.com",
            "EU-{tenant}.x",
        ] {
            let expected = !template.starts_with("EU");
            assert_eq!(
                HostTemplate::parse(template).is_ok(),
                expected,
                "{template}"
            );
        }
        for template in [
            "",
            "{tenant}",
            "example.com",
            "{tenant}.{tenant}.com",
            "{tenant}.example.com:80",
            "{tenant}.example.com.",
            "x{tenant}.example.com",
            "{Tenant}.example.com",
            "{tenant}.0.0.1",
            "https://{tenant}.example.com",
            "{tenant}.*.com",
            "{tenant}.exa_mple.com",
        ] {
            assert!(HostTemplate::parse(template).is_err(), "{template}");
        }
    }
}
