//! SQL text as tokens, after the lexical structure of PostgreSQL (manual §4.1), without what could hide
//! something.

use super::ScopeError;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// An unquoted identifier or keyword, folded to lower case as Postgres does.
    Word(String),
    /// A quoted identifier, as it is.
    Quoted(String),
    Open,
    Close,
    Comma,
    Dot,
    /// A literal, a parameter, an operator: nothing that names a table.
    Other,
}

pub(super) fn tokens(sql: &str) -> Result<Vec<Token>, ScopeError> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let (token, length) = match first {
            c if c.is_ascii_whitespace() => (None, 1),
            '(' => (Some(Token::Open), 1),
            ')' => (Some(Token::Close), 1),
            ',' => (Some(Token::Comma), 1),
            '.' => (Some(Token::Dot), 1),
            '"' => {
                let (name, length) = quoted(rest, '"')?;
                (Some(Token::Quoted(name)), length)
            }
            '\'' => (Some(Token::Other), quoted(rest, '\'')?.1),
            '$' => (Some(Token::Other), parameter(rest)?),
            c if c.is_ascii_digit() => (Some(Token::Other), number(rest)?),
            c if starts_word(c) => word(rest)?,
            ';' => {
                return Err(ScopeError::Unproven(
                    "more than one statement",
                    "send one at a time",
                ));
            }
            '-' if rest.starts_with("--") => return Err(comment()),
            '/' if rest.starts_with("/*") => return Err(comment()),
            // Operators are ASCII; anything else outside a quote is nothing Postgres understands.
            c if c.is_ascii_graphic() && c != '\\' => (Some(Token::Other), 1),
            _ => return Err(ScopeError::Unproven("an unknown character", "remove it")),
        };
        if let Some(Token::Word(name) | Token::Quoted(name)) = &token {
            fits(name)?;
        }
        tokens.extend(token);
        rest = rest.get(length..).unwrap_or_default();
    }
    Ok(tokens)
}

/// Postgres cuts off a longer identifier, and then it may be another one (manual §4.1.1).
pub(in crate::scope) fn fits(name: &str) -> Result<(), ScopeError> {
    if name.len() <= 63 {
        Ok(())
    } else {
        Err(ScopeError::Unproven(
            "a name longer than 63 bytes",
            "shorten it",
        ))
    }
}

/// The text between two quotes, doubled ones undone, and the length of it all. A backslash is refused:
/// whether it escapes the quote depends on a setting of the server.
fn quoted(rest: &str, quote: char) -> Result<(String, usize), ScopeError> {
    let mut text = String::new();
    let mut characters = rest.char_indices().skip(1).peekable();
    while let Some((at, c)) = characters.next() {
        if c == '\\' {
            return Err(ScopeError::Unproven(
                "a backslash in a literal",
                "pass it as a parameter",
            ));
        }
        if c == quote && characters.next_if(|(_, next)| *next == quote).is_none() {
            return Ok((text, at + 1));
        }
        text.push(c);
    }
    Err(ScopeError::Unproven(
        "an unterminated quote",
        "terminate it",
    ))
}

/// `$1`; a dollar that no digit follows begins a dollar-quoted string.
fn parameter(rest: &str) -> Result<usize, ScopeError> {
    let digits = rest.bytes().skip(1).take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Err(ScopeError::Unproven(
            "a dollar-quoted string",
            "pass it as a parameter",
        ));
    }
    Ok(1 + digits)
}

/// A number must end where it seems to: some servers read `1FROM note` as `1 FROM note`.
fn number(rest: &str) -> Result<usize, ScopeError> {
    let digits = |from: usize| {
        rest.bytes()
            .skip(from)
            .take_while(u8::is_ascii_digit)
            .count()
    };
    let byte_at = |at: usize| rest.as_bytes().get(at).copied();
    let mut length = digits(0);
    if byte_at(length) == Some(b'.') {
        length += 1 + digits(length + 1);
    }
    if matches!(byte_at(length), Some(b'e' | b'E')) {
        let sign = usize::from(matches!(byte_at(length + 1), Some(b'+' | b'-')));
        length += 1 + sign + digits(length + 1 + sign);
    }
    let ends = !rest
        .get(length..)
        .is_some_and(|after| after.starts_with(continues_word));
    if ends {
        Ok(length)
    } else {
        Err(ScopeError::Unproven(
            "a number with letters",
            "separate them",
        ))
    }
}

fn word(rest: &str) -> Result<(Option<Token>, usize), ScopeError> {
    let length = rest.find(|c| !continues_word(c)).unwrap_or(rest.len());
    let (word, after) = rest.split_at(length);
    // `E'…'`, `B'…'`, `U&"…"`: quotes with rules of their own.
    if after.starts_with('\'') || (word.eq_ignore_ascii_case("u") && after.starts_with('&')) {
        return Err(ScopeError::Unproven(
            "a literal with a prefix",
            "pass it as a parameter",
        ));
    }
    Ok((Some(Token::Word(word.to_ascii_lowercase())), length))
}

fn starts_word(c: char) -> bool {
    c.is_ascii_alphabetic() || c == '_' || !c.is_ascii()
}

fn continues_word(c: char) -> bool {
    starts_word(c) || c.is_ascii_digit() || c == '$'
}

fn comment() -> ScopeError {
    ScopeError::Unproven("a comment", "remove it")
}
