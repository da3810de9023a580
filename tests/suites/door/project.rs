//! How a request names its project, of those that its token grants.

use serde_json::{Value, json};
use tenancy_core::{Admission, ClaimMap, Issuer, JwtVerifier, KeySource};
use tenancy_examples::identity_provider::{SigningKey, now};
use tenancy_tests::head::Head;

use super::{ACME, GLOBEX, NOT_GRANTED, ask, told};
use crate::presenting::on_both;

const NAME: &str = "https://issuer.example";
pub(super) const APOLLO: (u16, &str) = (200, "acme/apollo");
pub(super) const GEMINI: (u16, &str) = (200, "acme/gemini");
pub(super) const PROJECT_NOT_GRANTED: (u16, &str) = (403, "project_not_granted");

pub(super) fn admission(key: &SigningKey) -> Admission {
    let set = json!({ "keys": [key.public()] }).to_string();
    let map = ClaimMap::of_memberships("orgs")
        .project("project")
        .projects("projects")
        .roles("roles");
    let issuer = Issuer::new(NAME, map)
        .audience("us")
        .keys(KeySource::fixed(set));
    Admission::new(JwtVerifier::new([issuer]).unwrap())
}

/// Named in a header, in a path or in the query.
pub(super) fn named_anywhere(key: &SigningKey) -> Admission {
    admission(key)
        .project_header("X-Project-ID")
        .unwrap()
        .project_path("/orgs/{tenant}/projects/{project}")
        .unwrap()
        .project_query_parameter("project")
        .unwrap()
}

/// `Authorization` of ada in acme, with these claims besides.
pub(super) fn bearer(key: &SigningKey, claims: &Value) -> String {
    let mut all =
        json!({ "iss": NAME, "aud": "us", "sub": "ada", "orgs": "acme", "exp": now() + 600 });
    for (name, value) in claims.as_object().unwrap() {
        all[name] = value.clone();
    }
    format!("Bearer {}", key.sign(&all))
}

pub(super) fn fields<'a>(bearer: &'a str, header: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
    let mut fields = vec![("authorization", bearer), ("host", "localhost")];
    fields.extend(header.map(|header| ("x-project-id", header)));
    fields
}

#[tokio::test]
async fn a_request_names_one_of_the_projects_that_its_token_grants() {
    let key = SigningKey::ec(1).unwrap();
    let of = |claims| bearer(&key, &claims);
    let several = of(json!({ "projects": ["apollo", "gemini"] }));
    let one = of(json!({ "projects": ["apollo"] }));
    let single = of(json!({ "project": "apollo" }));
    let narrowed = of(json!({ "project": "apollo", "projects": ["apollo", "gemini"] }));
    let none = of(json!({ "projects": [] }));
    let silent = of(json!({}));
    for service in on_both(named_anywhere(&key)).await {
        for (bearer, target, header, expected) in [
            (&several, "/who", Some("apollo"), APOLLO),
            (&several, "/who", Some("gemini"), GEMINI),
            (&several, "/orgs/acme/projects/gemini", None, GEMINI),
            (&several, "/orgs/acme/projects/a%70ollo/tasks", None, APOLLO),
            (&several, "/who?project=gemini", None, GEMINI),
            // No project, and no refusal: not all that a service does is of a project.
            (&several, "/who", None, ACME),
            (&several, "/who", Some("mercury"), PROJECT_NOT_GRANTED),
            (&several, "/who", Some("APOLLO"), PROJECT_NOT_GRANTED),
            (&several, "/who", Some("*"), PROJECT_NOT_GRANTED),
            (&several, "/who", Some(""), PROJECT_NOT_GRANTED),
            (&several, "/who", Some("apollo,gemini"), PROJECT_NOT_GRANTED),
            (&several, "/who?project=%zz", None, PROJECT_NOT_GRANTED),
            (
                &several,
                "/orgs/acme/projects/mercury",
                None,
                PROJECT_NOT_GRANTED,
            ),
            (&one, "/who", None, APOLLO),
            (&one, "/who", Some("apollo"), APOLLO),
            (&one, "/who", Some("gemini"), PROJECT_NOT_GRANTED),
            (&single, "/who", None, APOLLO),
            (&single, "/who?project=apollo", None, APOLLO),
            (&single, "/who?project=gemini", None, PROJECT_NOT_GRANTED),
            (&narrowed, "/who", None, APOLLO),
            (&narrowed, "/who", Some("gemini"), PROJECT_NOT_GRANTED),
            (&none, "/who", None, ACME),
            (&none, "/who", Some("apollo"), PROJECT_NOT_GRANTED),
            (&silent, "/who", None, ACME),
            (&silent, "/who", Some("apollo"), PROJECT_NOT_GRANTED),
        ] {
            let answer = ask(&service, &format!("GET {target}"), &fields(bearer, header)).await;
            assert_eq!(told(&answer), expected, "{target} {header:?}");
        }
        let twice = [
            fields(&several, Some("apollo")),
            vec![("x-project-id", "apollo")],
        ]
        .concat();
        let answer = ask(&service, "GET /who", &twice).await;
        assert_eq!(told(&answer), PROJECT_NOT_GRANTED);
    }
    // Where none is configured, none counts.
    for service in on_both(admission(&key)).await {
        for (bearer, expected) in [(&several, ACME), (&single, APOLLO)] {
            let target = "GET /orgs/acme/projects/gemini?project=gemini";
            let answer = ask(&service, target, &fields(bearer, Some("gemini"))).await;
            assert_eq!(told(&answer), expected);
        }
    }
}

