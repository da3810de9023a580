//! What the query of a request target holds, as `application/x-www-form-urlencoded` ([WHATWG URL §5.1]), which is how
//! axum and actix-web read it.
//!
//! [WHATWG URL §5.1]: https://url.spec.whatwg.org/#urlencoded-parsing

use std::borrow::Cow;

use percent_encoding::percent_decode;

/// The values of the parameters of this name, as they stand. One without `=` has the empty value.
pub(crate) fn parameters<'a>(
    query: Option<&'a str>,
    name: &'a str,
) -> impl Iterator<Item = &'a [u8]> {
    query
        .into_iter()
        .flat_map(|query| query.as_bytes().split(|byte| *byte == b'&'))
        .filter_map(move |pair| {
            let ends = pair.iter().position(|byte| *byte == b'=');
            let (spelled, value) = pair.split_at(ends.unwrap_or(pair.len()));
            is_spelled(spelled, name).then(|| value.get(1..).unwrap_or_default())
        })
}

/// Whether `spelled` is `name`, with escapes or without: who decodes the query further on must not see a parameter that
/// we did not.
fn is_spelled(spelled: &[u8], name: &str) -> bool {
    let mut rest = spelled;
    for expected in name.bytes() {
        let (byte, length) = match rest {
            [b'%', high, low, ..] => (escaped(*high, *low), 3),
            [b'+', ..] => (Some(b' '), 1),
            [byte, ..] => (Some(*byte), 1),
            [] => return false,
        };
        if byte != Some(expected) {
            return false;
        }
        rest = rest.get(length..).unwrap_or_default();
    }
    rest.is_empty()
}

/// The text of a value, decoded once, a plus sign being a space. `None` when an escape is broken, which readers make
/// different things of, or when it is no UTF-8.
pub(crate) fn decoded(value: &[u8]) -> Option<Cow<'_, str>> {
    let is_broken =
        |escape: &[u8]| !matches!(escape, [high, low, ..] if escaped(*high, *low).is_some());
    if value.split(|byte| *byte == b'%').skip(1).any(is_broken) {
        return None;
    }
    if !value.contains(&b'+') {
        return percent_decode(value).decode_utf8().ok();
    }
    let spaced: Vec<u8> = value
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let text = percent_decode(&spaced).decode_utf8().ok()?;
    Some(text.into_owned().into())
}

/// RFC 3986 §2.1.
fn escaped(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_parameter_is_found_in_every_spelling_of_its_name() {
        for (query, values) in [
            ("tenant=a", &["a"][..]),
            ("x=y&tenant=a&z", &["a"]),
            ("%74enan%54=a&ten%61nt=b&%74%65%6e%61%6E%74=c", &["b", "c"]),
            ("tenant=a&tenant=a", &["a", "a"]),
            ("tenant", &[""]),
            ("tenant=", &[""]),
            ("tenant==", &["="]),
            ("tenant=a=b;tenant=c", &["a=b;tenant=c"]),
            ("", &[]),
            ("tenants=a&ten=a&Tenant=a&x=tenant", &[]),
            ("tenant%=a&tenan%7=a&tenant%00=a&+tenant=a", &[]),
        ] {
            let found: Vec<_> = parameters(Some(query), "tenant").collect();
            let expected: Vec<_> = values.iter().map(|value| value.as_bytes()).collect();
            assert_eq!(found, expected, "{query}");
        }
        assert_eq!(parameters(None, "tenant").count(), 0);
        let spaced = parameters(Some("my+tenant=a&my%20tenant=b&my%2Btenant=c"), "my tenant");
        assert_eq!(spaced.collect::<Vec<_>>(), [b"a", b"b"]);
    }

    #[test]
    fn a_value_is_decoded_once() {
        for (value, text) in [
            ("", Some("")),
            ("acme", Some("acme")),
            ("%61cme", Some("acme")),
            ("a+b", Some("a b")),
            ("a%2Bb", Some("a+b")),
            ("a%20%2b+%C3%bc", Some("a + ü")),
            ("%2561cme", Some("%61cme")),
            ("a%26b%3dc", Some("a&b=c")),
            ("a%00", Some("a\0")),
            ("%", None),
            ("a%6", None),
            ("a%6g", None),
            ("a%%61", None),
            ("a%+1", None),
            ("%ff", None),
            ("+%ff", None),
        ] {
            assert_eq!(decoded(value.as_bytes()).as_deref(), text, "{value}");
        }
    }
}
