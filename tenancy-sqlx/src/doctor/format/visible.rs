//! `visible`, which leaves nothing in a text that acts where it is shown.

use std::borrow::Cow;

/// `text` with the control characters written out, except line feeds. Whoever may name a table could else
/// recolour a terminal, rewrite the lines above, or turn the direction of reading ([Unicode TR 36] §2.10).
///
/// [Unicode TR 36]: https://www.unicode.org/reports/tr36/#Bidirectional_Text_Spoofing
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        if acts(c) {
            shown.extend(c.escape_unicode());
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

fn acts(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    turns || (c.is_control() && c != '\n')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_act_is_written_out() {
        assert_eq!(visible("note ünï\n漢字"), "note ünï\n漢字");
        assert_eq!(visible("a\u{1b}[2Jb\r\u{7}"), r"a\u{1b}[2Jb\u{d}\u{7}");
        assert_eq!(visible("a\u{202e}b\u{9b}"), r"a\u{202e}b\u{9b}");
    }
}
