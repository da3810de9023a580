//! `Authorization` fields of any bytes: absent, malformed, or the token that stands there.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use tenancy_core::Presented;
use tenancy_tests::fuzzed;
use tenancy_tests::head::Head;

use super::{B64TOKEN, bytes, door, holds, tokens, verify};

/// RFC 6750 §2.1: `Bearer`, whatever its case, one or more spaces, and a `b64token`.
fn token_in(field: &[u8]) -> Result<Option<&[u8]>, ()> {
    let is_of_a_name =
        |byte: &u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(byte);
    let name = field.iter().take_while(|byte| is_of_a_name(byte)).count();
    match field[..name].to_ascii_lowercase().as_slice() {
        b"" => return Err(()),
        b"bearer" => {}
        _ => return Ok(None),
    }
    let spaces = field[name..]
        .iter()
        .take_while(|byte| **byte == b' ')
        .count();
    let token = &field[name + spaces..];
    let padding = token.iter().rev().take_while(|byte| **byte == b'=').count();
    let body = &token[..token.len() - padding];
    let is_well_formed = body
        .iter()
        .all(|byte| B64TOKEN.contains(byte) && *byte != b'=');
    if spaces > 0 && !body.is_empty() && is_well_formed {
        Ok(Some(token))
    } else {
        Err(())
    }
}

#[test]
fn any_bytes_in_authorization_are_absent_malformed_or_what_stands_there() {
    let (door, issued) = (door(), tokens());
    let scheme = select(vec![
        "Bearer", "bearer", "BEARER", "Basic", "Bearers", "", "\t",
    ]);
    let space = select(vec![
        "", " ", "  ", "\t", " \t", ",", "\u{a0}", " = ", "/", "=",
    ]);
    let texts = "[A-Za-z0-9._~+/-]{0,40}={0,2}";
    let token = prop_oneof![texts, any::<String>(), select(issued.clone())];
    let field = prop_oneof![
        1 => bytes(60),
        4 => (scheme, space, token).prop_map(|(scheme, space, token)| {
            [scheme, space, &token].concat().into_bytes()
        }),
    ];
    let fields = prop_oneof![4 => vec(field.clone(), 1), 1 => vec(field, 0..4)];
    holds(1024, fields, |fields| {
        if !fields.is_empty() {
            fuzzed::authorization(&fields.join(&b'\n'));
        }
        let head = fields.iter().fold(Head::get("/"), Head::authorization);
        let presented = Presented::in_authorization(&head);
        let found = match presented {
            Presented::Absent => Ok(None),
            Presented::Malformed(_) => Err(()),
            Presented::ApiKey(_) => panic!("no API key stands in `Authorization`"),
            Presented::Bearer(token) => {
                let accepted = verify(&door, token.expose()).is_ok();
                prop_assert_eq!(accepted, issued.iter().any(|one| one == token.expose()));
                Ok(Some(token.expose().as_bytes()))
            }
        };
        let expected = match fields.as_slice() {
            [] => Ok(None),
            [only] => token_in(only),
            _ => Err(()),
        };
        prop_assert_eq!(found, expected);
        Ok(())
    });
}

#[test]
fn nothing_but_spaces_separates_the_token_from_its_scheme() {
    for field in [
        "Bearer \ta.b.c",
        "Bearer\x0ca.b.c",
        "Bearer \r\n a.b.c",
        "Bearer\na.b.c",
    ] {
        let head = Head::get("/").authorization(field);
        let presented = Presented::in_authorization(&head);
        assert!(
            matches!(presented, Presented::Malformed(_)),
            "{field:?}: {presented:?}"
        );
    }
}
