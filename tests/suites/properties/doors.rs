//! Hosts, paths and queries of any text: what they name and what they open, against readers that are slow and obviously right.

use futures_util::FutureExt as _;
use percent_encoding::percent_decode_str;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::json;
use tenancy_core::{Admission, Admitted, ClaimMap, Issuer, KeySource, RefusalKind, SharedSecret};
use tenancy_tests::head::Head;

use super::oracle::{AUDIENCE, NAME, NOW};
use super::{Algorithm, SECRET, holds, signed, verifier};

const TENANTS: [&str; 2] = ["acme", "globex"];

/// For a token of both tenants, so that what is not named is not admitted.
fn admission() -> (Admission, String) {
    let secret = SharedSecret::new(Algorithm::HS256, SECRET);
    let issuer = Issuer::new(NAME, ClaimMap::of_memberships("orgs"))
        .audience(AUDIENCE)
        .keys(KeySource::shared_secret(secret));
    let claims =
        json!({ "iss": NAME, "aud": AUDIENCE, "sub": "ada", "exp": NOW + 60, "orgs": TENANTS });
    let bearer = format!("Bearer {}", signed(claims.to_string()));
    (Admission::new(verifier([issuer])), bearer)
}

fn asking(target: &str, authorization: &str, host: &str) -> Head {
    let head = Head::get(target).authorization(authorization);
    head.field("host", host)
}

/// What came of a request.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    For(String),
    Exempt,
    Refused(RefusalKind),
}

fn outcome(admission: &Admission, head: &Head) -> Outcome {
    match admission.admit(head).now_or_never().unwrap() {
        Ok(Admitted::For(context, _)) => Outcome::For(context.tenant().to_string()),
        Ok(Admitted::Exempt) => Outcome::Exempt,
        Ok(Admitted::Anonymous) => panic!("credentials are not optional here"),
        Err(refusal) => Outcome::Refused(refusal.kind()),
    }
}

/// Every spelling that names a tenant, tried one after the other.
fn tenant_of_host(host: &str) -> Option<&'static str> {
    TENANTS.into_iter().find(|tenant| {
        ["", "."].into_iter().any(|dot| {
            let name = format!("{tenant}.app.example.com{dot}");
            let (start, rest) = host.split_at_checked(name.len()).unwrap_or(("", host));
            let is_port = rest.is_empty()
                || (rest.starts_with(':') && rest[1..].chars().all(|c| c.is_ascii_digit()));
            start.eq_ignore_ascii_case(&name) && is_port
        })
    })
}

#[test]
fn a_host_names_a_tenant_in_exactly_these_spellings() {
    let (admission, bearer) = admission();
    let admission = admission.tenant_host("{tenant}.app.example.com").unwrap();
    let piece = select(vec![
        "acme", "globex", "Acme", "GLOBEX", "app", "APP", "example", "com", "www", "127", "0", "1",
        "xn--a", "a_b", "é", "@", "[", "]", " ", "-", "\0", ":", ":80", ":http", ".", "..", "%2e",
        ",", "/",
    ]);
    let whole = select(vec![
        ".app.example.com",
        ".App.Example.COM",
        ".app.example.com.",
        ".app.example.com:443",
    ]);
    let tenant = select(vec!["acme", "globex", "Acme", "GLOBEX"]);
    let after = select(vec!["", "", ":1", ".", ":", "x"]);
    let host = prop_oneof![
        vec(piece.clone(), 0..9).prop_map(|pieces| pieces.concat()),
        (vec(piece.clone(), 0..3), whole.clone(), vec(piece, 0..2))
            .prop_map(|(before, whole, after)| [&before.concat(), whole, &after.concat()].concat()),
        (tenant, whole, after).prop_map(|(tenant, whole, after)| [tenant, whole, after].concat()),
    ];
    let named = std::cell::Cell::new(0);
    holds(4096, host, |host| {
        let head = asking("/", &bearer, &host);
        let found = outcome(&admission, &head);
        match tenant_of_host(&host) {
            Some(tenant) => {
                named.set(named.get() + 1);
                prop_assert_eq!(found, Outcome::For(tenant.to_owned()));
            }
            None => prop_assert!(matches!(found, Outcome::Refused(_)), "{found:?}"),
        }
        Ok(())
    });
    assert!(
        named.get() > 50,
        "only {} hosts named a tenant",
        named.get()
    );
}

/// The path as a server reads it that decodes it (or does not), takes backslashes for slashes (or does not), merges
/// slashes and resolves dots.
fn readings(path: &str) -> Vec<Vec<String>> {
    let decoded = percent_decode_str(path).decode_utf8_lossy().into_owned();
    let mut texts = vec![path.to_owned(), decoded];
    texts.extend(texts.clone().iter().map(|text| text.replace('\\', "/")));
    let resolved = |text: &String| {
        let mut segments = Vec::new();
        for segment in text.split('/') {
            match segment {
                "" | "." => {}
                ".." => drop(segments.pop()),
                other => segments.push(other.to_owned()),
            }
        }
        segments
    };
    texts.iter().map(resolved).collect()
}

