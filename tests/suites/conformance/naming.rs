//! Tenants and projects named in every place, and in two places at once, with one answer of both frameworks.

use std::fmt::Write as _;

use serde_json::json;
use tenancy_core::{Admission, TenantId};

use super::Provider;
use super::both::Both;
use crate::twins::{Reply, Service};

const NOT_NAMED: (u16, &str) = (403, "tenant_not_named");
const NOT_GRANTED: (u16, &str) = (403, "tenant_not_granted");
const PROJECT_NOT_GRANTED: (u16, &str) = (403, "project_not_granted");
const ACME: (u16, &str) = (200, "acme");
const GLOBEX: (u16, &str) = (200, "globex");

/// A request that names something in some of the places.
#[derive(Clone)]
struct Request {
    host: String,
    path: String,
    query: String,
    fields: Vec<(&'static str, String)>,
}

impl Request {
    fn new() -> Self {
        Self {
            host: "service.example".into(),
            path: "/any".into(),
            query: String::new(),
            fields: Vec::new(),
        }
    }

    fn text(&self, bearer: &str) -> String {
        let Self {
            host, path, query, ..
        } = self;
        let mut text = format!("GET {path}{query} HTTP/1.1\r\nhost: {host}\r\n");
        write!(text, "authorization: Bearer {bearer}\r\n").unwrap();
        for (name, value) in &self.fields {
            write!(text, "{name}: {value}\r\n").unwrap();
        }
        text + "\r\n"
    }
}

/// A place, and how a request names something in it.
type Place = (&'static str, fn(Request, &str) -> Request);

const TENANT_PLACES: [Place; 4] = [
    ("header", |mut request, name| {
        request.fields.push(("x-tenant-id", name.to_owned()));
        request
    }),
    ("host", |request, name| Request {
        host: format!("{name}.app.example.com"),
        ..request
    }),
    ("path", |request, name| Request {
        path: format!("/t/{name}/notes"),
        ..request
    }),
    ("query", |request, name| Request {
        query: format!("?tenant={name}"),
        ..request
    }),
];

const PROJECT_PLACES: [Place; 3] = [
    ("header", |mut request, name| {
        request.fields.push(("x-project-id", name.to_owned()));
        request
    }),
    ("path", |request, name| Request {
        path: format!("/orgs/acme/projects/{name}/tasks"),
        ..request
    }),
    ("query", |request, name| Request {
        query: format!("?project={name}"),
        ..request
    }),
];

/// Every place that may name a tenant, and every one that may name a project.
fn everywhere(provider: &Provider) -> Admission {
    provider
        .admission()
        .tenant_header("X-Tenant-ID")
        .unwrap()
        .tenant_host("{tenant}.app.example.com")
        .and_then(|it| it.tenant_path("/t/{tenant}"))
        .map(|it| {
            it.tenant_query_parameter("tenant")
                .unwrap()
                .project_header("X-Project-ID")
                .unwrap()
        })
        .and_then(|it| it.project_path("/orgs/{tenant}/projects/{project}"))
        .map(|it| it.project_query_parameter("project").unwrap())
        .unwrap()
}

async fn start(admission: Admission) -> Both {
    Both::of(Service::new(admission).everywhere()).await
}

fn told(reply: &Reply) -> (u16, &str) {
    let code = reply.body.split(r#""code":""#).nth(1);
    let code = code.map(|code| code.split('"').next().unwrap());
    (reply.status, code.unwrap_or(&reply.body))
}

async fn ask(both: &mut Both, request: &Request, bearer: &str, expected: (u16, &str)) {
    let text = request.text(bearer);
    let reply = both.ask(&text).await;
    assert_eq!(told(&reply), expected, "{text}");
}

#[tokio::test]
async fn every_place_names_a_tenant_and_every_two_have_to_agree() {
    let provider = Provider::new();
    let token = provider.token(&["acme", "globex"], "ada");
    let mut both = start(everywhere(&provider)).await;
    ask(&mut both, &Request::new(), &token, NOT_NAMED).await;
    for (one, first) in TENANT_PLACES {
        for (name, expected) in [
            ("acme", ACME),
            ("globex", GLOBEX),
            ("initech", NOT_GRANTED),
            ("*", NOT_GRANTED),
            ("acme,globex", NOT_GRANTED),
        ] {
            let request = first(Request::new(), name);
            ask(&mut both, &request, &token, expected).await;
        }
        for (other, second) in TENANT_PLACES {
            if one == other {
                continue;
            }
            for (names, expected) in [
                (["acme", "acme"], ACME),
                (["globex", "globex"], GLOBEX),
                (["acme", "globex"], NOT_GRANTED),
                (["acme", "initech"], NOT_GRANTED),
                (["initech", "acme"], NOT_GRANTED),
                (["initech", "initech"], NOT_GRANTED),
            ] {
                let request = second(first(Request::new(), names[0]), names[1]);
                ask(&mut both, &request, &token, expected).await;
            }
        }
    }
    // All of them at once, and one of them another.
    let all = |odd: Option<&str>| {
        let places = TENANT_PLACES.iter();
        places.fold(Request::new(), |request, (place, name)| {
            name(request, if odd == Some(place) { "globex" } else { "acme" })
        })
    };
    ask(&mut both, &all(None), &token, ACME).await;
    for (place, _) in TENANT_PLACES {
        ask(&mut both, &all(Some(place)), &token, NOT_GRANTED).await;
    }
    assert!(both.asked > 90, "only {}", both.asked);
}

#[tokio::test]
async fn a_fixed_tenant_has_to_agree_with_every_place() {
    let provider = Provider::new();
    let fixed = everywhere(&provider).fixed_tenant(TenantId::parse("acme").unwrap());
    let mut both = start(fixed).await;
    for (orgs, alone) in [
        (&["acme", "globex"][..], ACME),
        (&["acme"], ACME),
        (&["globex"], NOT_GRANTED),
    ] {
        let token = provider.token(orgs, "ada");
        ask(&mut both, &Request::new(), &token, alone).await;
        for (_, name) in TENANT_PLACES {
            let acme = name(Request::new(), "acme");
            ask(&mut both, &acme, &token, alone).await;
            let globex = name(Request::new(), "globex");
            ask(&mut both, &globex, &token, NOT_GRANTED).await;
        }
    }
}

#[tokio::test]
async fn odd_hosts_get_the_same_answer() {
    let provider = Provider::new();
    let token = provider.token(&["acme", "globex"], "ada");
    let mut both = start(everywhere(&provider)).await;
    for (host, expected) in [
        ("acme.app.example.com:8080", ACME),
        ("acme.app.example.com:", ACME),
        ("ACME.App.Example.COM", ACME),
        ("acme.app.example.com.", ACME),
        ("Globex.app.example.com.:443", GLOBEX),
        ("www.app.example.com", NOT_GRANTED),
        ("xn--80ak6aa92e.app.example.com", NOT_GRANTED),
        ("a_b.app.example.com", NOT_GRANTED),
        ("-acme.app.example.com", NOT_GRANTED),
        (".app.example.com", NOT_GRANTED),
        ("initech.app.example.com@acme.app.example.com", NOT_GRANTED),
        ("acme.app.example.com:80:80", NOT_GRANTED),
        ("acme.app.example.com:http", NOT_GRANTED),
        ("acme.globex.app.example.com", NOT_NAMED),
        ("www.acme.app.example.com", NOT_NAMED),
        ("acme.app.example.com.evil.example", NOT_NAMED),
        ("acme.app.example.com..", NOT_NAMED),
        ("app.example.com", NOT_NAMED),
        ("127.0.0.1", NOT_NAMED),
        ("127.0.0.1:80", NOT_NAMED),
        ("[::1]", NOT_NAMED),
        ("[::1]:80", NOT_NAMED),
        ("localhost", NOT_NAMED),
        ("", NOT_NAMED),
    ] {
        let mut request = Request::new();
        host.clone_into(&mut request.host);
        // Whoever sends the request writes these.
        for (name, value) in [
            ("x-forwarded-host", "globex.app.example.com"),
            ("x-original-host", "globex.app.example.com"),
            ("forwarded", "host=globex.app.example.com"),
        ] {
            request.fields.push((name, value.to_owned()));
        }
        ask(&mut both, &request, &token, expected).await;
    }
    // A target in absolute form has an authority, and `Host` has to be the same.
    for (authority, host, expected) in [
        ("acme.app.example.com", "acme.app.example.com", ACME),
        ("acme.app.example.com", "ACME.app.example.com.:80", ACME),
        (
            "acme.app.example.com",
            "globex.app.example.com",
            NOT_GRANTED,
        ),
        ("acme.app.example.com", "localhost", NOT_GRANTED),
        ("localhost", "acme.app.example.com", NOT_GRANTED),
        ("localhost", "localhost", NOT_NAMED),
    ] {
        let request = Request {
            path: format!("http://{authority}/any"),
            host: host.to_owned(),
            ..Request::new()
        };
        ask(&mut both, &request, &token, expected).await;
    }
}

#[tokio::test]
async fn odd_paths_get_the_same_answer() {
    let provider = Provider::new();
    let token = provider.token(&["acme", "globex"], "ada");
    let mut both = start(everywhere(&provider)).await;
    for (path, expected) in [
        ("/t/acme", ACME),
        ("/t/acme/", ACME),
        ("/t/acme/a/b", ACME),
        ("/t/%61cme", ACME),
        ("/%74/acme", ACME),
        ("/t/acme/a%2fb", ACME),
        ("/t/acme?tenant=acme&x=//", ACME),
        ("/T/acme", NOT_NAMED),
        ("/t", NOT_NAMED),
        ("/x/t/acme", NOT_NAMED),
        ("/t/ACME", NOT_GRANTED),
        ("/t/%41cme", NOT_GRANTED),
        ("/t/%2561cme", NOT_GRANTED),
        ("//t/acme", NOT_GRANTED),
        ("/t//acme", NOT_GRANTED),
        ("/t/acme//notes", NOT_GRANTED),
        ("/./t/acme", NOT_GRANTED),
        ("/t/acme/.", NOT_GRANTED),
        ("/t/acme/../globex", NOT_GRANTED),
        ("/t/acme/%2e%2e/globex", NOT_GRANTED),
        ("/t/acme/%2E./globex", NOT_GRANTED),
        ("/t/acme/..%2fglobex", NOT_GRANTED),
        ("/t/acme/..;x/globex", NOT_GRANTED),
        ("/t%2facme", NOT_GRANTED),
        ("/t/acme%2fnotes", NOT_GRANTED),
        ("/t/acme%5cnotes", NOT_GRANTED),
        ("/t/acme%00", NOT_GRANTED),
        ("/t/acme%ff", NOT_GRANTED),
        ("/t/acme%", NOT_GRANTED),
        ("/t/acme/%0d%0a", NOT_GRANTED),
        // The path of a project names its tenant.
        ("/orgs/globex/projects", NOT_NAMED),
        ("/orgs/initech/projects/apollo", NOT_GRANTED),
    ] {
        let request = Request {
            path: path.to_owned(),
            ..Request::new()
        };
        ask(&mut both, &request, &token, expected).await;
    }
}

#[tokio::test]
async fn odd_queries_get_the_same_answer() {
    let provider = Provider::new();
    let token = provider.token(&["acme", "globex", "a b"], "ada");
    let mut both = start(everywhere(&provider)).await;
    for (query, expected) in [
        ("?tenant=acme", ACME),
        ("?ten%61nt=%61cme&x", ACME),
        ("?tenant=a+b", (200, "a b")),
        ("?tenant=a%20b", (200, "a b")),
        ("?", NOT_NAMED),
        ("?Tenant=acme", NOT_NAMED),
        ("?x;tenant=acme", NOT_NAMED),
        ("?tenant", NOT_GRANTED),
        ("?tenant=", NOT_GRANTED),
        ("?tenant=acme&tenant=acme", NOT_GRANTED),
        ("?tenant=acme&%74enant=globex", NOT_GRANTED),
        ("?tenant=%2561cme", NOT_GRANTED),
        ("?tenant=acme%", NOT_GRANTED),
        ("?tenant=acme%0", NOT_GRANTED),
        ("?tenant=acme%ff", NOT_GRANTED),
        ("?tenant=acme%00", NOT_GRANTED),
        ("?tenant=acme?", NOT_GRANTED),
    ] {
        let request = Request {
            query: query.to_owned(),
            ..Request::new()
        };
        ask(&mut both, &request, &token, expected).await;
    }
}

#[tokio::test]
async fn every_place_names_a_project_and_every_two_have_to_agree() {
    let provider = Provider::new();
    let of = |projects| {
        provider.token_with(&json!({ "orgs": ["acme"], "projects": projects, "sub": "ada" }))
    };
    let several = of(json!(["apollo", "gemini"]));
    let (one, none) = (of(json!("apollo")), of(json!([])));
    let silent = provider.token(&["acme"], "ada");
    let mut both = start(everywhere(&provider)).await;
    let (apollo, gemini) = ((200, "acme/apollo"), (200, "acme/gemini"));
    for (token, alone) in [
        (&several, ACME),
        (&one, apollo),
        (&none, ACME),
        (&silent, ACME),
    ] {
        ask(&mut both, &Request::new(), token, alone).await;
    }
    for (place, first) in PROJECT_PLACES {
        for (token, name, expected) in [
            (&several, "apollo", apollo),
            (&several, "gemini", gemini),
            (&several, "mercury", PROJECT_NOT_GRANTED),
            (&several, "Apollo", PROJECT_NOT_GRANTED),
            (&several, "*", PROJECT_NOT_GRANTED),
            (&one, "apollo", apollo),
            (&one, "gemini", PROJECT_NOT_GRANTED),
            (&none, "apollo", PROJECT_NOT_GRANTED),
            (&silent, "apollo", PROJECT_NOT_GRANTED),
        ] {
            let request = first(Request::new(), name);
            ask(&mut both, &request, token, expected).await;
        }
        for (other, second) in PROJECT_PLACES {
            if place == other {
                continue;
            }
            for (names, expected) in [
                (["apollo", "apollo"], apollo),
                (["apollo", "gemini"], PROJECT_NOT_GRANTED),
                (["apollo", "mercury"], PROJECT_NOT_GRANTED),
                (["mercury", "mercury"], PROJECT_NOT_GRANTED),
            ] {
                let request = second(first(Request::new(), names[0]), names[1]);
                ask(&mut both, &request, &several, expected).await;
            }
        }
        // A tenant that is not granted is told first.
        let request = TENANT_PLACES[0].1(first(Request::new(), "mercury"), "globex");
        ask(&mut both, &request, &several, NOT_GRANTED).await;
    }
    for path in [
        "/orgs/globex/projects/apollo",
        "/orgs/acme/projects//apollo",
        "/orgs/acme/projects/apollo/../gemini",
        "/orgs/acme/projects/apollo%2fx",
        "/orgs/%2e/projects/apollo",
    ] {
        let request = Request {
            path: path.to_owned(),
            ..Request::new()
        };
        ask(&mut both, &request, &several, NOT_GRANTED).await;
    }
    assert!(both.asked > 50, "only {}", both.asked);
}
