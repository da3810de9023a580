//! Who forwarded a request, as proxies tell it: each line of `X-Forwarded-For` and of `Forwarded` from its end, which is
//! ours, to its beginning, which anybody may have written. `None` is what is no address.

use std::net::{IpAddr, Ipv6Addr, SocketAddrV4};

use crate::pattern::is_token_byte;

/// Addresses with commas between them. Empty ones are no elements of a list ([RFC 9110 §5.6.1]).
///
/// [RFC 9110 §5.6.1]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.1
pub(super) fn x_forwarded_for(line: &[u8]) -> impl Iterator<Item = Option<IpAddr>> {
    line.rsplit(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
        .filter(|element| !element.is_empty())
        .map(node)
}

/// Elements of [RFC 7239 §4]. A line in which anything is malformed has one that is no address: what a client wrote may have
/// changed how the rest reads, such as with a quotation mark that nothing closes.
///
/// [RFC 7239 §4]: https://www.rfc-editor.org/rfc/rfc7239#section-4
pub(super) fn forwarded(line: &[u8]) -> impl Iterator<Item = Option<IpAddr>> {
    let elements = elements(line).unwrap_or_else(|| vec![None]);
    elements.into_iter().rev()
}

fn elements(line: &[u8]) -> Option<Vec<Option<IpAddr>>> {
    let mut elements = Vec::new();
    let mut element = Element::default();
    let mut rest = line.trim_ascii();
    while !rest.is_empty() {
        rest = element.pair(rest)?.trim_ascii_start();
        rest = match rest {
            [b';', rest @ ..] => rest.trim_ascii_start(),
            [b',', rest @ ..] => {
                elements.push(std::mem::take(&mut element).address());
                rest.trim_ascii_start()
            }
            [] => rest,
            _ => return None,
        };
    }
    elements.push(element.address());
    Some(elements)
}

/// What one proxy tells.
#[derive(Default)]
struct Element {
    /// The values of `for`, of which there may be one.
    forwarded_for: Vec<Vec<u8>>,
}

impl Element {
    /// Reads `name=value`, and returns what follows.
    fn pair<'l>(&mut self, text: &'l [u8]) -> Option<&'l [u8]> {
        let (name, rest) = split_while(text, is_token_byte);
        let rest = rest.strip_prefix(b"=")?;
        // Not all proxies put quotation marks around colons and brackets.
        let is_unquoted = |byte| is_token_byte(byte) || b":[]".contains(&byte);
        let (value, rest) = if let Some(rest) = rest.strip_prefix(b"\"") {
            quoted(rest)?
        } else {
            let (value, rest) = split_while(rest, is_unquoted);
            (value.to_owned(), rest)
        };
        if name.is_empty() || value.is_empty() {
            return None;
        }
        if name.eq_ignore_ascii_case(b"for") {
            self.forwarded_for.push(value);
        }
        Some(rest)
    }

    fn address(self) -> Option<IpAddr> {
        match self.forwarded_for.as_slice() {
            [only] => node(only),
            _ => None,
        }
    }
}

/// The text of a quoted string ([RFC 9110 §5.6.4]) after its first quotation mark, and what follows it.
///
/// [RFC 9110 §5.6.4]: https://www.rfc-editor.org/rfc/rfc9110#section-5.6.4
fn quoted(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut value = Vec::new();
    let mut rest = text;
    loop {
        match rest {
            [b'"', after @ ..] => return Some((value, after)),
            [b'\\', escaped, after @ ..] => {
                value.push(*escaped);
                rest = after;
            }
            [byte, after @ ..] => {
                value.push(*byte);
                rest = after;
            }
            [] => return None,
        }
    }
}

/// An address, with or without a port ([RFC 7239 §6]), IPv6 with or without brackets.
///
/// [RFC 7239 §6]: https://www.rfc-editor.org/rfc/rfc7239#section-6
fn node(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text).ok()?;
    if let Some(rest) = text.strip_prefix('[') {
        let (address, port) = rest.split_once(']')?;
        let is_port = |port: &str| {
            port.strip_prefix(':')
                .is_some_and(|it| it.parse::<u16>().is_ok())
        };
        let is_whole = port.is_empty() || is_port(port);
        let address = address.parse::<Ipv6Addr>().ok()?;
        return is_whole.then_some(address.into());
    }
    let with_port = || text.parse::<SocketAddrV4>().map(|it| (*it.ip()).into());
    text.parse().or_else(|_| with_port()).ok()
}

fn split_while(text: &[u8], belongs: impl Fn(u8) -> bool) -> (&[u8], &[u8]) {
    let end = text.iter().position(|byte| !belongs(*byte));
    text.split_at(end.unwrap_or(text.len()))
}