fn paths() -> impl Strategy<Value = String> {
    let piece = select(vec![
        "/", "/", "/", "t", "T", "%74", "acme", "globex", "%61cme", "ACME", "public", "%70ublic",
        "PUBLIC", "who", ".", "..", "%2e", "%2E%2e", "%252e", "%2f", "%5c", "\\", "%", "%zz",
        "%ff", "%00", ";", " ", "é", "a b",
    ]);
    let start = select(vec![
        "",
        "/",
        "/t/",
        "/t/acme",
        "/t/globex/",
        "/public",
        "/public/",
        "//",
    ]);
    (start, vec(piece, 0..8))
        .prop_map(|(start, pieces)| [start.to_owned(), pieces.concat()].concat())
}

#[test]
fn a_path_names_the_tenant_that_every_router_would_find_in_it() {
    let (admission, bearer) = admission();
    let admission = admission.tenant_path("/t/{tenant}").unwrap();
    let named = std::cell::Cell::new(0);
    holds(8192, paths(), |path| {
        let head = asking(&path, &bearer, "localhost");
        let found = outcome(&admission, &head);
        if let Outcome::For(tenant) = &found {
            named.set(named.get() + 1);
            // As it stands, its escapes may hide the tenant from a router that does not decode.
            let plain: Vec<_> = readings(&path)
                .into_iter()
                .filter(|segments| !segments.iter().take(2).any(|segment| segment.contains('%')))
                .collect();
            prop_assert!(!plain.is_empty());
            for segments in plain {
                prop_assert_eq!(&segments[..2], ["t", tenant], "{:?}", segments);
            }
        }
        // A path in which some router finds a tenant is not taken for one that names none.
        let names_some = readings(&path)
            .iter()
            .any(|segments| segments.len() >= 2 && segments[0] == "t");
        if names_some {
            prop_assert_ne!(found, Outcome::Refused(RefusalKind::TenantNotNamed));
        }
        Ok(())
    });
    assert!(
        named.get() > 50,
        "only {} paths named a tenant",
        named.get()
    );
}

/// What a form reader finds under the name `tenant`, by the crate that browsers' rules were written down for.
fn tenants_of_query(query: &str) -> Vec<String> {
    let mut url = reqwest::Url::parse("http://localhost/").unwrap();
    url.set_query(Some(query));
    let found = url.query_pairs().filter(|(name, _)| name == "tenant");
    found.map(|(_, value)| value.into_owned()).collect()
}

#[test]
fn a_query_names_the_tenant_that_every_form_reader_finds_in_it() {
    let (admission, bearer) = admission();
    let admission = admission.tenant_query_parameter("tenant").unwrap();
    let piece = select(vec![
        "tenant", "%74enant", "tenan%54", "Tenant", "tenants", "=", "=", "=", "&", "&", "acme",
        "globex", "%61cme", "%2561cme", "ACME", "+", "%20", "%2B", "%", "%zz", "%ff", "%00", ";",
        "?", "/", "x", "é",
    ]);
    let start = select(vec!["", "tenant=acme", "tenant=", "x=y&ten%61nt=globex"]);
    let query = (start, vec(piece, 0..8))
        .prop_map(|(start, pieces)| [start.to_owned(), pieces.concat()].concat());
    let named = std::cell::Cell::new(0);
    holds(8192, query, |query| {
        let head = asking(&format!("/?{query}"), &bearer, "localhost");
        let expected = match tenants_of_query(&query).as_slice() {
            [] => Outcome::Refused(RefusalKind::TenantNotNamed),
            [one] if TENANTS.contains(&one.as_str()) => {
                named.set(named.get() + 1);
                Outcome::For(one.clone())
            }
            _ => Outcome::Refused(RefusalKind::TenantNotGranted),
        };
        prop_assert_eq!(outcome(&admission, &head), expected);
        Ok(())
    });
    assert!(
        named.get() > 50,
        "only {} queries named a tenant",
        named.get()
    );
}

#[test]
fn a_prefix_opens_only_what_every_router_finds_below_it() {
    let (admission, bearer) = admission();
    let admission = admission.exempt_prefix("/public").unwrap();
    let opened = std::cell::Cell::new(0);
    holds(8192, paths(), |path| {
        let head = asking(&path, &bearer, "localhost");
        let is_exempt = outcome(&admission, &head) == Outcome::Exempt;
        if is_exempt {
            opened.set(opened.get() + 1);
            for segments in readings(&path) {
                prop_assert_eq!(&segments[0], "public", "{:?}", segments);
                prop_assert_eq!(format!("/{}", segments.join("/")), path.clone());
            }
        }
        let is_plain = path.split('/').skip(1).all(|segment| {
            let is_dots = segment == "." || segment == "..";
            !segment.is_empty()
                && !is_dots
                && segment
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || c == '.')
        });
        if is_plain && (path == "/public" || path.starts_with("/public/")) {
            prop_assert!(is_exempt, "not opened");
        }
        Ok(())
    });
    assert!(opened.get() > 50, "only {} paths were opened", opened.get());
}
