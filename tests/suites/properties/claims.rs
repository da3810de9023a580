//! Signed claims: accepted exactly if they meet the rules, and read as they were written.

use std::cell::Cell;
use std::time::Duration;

use proptest::collection::{btree_map, vec};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};
use tenancy_core::{ProjectId, SubjectId, TenantId, UnixTime};

use super::oracle::{AUDIENCE, Json, NAME, NOW, Who, judge};
use super::{any_json, bytes, holds, hs256, mapped, signed, verifier, verify};

#[test]
fn a_signed_payload_of_any_bytes_is_accepted_only_if_it_meets_the_rules() {
    let verifier = verifier([mapped()]);
    let good = json!({
        "iss": NAME, "aud": AUDIENCE, "exp": NOW + 60, "sub": "ada", "tenant_id": "acme",
    });
    let good = good.to_string();
    assert!(verify(&verifier, &signed(&good)).is_ok());
    let cut = (any::<Index>(), bytes(4)).prop_map({
        let good = good.clone();
        move |(at, put)| {
            let at = at.index(good.len());
            [&good.as_bytes()[..at], &put, &good.as_bytes()[at + 1..]].concat()
        }
    });
    let nearly_good = any_json().prop_map({
        move |extra| {
            let extra = json!({ "extra": extra }).to_string();
            format!(
                "{},{}",
                good.trim_end_matches('}'),
                extra.trim_start_matches('{')
            )
            .into_bytes()
        }
    });
    let payload = prop_oneof![
        bytes(300),
        any_json().prop_map(|json| json.to_string().into_bytes()),
        cut,
        nearly_good,
    ];
    holds(1024, payload, |payload| {
        let accepted = verify(&verifier, &signed(&payload)).is_ok();
        let read = serde_json::from_slice::<Value>(&payload).ok();
        let acceptable = read.as_ref().and_then(|json| judge(&json.into())).is_some();
        prop_assert!(!accepted || acceptable);
        Ok(())
    });
}

/// Mostly `good`, sometimes one of `bad`, or nothing at all.
fn claim(
    name: &'static str,
    good: Vec<Json>,
    bad: Vec<Json>,
) -> BoxedStrategy<Option<(String, Json)>> {
    let rare = prop_oneof![3 => select(bad).prop_map(Some), 1 => Just(None)];
    prop_oneof![15 => select(good).prop_map(Some), 1 => rare]
        .prop_map(move |value| value.map(|value| (name.to_owned(), value)))
        .boxed()
}

/// The same for a claim that may be left out.
fn optional(
    name: &'static str,
    good: Vec<Json>,
    bad: Vec<Json>,
) -> BoxedStrategy<Option<(String, Json)>> {
    prop_oneof![2 => Just(None), 1 => claim(name, good, bad)].boxed()
}

fn text(text: impl Into<String>) -> Json {
    Json::Text(text.into())
}

fn texts<const N: usize>(texts: [&str; N]) -> Json {
    Json::Array(texts.map(text).into())
}

fn not_texts() -> Vec<Json> {
    vec![
        Json::Null,
        Json::Bool(true),
        Json::Int(7),
        Json::Float(0.5),
        Json::Object(Vec::new()),
        Json::Array(vec![text("x"), Json::Int(7)]),
    ]
}

/// Words for each of two tenants.
fn by_tenant(acme: Json, globex: Json) -> Json {
    Json::Object(vec![
        ("acme".to_owned(), acme),
        ("globex".to_owned(), globex),
    ])
}

fn no_words_by_tenant() -> Vec<Json> {
    let wrong = not_texts().into_iter().map(|it| by_tenant(text("a"), it));
    let nobody = Json::Object(vec![(" acme".to_owned(), text("a"))]);
    wrong.chain([nobody]).collect()
}

fn no_identifiers() -> Vec<Json> {
    let texts = ["", " acme", "acme\u{a0}", "ac\0me", "ac\u{85}me", "acme\n"].map(text);
    let long = text("ä".repeat(128));
    [
        not_texts(),
        texts.into(),
        vec![long, Json::Array(Vec::new())],
    ]
    .concat()
}

fn identifiers() -> Vec<Json> {
    let long = text("x".repeat(255));
    vec![
        text("acme"),
        text("globex"),
        text("'; --"),
        text("ä \u{202e}ö"),
        long,
    ]
}