#[tokio::test]
async fn all_that_names_a_project_has_to_name_the_same_one() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = bearer(&key, &json!({ "projects": ["apollo", "gemini"] }));
    let everywhere = named_anywhere(&key);
    for service in on_both(everywhere.clone()).await {
        for (target, header, expected) in [
            (
                "/orgs/acme/projects/apollo?project=apollo",
                Some("apollo"),
                APOLLO,
            ),
            (
                "/orgs/acme/projects/apollo",
                Some("gemini"),
                PROJECT_NOT_GRANTED,
            ),
            (
                "/orgs/acme/projects/apollo?project=gemini",
                None,
                PROJECT_NOT_GRANTED,
            ),
            ("/who?project=apollo", Some("gemini"), PROJECT_NOT_GRANTED),
            ("/who?project=apollo", Some(""), PROJECT_NOT_GRANTED),
        ] {
            let answer = ask(&service, &format!("GET {target}"), &fields(&bearer, header)).await;
            assert_eq!(told(&answer), expected, "{target} {header:?}");
        }
    }
    let head = Head::get("/orgs/acme/projects/apollo")
        .authorization(&bearer)
        .field("x-project-id", "gemini");
    let refusal = everywhere.admit(&head).await.unwrap_err();
    let expected = "the header and the path name different projects";
    assert_eq!(refusal.to_string(), expected);
}

/// A project of globex is none of acme's business, also where acme has one of this name.
#[tokio::test]
async fn a_path_with_a_tenant_names_both() {
    let key = SigningKey::ec(1).unwrap();
    let one = bearer(&key, &json!({ "projects": ["apollo"] }));
    let both =
        json!({ "orgs": ["acme", "globex"], "projects": { "acme": ["apollo"], "globex": [] } });
    let both = bearer(&key, &both);
    for service in on_both(named_anywhere(&key)).await {
        for (bearer, path, expected) in [
            (&one, "/orgs/acme/projects/apollo", APOLLO),
            (&one, "/orgs/globex/projects/apollo", NOT_GRANTED),
            (&one, "/orgs/ACME/projects/apollo", NOT_GRANTED),
            (&one, "/orgs//projects/apollo", NOT_GRANTED),
            (&one, "/orgs/acme/projects/apollo/../gemini", NOT_GRANTED),
            (&one, "/orgs/acme/projects/apollo%2fx", NOT_GRANTED),
            (&both, "/orgs/acme/projects/apollo", APOLLO),
            (&both, "/orgs/globex/projects/apollo", PROJECT_NOT_GRANTED),
            (&both, "/orgs/initech/projects/apollo", NOT_GRANTED),
        ] {
            let answer = ask(&service, &format!("GET {path}"), &fields(bearer, None)).await;
            assert_eq!(told(&answer), expected, "{path}");
        }
    }
    let without_tenant = admission(&key).project_path("/projects/{project}").unwrap();
    for service in on_both(without_tenant).await {
        for (path, expected) in [
            ("/projects/apollo/tasks", APOLLO),
            ("/projects/gemini", PROJECT_NOT_GRANTED),
            ("/projects/apollo//x", PROJECT_NOT_GRANTED),
            ("/projects", APOLLO),
        ] {
            let answer = ask(&service, &format!("GET {path}"), &fields(&one, None)).await;
            assert_eq!(told(&answer), expected, "{path}");
        }
    }
}

/// A project means something only together with its tenant.
#[tokio::test]
async fn a_token_of_several_tenants_says_whose_its_projects_are() {
    let key = SigningKey::ec(1).unwrap();
    let of = |projects| {
        bearer(
            &key,
            &json!({ "orgs": ["acme", "globex"], "projects": projects }),
        )
    };
    let by_tenant =
        of(json!({ "acme": ["apollo", "gemini"], "globex": "apollo", "initech": ["x"] }));
    let of_acme = of(json!({ "acme": ["apollo"] }));
    let flat = of(json!(["apollo"]));
    let admission = named_anywhere(&key).tenant_header("x-tenant-id").unwrap();
    for service in on_both(admission).await {
        for (bearer, tenant, project, expected) in [
            (&by_tenant, "acme", Some("gemini"), GEMINI),
            (&by_tenant, "acme", None, ACME),
            (&by_tenant, "globex", Some("apollo"), (200, "globex/apollo")),
            (&by_tenant, "globex", None, (200, "globex/apollo")),
            (&by_tenant, "globex", Some("gemini"), PROJECT_NOT_GRANTED),
            (&by_tenant, "initech", Some("x"), NOT_GRANTED),
            (&of_acme, "acme", None, APOLLO),
            (&of_acme, "globex", None, GLOBEX),
            (&of_acme, "globex", Some("apollo"), PROJECT_NOT_GRANTED),
            (&flat, "acme", Some("apollo"), (401, "invalid_token")),
        ] {
            let mut fields = fields(bearer, project);
            fields.push(("x-tenant-id", tenant));
            let answer = ask(&service, "GET /who", &fields).await;
            assert_eq!(told(&answer), expected, "{tenant} {project:?}");
        }
    }
}
