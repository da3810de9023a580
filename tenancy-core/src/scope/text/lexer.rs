//! SQL text as tokens, without what could hide something: see the lexical structure of PostgreSQL (manual
//! §4.1), of MySQL (reference manual §11.1 and §11.2) and of SQLite ("SQL As Understood By SQLite").

use super::Keyword;
use crate::scope::{Dialect, ScopeError};

/// A piece of the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scope) struct Token {
    pub(in crate::scope) kind: Kind,
    /// Where it begins and ends, in bytes. A statement has many tokens, and none has 4 GiB.
    start: u32,
    end: u32,
}

impl Token {
    pub(in crate::scope) fn start(self) -> usize {
        self.start as usize
    }

    pub(in crate::scope) fn end(self) -> usize {
        self.end as usize
    }

    /// The word, or what stands between the quotes. `None` for what is no name.
    pub(in crate::scope) fn name(self, sql: &str) -> Option<&str> {
        match self.kind {
            Kind::Word(_) => sql.get(self.start()..self.end()),
            Kind::Quoted => sql.get(self.start() + 1..self.end() - 1),
            _ => None,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::scope) enum Kind {
    /// An unquoted identifier or keyword.
    Word(Keyword),
    /// A quoted identifier.
    Quoted,
    Open,
    Close,
    Comma,
    Dot,
    Parameter,
    OpenBracket,
    CloseBracket,
    /// A text or a number.
    Literal,
    Operator,
}

/// The tokens of `sql`, in which parameters stand at `places`.
pub(in crate::scope) fn tokens(
    sql: &str,
    places: &[usize],
    dialect: Dialect,
) -> Result<Vec<Token>, ScopeError> {
    let mut lexer = Lexer {
        sql,
        at: 0,
        dialect,
        places,
    };
    // A word with the space behind it is some five bytes, a parameter with its comma three.
    let mut tokens = Vec::with_capacity(sql.len() / 4 + 8);
    while let Some(token) = lexer.next()? {
        tokens.push(token);
    }
    if lexer.places.is_empty() {
        Ok(tokens)
    } else {
        Err(unproven(
            "a parameter inside a word or a literal",
            "put spaces around it",
        ))
    }
}

struct Lexer<'a> {
    sql: &'a str,
    at: usize,
    dialect: Dialect,
    /// Where the parameters stand that have not been met yet.
    places: &'a [usize],
}

impl Lexer<'_> {
    fn next(&mut self) -> Result<Option<Token>, ScopeError> {
        while self.byte(0).is_some_and(|byte| byte.is_ascii_whitespace()) {
            self.at += 1;
        }
        let start = self.at;
        let Some(first) = self.byte(0) else {
            return Ok(None);
        };
        let (kind, length) = match first {
            b'(' => (Kind::Open, 1),
            b')' => (Kind::Close, 1),
            b',' => (Kind::Comma, 1),
            b'.' => (Kind::Dot, 1),
            b'\'' => (Kind::Literal, self.quoted(b'\'')?),
            b'0'..=b'9' => (Kind::Literal, self.number()?),
            b'e' | b'E' if self.starts_escaped() => (Kind::Literal, self.escaped()?),
            b'[' if self.dialect == Dialect::Postgres => (Kind::OpenBracket, 1),
            b']' if self.dialect == Dialect::Postgres => (Kind::CloseBracket, 1),
            byte if starts_word(byte) => {
                let (keyword, length) = self.word()?;
                (Kind::Word(keyword), length)
            }
            byte if byte == self.dialect.quote() as u8 => {
                let length = self.quoted(byte)?;
                let name = self.sql.as_bytes().get(start + 1..start + length - 1);
                self.fits(name.unwrap_or_default())?;
                (Kind::Quoted, length)
            }
            byte if byte == self.dialect.placeholder() as u8
                && let Some((place, later)) = self.places.split_first()
                && *place == start =>
            {
                self.places = later;
                self.nothing_is_glued_to_it()?;
                (Kind::Parameter, 1)
            }
            byte => (Kind::Operator, self.operator(byte)?),
        };
        self.at = start + length;
        match (start.try_into(), self.at.try_into()) {
            (Ok(start), Ok(end)) => Ok(Some(Token { kind, start, end })),
            _ => Err(unproven("a statement of 4 GiB", "send less at a time")),
        }
    }

    fn byte(&self, ahead: usize) -> Option<u8> {
        self.sql.as_bytes().get(self.at + ahead).copied()
    }

    /// A digit behind it would become a part of its number.
    fn nothing_is_glued_to_it(&self) -> Result<(), ScopeError> {
        if self.byte(1).is_some_and(|byte| byte.is_ascii_digit()) {
            Err(unproven(
                "a digit behind a parameter",
                "put a space between",
            ))
        } else {
            Ok(())
        }
    }