/// Seconds about `edge`, on both sides.
fn about(edge: i64) -> Vec<Json> {
    let near = [-2, -1, 0, 1, 2].map(|by| Json::Int(edge + by));
    let quarters = [-5, -4, -3, -1, 0, 1, 3, 4, 5].map(|by| f64::from(by) / 4.0);
    #[expect(clippy::cast_precision_loss, reason = "seconds of this century")]
    let between = quarters.map(|by| Json::Float(edge as f64 + by));
    [near.as_slice(), &between].concat()
}

fn no_times() -> Vec<Json> {
    let numbers = [1e300, -1e300, 9.3e18, -9.3e18].map(Json::Float);
    [not_texts(), numbers.into(), vec![text("1800000000")]].concat()
}

/// Claims as issuers write them, and as they should not.
fn any_claims() -> impl Strategy<Value = Json> {
    let year = 366 * 86_400;
    let ends = [about(NOW - 60), about(NOW), about(NOW + year)].concat();
    let no_ends = [no_times(), [i64::MIN, 0, i64::MAX].map(Json::Int).into()].concat();
    let starts = [
        about(NOW),
        about(NOW + 60),
        vec![Json::Int(i64::MIN), Json::Int(0)],
    ]
    .concat();
    let no_starts = [no_times(), vec![Json::Int(i64::MAX)]].concat();
    let org = |id: Json| Json::Object(vec![("name".to_owned(), text("x")), ("id".to_owned(), id)]);
    let nested = |ids: Vec<Json>| ids.into_iter().map(org).collect::<Vec<_>>();
    let not_us = [
        not_texts(),
        vec![text("them"), texts([]), texts(["them", "us "])],
    ]
    .concat();
    let deep =
        |depth| (1..depth).fold(Json::Array(Vec::new()), |inner, _| Json::Array(vec![inner]));
    let twice = Json::Object(vec![
        ("a".to_owned(), Json::Null),
        ("a".to_owned(), Json::Null),
    ]);
    let claims = [
        claim(
            "iss",
            vec![text(NAME)],
            [not_texts(), vec![text("https://issuer.example/")]].concat(),
        ),
        claim("aud", vec![text("us"), texts(["them", "us"])], not_us),
        prop_oneof![
            claim("exp", vec![Json::Int(NOW + 600)], no_ends.clone()),
            claim("exp", ends, no_ends)
        ]
        .boxed(),
        optional("nbf", starts.clone(), no_starts.clone()),
        optional("iat", starts, no_starts),
        claim("sub", identifiers(), no_identifiers()),
        claim("tenant_id", identifiers(), no_identifiers()),
        prop_oneof![
            5 => Just(None),
            1 => optional("org", nested(identifiers()), nested(no_identifiers())),
        ]
        .boxed(),
        optional("project_id", identifiers(), no_identifiers()),
        optional(
            "roles",
            vec![
                texts([]),
                texts(["a", "", "b c"]),
                text("b c"),
                by_tenant(texts(["a"]), text("b c")),
            ],
            [not_texts(), no_words_by_tenant()].concat(),
        ),
        optional(
            "scope",
            vec![
                texts(["a b"]),
                text(" a b\tc "),
                text(""),
                by_tenant(text("a b"), texts([])),
            ],
            [not_texts(), no_words_by_tenant()].concat(),
        ),
        optional(
            "jti",
            vec![text("1")],
            [not_texts(), vec![text("")]].concat(),
        ),
        optional(
            "extra",
            vec![deep(3), deep(31)],
            vec![deep(32), deep(100), twice],
        ),
        prop_oneof![19 => Just(None), 1 => optional("cnf", vec![Json::Null], not_texts())].boxed(),
    ];
    let claims: Vec<_> = claims.into();
    let filling = prop_oneof![9 => Just(0), 1 => 10..40_usize];
    let doubled = prop_oneof![15 => Just(None), 1 => any::<Index>().prop_map(Some)];
    (claims, filling, doubled)
        .prop_map(|(claims, filling, doubled)| {
            let mut members: Vec<_> = claims.into_iter().flatten().collect();
            members.extend((0..filling).map(|n| (format!("claim {n}"), Json::Null)));
            if let Some(member) = doubled.filter(|_| !members.is_empty()) {
                let again = members[member.index(members.len())].clone();
                members.push(again);
            }
            members
        })
        .prop_shuffle()
        .prop_map(Json::Object)
}

