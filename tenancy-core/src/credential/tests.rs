//! What each request presents.

use super::*;
use crate::head::testing::Head;

fn field(bytes: &str) -> Presented<'_> {
    Presented::from_field(bytes.as_bytes())
}

fn bearer(token: &'static str) -> Presented<'static> {
    Presented::Bearer(BearerToken::parse(token).unwrap())
}

#[test]
fn the_scheme_is_case_insensitive() {
    for text in [
        "Bearer a.b.c",
        "bearer a.b.c",
        "BEARER a.b.c",
        "bEaReR   a.b.c",
    ] {
        assert_eq!(field(text), bearer("a.b.c"), "{text:?}");
    }
}

#[test]
fn another_scheme_counts_as_absent() {
    for text in [
        "Basic dXNlcjpwYXNz",
        "Token abc",
        "Bearers abc",
        "Digest a=b, c=d",
        "Digest realm=x, bearers=d",
    ] {
        assert_eq!(field(text), Presented::Absent, "{text:?}");
    }
}

#[test]
fn a_broken_bearer_is_malformed_not_absent() {
    for text in [
        "",
        " ",
        "Bearer",
        "Bearer ",
        "Bearer\ta.b.c",
        "Bearer \ta.b.c",
        "Bearer\x0ca.b.c",
        "Bearer,a",
        "Bearer a b",
        "Bearer a,b",
        "Bearer a, Bearer b",
        "Bearer \"a\"",
        "Bearer =",
        "Bearer a=b",
        "Bearer ä",
        "Bearer a\0",
    ] {
        assert_eq!(
            field(text),
            Presented::Malformed(MalformedCredential::Syntax),
            "{text:?}"
        );
    }
}

#[test]
fn debug_does_not_show_the_token() {
    assert_eq!(
        format!("{:?}", field("Bearer canary")),
        "Bearer(BearerToken(6 bytes))"
    );
}

#[test]
fn a_token_may_stand_in_one_configured_place() {
    let sources = [
        CredentialSource::Authorization,
        CredentialSource::Header("x-access-token".into()),
        CredentialSource::Cookie("session".into()),
        CredentialSource::Query("access_token".into()),
    ];
    let find = |fields, query, expected| {
        let head = Head {
            fields,
            query,
            ..Head::default()
        };
        assert_eq!(Presented::find(&head, &sources), expected);
    };
    find(vec![], None, Presented::Absent);
    find(vec![("authorization", "Bearer t")], None, bearer("t"));
    find(vec![("x-access-token", "t")], None, bearer("t"));
    find(vec![("cookie", "a=b; session=t; c=d")], None, bearer("t"));
    find(
        vec![("cookie", "a=b"), ("cookie", "session=\"t\"")],
        None,
        bearer("t"),
    );
    find(
        vec![("cookie", "session=; xsession=u")],
        None,
        Presented::Absent,
    );
    find(vec![], Some("a=b&access_token=t"), bearer("t"));
    find(
        vec![],
        Some("my_access_token=t&access_tokens=t"),
        Presented::Absent,
    );
    // Another scheme is no credential of ours, so a cookie beside it is the only one.
    find(
        vec![("authorization", "Basic eA=="), ("cookie", "session=t")],
        None,
        bearer("t"),
    );

    let several = Presented::Malformed(MalformedCredential::Several);
    let syntax = Presented::Malformed(MalformedCredential::Syntax);
    find(
        vec![("authorization", "Bearer t"), ("cookie", "session=t")],
        None,
        several,
    );
    find(
        vec![("x-access-token", "t")],
        Some("access_token=t"),
        several,
    );
    find(vec![("cookie", "session=t; session=u")], None, several);
    find(vec![], Some("access_token=t&access_token=t"), several);
    find(
        vec![("authorization", "Bearer"), ("cookie", "session=t")],
        None,
        syntax,
    );
    find(vec![("x-access-token", "")], None, syntax);
    find(vec![("x-access-token", "Bearer t")], None, syntax);
    find(vec![], Some("access_token=a%2eb"), syntax);
    find(vec![], Some("access%5Ftoken=t"), bearer("t"));
    find(vec![], Some("access_token=t&%61ccess%5ftoken=t"), several);
    find(vec![], Some("access%5token=t&access%=t"), Presented::Absent);
    find(vec![], Some("access_token="), syntax);
    find(vec![], Some("a=b&access_token"), syntax);
    find(
        vec![("authorization", "Basic eA==, bearer t")],
        None,
        several,
    );
}

/// Without a configuration that says so, nothing but `Authorization` is looked at.
#[test]
fn other_places_count_only_where_they_are_configured() {
    let key = crate::ApiKey::generate().unwrap().expose();
    let fields = vec![("cookie", "access_token=t"), ("x-api-key", key.leak())];
    let head = Head {
        fields,
        query: Some("access_token=t"),
        ..Head::default()
    };
    let only = [CredentialSource::Authorization];
    assert_eq!(Presented::find(&head, &only), Presented::Absent);
}

#[test]
fn an_api_key_stands_alone_in_its_field_and_beside_no_other_credential() {
    let sources = [
        CredentialSource::Authorization,
        CredentialSource::ApiKey("x-api-key".into()),
    ];
    let key = crate::ApiKey::generate().unwrap();
    let (hash, text) = (key.hash(), &*key.expose().leak());
    let find = |fields, expected| {
        let head = Head {
            fields,
            ..Head::default()
        };
        assert_eq!(Presented::find(&head, &sources), expected);
    };
    let several = Presented::Malformed(MalformedCredential::Several);
    let none = Presented::Malformed(MalformedCredential::NoApiKey);
    find(vec![("x-api-key", text)], Presented::ApiKey(hash));
    find(
        vec![("authorization", "Basic eA=="), ("x-api-key", text)],
        Presented::ApiKey(hash),
    );
    find(vec![("x-api-key", text), ("x-api-key", text)], several);
    find(
        vec![("authorization", "Bearer t"), ("x-api-key", text)],
        several,
    );
    find(vec![("authorization", "Bearer t"), ("x-api-key", "")], none);
    find(vec![("x-api-key", "")], none);
    find(vec![("x-api-key", "t")], none);
    find(vec![("x-api-key", &text[..text.len() - 1])], none);
    find(
        vec![("authorization", "Bearer"), ("x-api-key", text)],
        Presented::Malformed(MalformedCredential::Syntax),
    );
}
