//! The JOSE header: what it must say and what it must not (RFC 7515 §4, RFC 8725 §3).

use std::borrow::Cow;

use super::{Algorithm, TokenProblem};
use crate::json::{Json, Object, object};

/// What of a header decides how a token is verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Header<'a> {
    pub(crate) algorithm: Algorithm,
    pub(crate) key_id: Option<Cow<'a, str>>,
    pub(super) kind: Kind,
}

/// What a token says it is. Other kinds are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// `typ` is absent or `JWT`.
    Jwt,
    /// `typ` is `at+jwt` (RFC 9068 §2.1).
    AccessToken,
}

impl<'a> Header<'a> {
    pub(super) fn read(text: &'a str) -> Result<Self, TokenProblem> {
        let members = object(text).map_err(|_| TokenProblem::Header)?;
        extensions_are_refused(&members)?;
        Ok(Self {
            kind: type_is_an_access_token(&members)?,
            algorithm: algorithm(&members)?,
            key_id: key_id(&members)?,
        })
    }
}

/// `crit` lists extensions that a verifier must understand; we implement none. `b64` changes what is
/// signed (RFC 7797), `zip` and `enc` belong to encryption. `jku`, `x5u`, `jwk` and `x5c` need no
/// refusal: nothing here ever reads them.
fn extensions_are_refused(members: &Object<'_>) -> Result<(), TokenProblem> {
    let demanded = ["crit", "b64", "zip", "enc"]
        .iter()
        .any(|name| members.contains(name));
    if demanded {
        Err(TokenProblem::Extension)
    } else {
        Ok(())
    }
}

/// RFC 8725 §3.11: a proof, logout or event token, signed with the same keys, is no access token.
fn type_is_an_access_token(members: &Object<'_>) -> Result<Kind, TokenProblem> {
    let Some(typ) = members.get("typ") else {
        return Ok(Kind::Jwt);
    };
    let typ = typ.as_str().ok_or(TokenProblem::Type)?;
    // RFC 7515 §4.1.9: media types, so without regard to case, and `application/` may be left out.
    if typ.eq_ignore_ascii_case("JWT") {
        Ok(Kind::Jwt)
    } else if ["at+jwt", "application/at+jwt"]
        .iter()
        .any(|name| typ.eq_ignore_ascii_case(name))
    {
        Ok(Kind::AccessToken)
    } else {
        Err(TokenProblem::Type)
    }
}

fn algorithm(members: &Object<'_>) -> Result<Algorithm, TokenProblem> {
    members
        .get("alg")
        .and_then(Json::as_str)
        .and_then(Algorithm::from_name)
        .ok_or(TokenProblem::Algorithm)
}

fn key_id<'a>(members: &Object<'a>) -> Result<Option<Cow<'a, str>>, TokenProblem> {
    match members.get("kid") {
        None => Ok(None),
        Some(Json::String(kid)) => Ok(Some(kid.clone())),
        Some(_) => Err(TokenProblem::Header),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(header: &str) -> Result<Header<'_>, TokenProblem> {
        Header::read(header)
    }

    #[test]
    fn the_types_of_access_tokens_pass() {
        for (typ, kind) in [
            ("", Kind::Jwt),
            (r#","typ":"JWT""#, Kind::Jwt),
            (r#","typ":"jwt""#, Kind::Jwt),
            (r#","typ":"at+JWT""#, Kind::AccessToken),
            (r#","typ":"application/at+jwt""#, Kind::AccessToken),
        ] {
            let text = format!(r#"{{"alg":"ES256","kid":"k"{typ}}}"#);
            assert_eq!(
                read(&text).unwrap(),
                Header {
                    algorithm: Algorithm::ES256,
                    key_id: Some("k".into()),
                    kind,
                }
            );
        }
    }

    #[test]
    fn other_types_are_refused() {
        for typ in [
            r#""dpop+jwt""#,
            r#""logout+jwt""#,
            r#""secevent+jwt""#,
            r#""token-introspection+jwt""#,
            r#""""#,
            r#""application/JWT+x""#,
            r#"["JWT"]"#,
            "null",
            "1",
        ] {
            assert_eq!(
                read(&format!(r#"{{"alg":"ES256","typ":{typ}}}"#)),
                Err(TokenProblem::Type),
                "{typ}"
            );
        }
    }

    #[test]
    fn none_and_misspelt_algorithms_do_not_exist() {
        for alg in [
            r#""none""#,
            r#""None""#,
            r#""NONE""#,
            r#""nOnE""#,
            r#""""#,
            r#""hs256""#,
            r#""ES256K""#,
            r#""RSA-OAEP""#,
            r#""rs256""#,
            r#""RS256 ""#,
            "null",
            "1",
            r#"["RS256"]"#,
        ] {
            assert_eq!(
                read(&format!(r#"{{"alg":{alg}}}"#)),
                Err(TokenProblem::Algorithm),
                "{alg}"
            );
        }
        assert_eq!(read("{}"), Err(TokenProblem::Algorithm));
    }

    #[test]
    fn extensions_are_refused_whatever_they_say() {
        for member in [
            r#""crit":[]"#,
            r#""crit":["exp"]"#,
            r#""crit":null"#,
            r#""b64":true"#,
            r#""zip":"DEF""#,
            r#""enc":null"#,
        ] {
            assert_eq!(
                read(&format!(r#"{{"alg":"RS256",{member}}}"#)),
                Err(TokenProblem::Extension),
                "{member}"
            );
        }
    }

    #[test]
    fn a_key_id_is_a_string() {
        for kid in ["null", "1", "[]", "{}"] {
            assert_eq!(
                read(&format!(r#"{{"alg":"RS256","kid":{kid}}}"#)),
                Err(TokenProblem::Header),
                "{kid}"
            );
        }
    }

    #[test]
    fn a_header_is_one_strict_object() {
        for header in [
            "",
            "null",
            "[]",
            r#""alg""#,
            r#"{"alg":"RS256","alg":"RS256"}"#,
            r#"{"alg":"RS256"}x"#,
        ] {
            assert_eq!(read(header), Err(TokenProblem::Header), "{header}");
        }
    }
}