#[test]
fn signed_claims_are_accepted_exactly_if_they_meet_the_rules_and_mean_the_same() {
    let verifier = verifier([mapped()]);
    let (accepted, refused) = (Cell::new(0), Cell::new(0));
    let noise = prop_oneof![Just(0), any::<u64>()];
    holds(2048, (any_claims(), noise), |(claims, noise)| {
        let token = signed(claims.write(noise));
        let found = verify(&verifier, &token).ok().map(|claims| Who {
            tenant: claims.tenant().unwrap().to_string(),
            project: claims.project().map(ToString::to_string),
            subject: claims.subject().to_string(),
            roles: claims.roles().to_vec(),
            permissions: claims.permissions().to_vec(),
            token_id: claims.token_id().map(str::to_owned),
        });
        let count = if found.is_some() { &accepted } else { &refused };
        count.set(count.get() + 1);
        prop_assert_eq!(found, judge(&claims), "{}", claims.write(noise));
        Ok(())
    });
    // Or it would compare refusals with refusals.
    assert!(
        accepted.get() > 200 && refused.get() > 200,
        "{accepted:?} {refused:?}"
    );
}

fn identifier() -> impl Strategy<Value = String> {
    let anything =
        any::<String>().prop_filter("an identifier", |text| TenantId::parse(text).is_ok());
    prop_oneof!["[a-z0-9-]{1,36}", anything]
}

#[test]
fn what_an_issuer_writes_is_what_a_verifier_reads() {
    let issuer = hs256().lifetime(Duration::from_mins(10));
    let verifier = verifier([issuer.issuer()]);
    let words = || vec(any::<String>(), 0..6);
    // `cnf` has a meaning of its own, and what the issuer writes itself it does not take.
    let reserved = [
        "cnf", "nbf", "iss", "aud", "sub", "exp", "iat", "jti", "roles",
    ];
    let name = any::<String>().prop_filter("a free name", move |name| {
        !reserved.contains(&name.as_str()) && !name.contains("_id") && name != "permissions"
    });
    let more = btree_map(name, any_json(), 0..6);
    let who = (
        identifier(),
        identifier(),
        proptest::option::of(identifier()),
    );
    holds(
        128,
        (who, words(), words(), more),
        |(who, roles, permissions, more)| {
            let tenant = TenantId::parse(&who.0).unwrap();
            let subject = SubjectId::parse(&who.1).unwrap();
            let project = who.2.map(|project| ProjectId::parse(&project).unwrap());
            let mut token = issuer
                .token(&tenant, &subject)
                .roles(&roles)
                .permissions(&permissions);
            if let Some(project) = &project {
                token = token.project(project);
            }
            for (name, value) in &more {
                token = token.claim(name, value);
            }
            let token = token.sign().unwrap();
            if token.len() > 16 * 1024 {
                return Err(TestCaseError::reject("longer than a verifier looks at"));
            }
            // Twice: from the token, and from what is remembered of it.
            for _ in 0..2 {
                let claims = verify(&verifier, &token).unwrap();
                prop_assert_eq!(claims.tenant(), Some(&tenant));
                prop_assert_eq!(claims.tenants(), std::slice::from_ref(&tenant));
                prop_assert_eq!(claims.subject(), &subject);
                prop_assert_eq!(claims.project(), project.as_ref());
                prop_assert_eq!(claims.roles(), &roles);
                prop_assert_eq!(claims.permissions(), &permissions);
                prop_assert_eq!(claims.issuer(), NAME);
                prop_assert_eq!(claims.issued_at(), Some(UnixTime::from_seconds(NOW)));
                prop_assert_eq!(claims.expires_at(), UnixTime::from_seconds(NOW + 600));
                prop_assert_eq!(
                    &claims.claim::<Vec<String>>("roles"),
                    &Ok(Some(roles.clone()))
                );
                for (name, value) in &more {
                    prop_assert_eq!(
                        claims.claim::<Value>(name.as_str()),
                        Ok(Some(value.clone()))
                    );
                }
                let unknown = format!("{}?", more.keys().map(String::as_str).collect::<String>());
                prop_assert_eq!(claims.claim::<Value>(unknown.as_str()), Ok(None));
            }
            Ok(())
        },
    );
}

/// `serde_json` hands over numbers as such objects where its feature `arbitrary_precision` is on. It is off
/// here, so this one is an object that somebody wrote.
#[test]
fn an_object_is_no_number() {
    let number = json!({ "$serde_json::private::Number": (NOW + 60).to_string() });
    let claims = json!({
        "iss": NAME, "aud": AUDIENCE, "sub": "ada", "tenant_id": "acme", "exp": number,
    });
    assert!(verify(&verifier([mapped()]), &signed(claims.to_string())).is_err());
}
