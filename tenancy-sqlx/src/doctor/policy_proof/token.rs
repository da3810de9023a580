//! The words of an SQL expression.

/// A word, name, text or sign of SQL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Token {
    /// A keyword, a name or a number, in lower case.
    Word(String),
    /// A name between quotes, which is no keyword.
    Quoted(String),
    Text(String),
    /// A bracket, comma, dot or semicolon.
    Sign(char),
    Operator(String),
}

impl Token {
    pub(super) fn is_word(&self, word: &str) -> bool {
        matches!(self, Self::Word(this) if this == word)
    }

    pub(super) fn is_name(&self, name: &str) -> bool {
        matches!(self, Self::Word(this) | Self::Quoted(this) if this == name)
    }

    pub(super) fn is_operator(&self, operator: &str) -> bool {
        matches!(self, Self::Operator(this) if this == operator)
    }
}

/// The tokens of `sql` without its comments, or nothing where it holds what is not known here: texts with escapes or
/// between dollar signs, for example. See the PostgreSQL manual, [Lexical Structure].
///
/// [Lexical Structure]: https://www.postgresql.org/docs/current/sql-syntax-lexical.html
pub(super) fn tokens(sql: &str) -> Option<Vec<Token>> {
    let mut tokens = Vec::new();
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        if first.is_whitespace() {
            rest = rest.trim_start();
        } else if let Some(comment) = rest.strip_prefix("--") {
            rest = comment.split_once('\n').map_or("", |(_, after)| after);
        } else if let Some(comment) = rest.strip_prefix("/*") {
            let (inside, after) = comment.split_once("*/")?;
            // One comment inside another ends later than it seems.
            if inside.contains("/*") {
                return None;
            }
            rest = after;
        } else if let Some(text) = rest.strip_prefix(['e', 'E'])
            && text.starts_with('\'')
        {
            let (text, after) = quoted(text, '\'')?;
            if text.contains('\\') {
                return None;
            }
            tokens.push(Token::Text(text));
            rest = after;
        } else if first == '\'' {
            let (text, after) = quoted(rest, '\'')?;
            tokens.push(Token::Text(text));
            rest = after;
        } else if first == '"' {
            let (name, after) = quoted(rest, '"')?;
            tokens.push(Token::Quoted(name));
            rest = after;
        } else if matches!(first, '(' | ')' | '[' | ']' | ',' | '.' | ';') {
            tokens.push(Token::Sign(first));
            rest = rest.strip_prefix(first)?;
        } else if is_part_of_word(first) {
            let end = rest.find(|c| !is_part_of_word(c)).unwrap_or(rest.len());
            let (word, after) = rest.split_at_checked(end)?;
            tokens.push(Token::Word(word.to_lowercase()));
            rest = after;
        } else if is_part_of_operator(first) {
            let end = rest.find(|c| !is_part_of_operator(c)).unwrap_or(rest.len());
            let (operator, after) = rest.split_at_checked(end)?;
            // What looks like an operator may hold the beginning of a comment.
            if operator.contains("--") || operator.contains("/*") {
                return None;
            }
            tokens.push(Token::Operator(operator.to_owned()));
            rest = after;
        } else {
            return None;
        }
    }
    Some(tokens)
}

/// What stands between quotes at the beginning of `rest`, and what follows. A quote in it is doubled.
fn quoted(rest: &str, quote: char) -> Option<(String, &str)> {
    let mut rest = rest.strip_prefix(quote)?;
    let mut text = String::new();
    loop {
        let (before, after) = rest.split_once(quote)?;
        text.push_str(before);
        if let Some(more) = after.strip_prefix(quote) {
            text.push(quote);
            rest = more;
        } else {
            return Some((text, after));
        }
    }
}

fn is_part_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '$'
}

fn is_part_of_operator(c: char) -> bool {
    "+-*/<>=~!@#%^&|`?:".contains(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sql_is_taken_apart() {
        let word = |word: &str| Token::Word(word.to_owned());
        let expected = [
            word("select"),
            Token::Quoted("A\"b".to_owned()),
            Token::Operator("::".to_owned()),
            word("text"),
            Token::Operator("<>".to_owned()),
            Token::Text("it's".to_owned()),
            Token::Sign(';'),
        ];
        let sql = "SELECT /* one */ \"A\"\"b\"::TEXT -- two\n <> E'it''s';";
        assert_eq!(tokens(sql).unwrap(), expected);
    }

    #[test]
    fn what_is_not_understood_is_not_guessed() {
        for sql in [
            "'open",
            "\"open",
            "/* open",
            "/* /* */ a */",
            r"E'\''",
            "a {",
            "a<--b\n",
            "1 */* x */ 2",
        ] {
            assert_eq!(tokens(sql), None, "{sql}");
        }
    }
}
