//! `InvalidPattern`, and which names and paths of a configuration can occur in a request at all.

/// A template, path or name of the configuration that no request can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` {problem}")]
pub struct InvalidPattern {
    pattern: String,
    problem: &'static str,
}

impl InvalidPattern {
    pub(crate) fn new(pattern: &str, problem: &'static str) -> Self {
        let pattern = pattern.to_owned();
        Self { pattern, problem }
    }
}

/// The name of a header field in lower case (RFC 9110 §5.1).
pub(crate) fn field_name(name: &str) -> Result<String, InvalidPattern> {
    let name = token(
        name,
        "has to be the name of a header field, such as `X-Tenant-ID`",
    )?;
    Ok(name.to_ascii_lowercase())
}

/// The name of a cookie (RFC 6265 §4.1.1).
pub(crate) fn cookie_name(name: &str) -> Result<String, InvalidPattern> {
    token(name, "has to be the name of a cookie, such as `session`")
}

/// A method (RFC 9110 §9.1).
pub(crate) fn method(method: &str) -> Result<String, InvalidPattern> {
    token(method, "has to be a method, such as `GET`")
}

/// The name of a parameter, as it is once decoded.
pub(crate) fn parameter_name(name: &str) -> Result<String, InvalidPattern> {
    match name {
        "" => Err(InvalidPattern::new(
            name,
            "has to be the name of a query parameter",
        )),
        _ => Ok(name.to_owned()),
    }
}

/// The path of a request target (RFC 3986 §3.3), which is compared byte for byte, or the asterisk of `OPTIONS *` (RFC 9112 §3.2.4).
pub(crate) fn path(path: &str) -> Result<String, InvalidPattern> {
    let is_character = |byte: u8| byte.is_ascii_graphic() && !b"?#{}[]<>\"`^|\\".contains(&byte);
    let problem = match path {
        "*" => None,
        _ if !path.starts_with('/') => Some("has to begin with a slash"),
        _ if path.ends_with("/*") => {
            Some("has to be a whole path; `exempt_prefix` is for all below one")
        }
        _ if !path.bytes().all(is_character) || !has_whole_escapes(path) => Some(
            "has to be a path as it stands in a request: no query, no parameters in braces, and percent-encoded what needs it",
        ),
        _ => None,
    };
    match problem {
        None => Ok(path.to_owned()),
        Some(problem) => Err(InvalidPattern::new(path, problem)),
    }
}

/// Whether each percent sign has its two digits.
fn has_whole_escapes(path: &str) -> bool {
    path.split('%').skip(1).all(|rest| {
        let digits = rest.bytes().take_while(u8::is_ascii_hexdigit);
        digits.count() >= 2
    })
}

fn token(text: &str, problem: &'static str) -> Result<String, InvalidPattern> {
    if text.is_empty() || !text.bytes().all(is_token_byte) {
        return Err(InvalidPattern::new(text, problem));
    }
    Ok(text.to_owned())
}

/// RFC 9110 §5.6.2: `tchar`.
pub(crate) fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_one_that_a_request_can_have() {
        for (name, expected) in [
            ("X-Tenant-ID", true),
            ("x_tenant", true),
            ("", false),
            ("X Tenant", false),
            ("X-Tenant:", false),
            ("X-Tenant\r\n", false),
            ("Tenänt", false),
        ] {
            assert_eq!(field_name(name).is_ok(), expected, "{name:?}");
            assert_eq!(cookie_name(name).is_ok(), expected, "{name:?}");
            assert_eq!(method(name).is_ok(), expected, "{name:?}");
        }
        assert_eq!(field_name("X-Tenant-ID").unwrap(), "x-tenant-id");
        assert_eq!(cookie_name("Session").unwrap(), "Session");
        assert_eq!(method("get").unwrap(), "get");
        assert!(parameter_name("tenant id").is_ok());
        assert!(parameter_name("").is_err());
    }

    #[test]
    fn a_path_is_one_that_a_request_can_have() {
        for (text, expected) in [
            ("/", true),
            ("/health", true),
            ("/health/", true),
            ("//health", true),
            ("/a%20b", true),
            ("/a;v=1", true),
            ("/*", false),
            ("/public/*", false),
            ("/notes*", true),
            ("", false),
            ("health", false),
            ("http://us/health", false),
            ("/health?full", false),
            ("/health#top", false),
            ("/notes/{id}", false),
            ("*", true),
            ("/100%", false),
            ("/%zz", false),
            ("/%4", false),
            ("/%4%41", false),
            ("/%41%42", true),
            ("/[a]", false),
            ("/a b", false),
            ("/ä", false),
            ("/a\\b", false),
        ] {
            assert_eq!(path(text).is_ok(), expected, "{text:?}");
        }
        assert_eq!(
            path("/public/*").unwrap_err().to_string(),
            "`/public/*` has to be a whole path; `exempt_prefix` is for all below one"
        );
    }
}