    fn operator(&self, byte: u8) -> Result<usize, ScopeError> {
        let mysql = self.dialect == Dialect::MySql;
        let sqlite = self.dialect == Dialect::Sqlite;
        match byte {
            b';' => Err(unproven("more than one statement", "send one at a time")),
            b'-' if self.byte(1) == Some(b'-') => Err(comment()),
            b'/' if self.byte(1) == Some(b'*') => Err(comment()),
            b'#' if mysql => Err(comment()),
            b'$' if self.byte(1).is_some_and(|byte| byte.is_ascii_digit()) => Err(placeholder()),
            b'$' if !sqlite => Err(unproven("a dollar-quoted string", "pass it as a parameter")),
            b'?' if mysql || sqlite => Err(placeholder()),
            b'$' | b':' | b'@' if sqlite => Err(placeholder()),
            b'@' if mysql => Err(unproven(
                "a variable of the session",
                "pass it as a parameter",
            )),
            // They quote in another dialect, and in this one by a setting or never.
            b'"' | b'`' => Err(unproven(
                "a quote that is not of this dialect",
                "quote names as the database does",
            )),
            b'[' | b']' => Err(unproven("brackets", "quote names as the database does")),
            // Operators are ASCII; anything else outside a quote is nothing that a database understands.
            byte if byte.is_ascii_graphic() && byte != b'\\' => Ok(1),
            _ => Err(unproven("an unknown character", "remove it")),
        }
    }

    /// The length of a text between two quotes, which are doubled inside of it. A backslash is refused where a
    /// setting of the server decides whether it escapes the quote.
    fn quoted(&self, quote: u8) -> Result<usize, ScopeError> {
        let mut length = 1;
        while let Some(byte) = self.byte(length) {
            length += 1;
            if byte == b'\\' && self.dialect != Dialect::Sqlite {
                return Err(unproven(
                    "a backslash in a literal",
                    "pass it as a parameter",
                ));
            }
            if byte == 0 {
                return Err(unproven("an unknown character", "remove it"));
            }
            if byte == quote {
                if self.byte(length) != Some(quote) {
                    return Ok(length);
                }
                length += 1;
            }
        }
        Err(unproven("an unterminated quote", "terminate it"))
    }

    fn starts_escaped(&self) -> bool {
        self.dialect == Dialect::Postgres && self.byte(1) == Some(b'\'')
    }

    /// The length of `E'…'`, in which a backslash escapes whatever follows it: so sea-query writes constants.
    fn escaped(&self) -> Result<usize, ScopeError> {
        let mut length = 2;
        while let Some(byte) = self.byte(length) {
            length += 1;
            match byte {
                0 => return Err(unproven("an unknown character", "remove it")),
                b'\\' => length += 1,
                b'\'' if self.byte(length) == Some(b'\'') => length += 1,
                b'\'' => return Ok(length),
                _ => {}
            }
        }
        Err(unproven("an unterminated quote", "terminate it"))
    }

    /// A number must end where it seems to: some servers read `1FROM note` as `1 FROM note`.
    fn number(&self) -> Result<usize, ScopeError> {
        let digits = |mut at: usize| {
            while self.byte(at).is_some_and(|byte| byte.is_ascii_digit()) {
                at += 1;
            }
            at
        };
        let mut length = digits(0);
        if self.byte(length) == Some(b'.') {
            length = digits(length + 1);
        }
        if matches!(self.byte(length), Some(b'e' | b'E')) {
            let sign = usize::from(matches!(self.byte(length + 1), Some(b'+' | b'-')));
            let exponent = digits(length + 1 + sign);
            // Without digits MySQL takes `1e` for a name, and what looks like a sign may begin a comment.
            if exponent > length + 1 + sign {
                length = exponent;
            }
        }
        if self.byte(length).is_some_and(continues_word) {
            Err(unproven("a number with letters", "separate them"))
        } else {
            Ok(length)
        }
    }

    fn word(&self) -> Result<(Keyword, usize), ScopeError> {
        let text = self.sql.as_bytes().get(self.at..).unwrap_or_default();
        // A parameter of MySQL and SQLite is no part of a word, and one of Postgres may not follow one.
        let end = text.iter().position(|byte| !continues_word(*byte));
        let (word, behind) = text.split_at(end.unwrap_or(text.len()));
        // To SQLite a byte order mark is white space, to others another letter.
        if !word.is_ascii() {
            return Err(unproven("letters beyond ASCII in a name", "quote the name"));
        }
        let is_u = matches!(word, b"u" | b"U");
        let next = behind.first();
        // `B'…'`, `U&"…"`: quotes with rules of their own.
        if next == Some(&b'\'') || (is_u && next == Some(&b'&')) {
            return Err(unproven(
                "a literal with a prefix",
                "pass it as a parameter",
            ));
        }
        self.fits(word)?;
        Ok((Keyword::of(word), word.len()))
    }

    /// What is cut off may be another name. To MySQL letters with and without accents are the same.
    fn fits(&self, name: &[u8]) -> Result<(), ScopeError> {
        if self.dialect.cuts_off(name) {
            Err(unproven("a name longer than 63 bytes", "shorten it"))
        } else if self.dialect == Dialect::MySql && !name.is_ascii() {
            Err(unproven(
                "a name with letters beyond ASCII",
                "rename the column or table",
            ))
        } else {
            Ok(())
        }
    }
}

fn starts_word(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_' || !byte.is_ascii()
}

fn continues_word(byte: u8) -> bool {
    starts_word(byte) || byte.is_ascii_digit() || byte == b'$'
}

fn unproven(what: &'static str, way_out: &'static str) -> ScopeError {
    ScopeError::Unproven(what, way_out)
}

fn comment() -> ScopeError {
    unproven("a comment", "remove it")
}

fn placeholder() -> ScopeError {
    unproven(
        "a placeholder without a value",
        "pass the value with `Expr::cust_with_values`",
    )
}
