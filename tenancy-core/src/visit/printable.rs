//! `printable`, text from outside as it may stand in a log: on one line, and not without end.

use std::borrow::Cow;

/// The longest text in bytes.
pub(super) const MAX_BYTES: usize = 512;

/// `text` in at most 512 bytes, with `…` for what is left out at its end. What is not printable is escaped as in Rust, and so
/// is the backslash, so that nothing looks like an escape that is none.
pub(super) fn printable(text: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| matches!(byte, b' '..=b'~') && byte != b'\\';
    if text.len() <= MAX_BYTES && text.bytes().all(is_plain) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::new();
    for character in text.chars() {
        let before = escaped.len();
        match character {
            '"' | '\'' => escaped.push(character),
            other => escaped.extend(other.escape_debug()),
        }
        if escaped.len() > MAX_BYTES - ELLIPSIS.len_utf8() {
            escaped.truncate(before);
            escaped.push(ELLIPSIS);
            break;
        }
    }
    Cow::Owned(escaped)
}

const ELLIPSIS: char = '…';

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_break_a_line_or_hide_in_it_is_escaped() {
        for (text, expected) in [
            ("/notes/5", "/notes/5"),
            ("/it's \"here\"", "/it's \"here\""),
            ("/straße", "/straße"),
            ("/a\r\nb\tc\0", r"/a\r\nb\tc\0"),
            ("/\u{1b}[31m", r"/\u{1b}[31m"),
            ("/\u{202e}drow", r"/\u{202e}drow"),
            ("/\u{2028}", r"/\u{2028}"),
            (r"/a\nb", r"/a\\nb"),
        ] {
            assert_eq!(printable(text), expected);
        }
    }

    #[test]
    fn no_text_is_longer_than_512_bytes() {
        let fits = "x".repeat(512);
        assert_eq!(printable(&fits), fits);
        for text in ["x", "ß", "\n", "\u{202e}", "\u{10ffff}"] {
            let text = text.repeat(100_000);
            let printed = printable(&text);
            assert!((490..=512).contains(&printed.len()), "{}", printed.len());
            assert!(printed.ends_with('…'));
        }
    }
}
