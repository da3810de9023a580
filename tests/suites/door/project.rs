//! How a request names its project, and which projects it may name.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tenancy_core::{
    Admission, Admitted, Allowance, ClaimMap, Issuer, JwtVerifier, KeySource, Limits,
    ProjectAccess, ProjectAccessUnavailable, ProjectId, RateLimit, RefusalCause, TenantContext,
    TenantId, danger,
};
use tenancy_examples::identity_provider::{SigningKey, now};
use tenancy_tests::head::Head;

use super::{ACME, GLOBEX, NOT_GRANTED, ask, told};
use crate::presenting::on_both;

const NAME: &str = "https://issuer.example";
const APOLLO: (u16, &str) = (200, "acme/apollo");
const GEMINI: (u16, &str) = (200, "acme/gemini");
const PROJECT_NOT_GRANTED: (u16, &str) = (403, "project_not_granted");

fn admission(key: &SigningKey) -> Admission {
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
fn named_anywhere(key: &SigningKey) -> Admission {
    admission(key)
        .project_header("X-Project-ID")
        .project_path("/orgs/{tenant}/projects/{project}")
        .unwrap()
        .project_query_parameter("project")
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

fn fields<'a>(bearer: &'a str, header: Option<&'a str>) -> Vec<(&'a str, &'a str)> {
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
    let admission = named_anywhere(&key).tenant_header("x-tenant-id");
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

/// Tenant, subject and project of those who may enter.
#[derive(Debug)]
struct Members(HashSet<[&'static str; 3]>);

#[async_trait::async_trait]
impl ProjectAccess for Members {
    async fn may_enter(
        &self,
        tenant: &TenantContext,
        project: &ProjectId,
    ) -> Result<bool, ProjectAccessUnavailable> {
        assert_eq!(tenant.project(), None, "it is not in the project yet");
        assert!(tenant.is_limited_to_projects());
        let subject = tenant
            .subject()
            .map_or("nobody", |subject| subject.as_str());
        let asked = [tenant.tenant().as_str(), subject, project.as_str()];
        Ok(self.0.contains(&asked))
    }
}

#[tokio::test]
async fn who_may_enter_a_project_is_asked_and_claims_are_a_limit() {
    let key = SigningKey::ec(1).unwrap();
    let members = Members(HashSet::from([
        ["acme", "ada", "apollo"],
        ["acme", "bob", "gemini"],
        ["globex", "ada", "gemini"],
    ]));
    let of = |claims| bearer(&key, &claims);
    let (ada, bob) = (of(json!({})), of(json!({ "sub": "bob" })));
    let claimed = of(json!({ "projects": ["apollo", "gemini"] }));
    let (apollo, gemini) = (
        of(json!({ "project": "apollo" })),
        of(json!({ "project": "gemini" })),
    );
    let none = of(json!({ "projects": [] }));
    // As the trait of tenants does, this one takes an `Arc`.
    let admission = named_anywhere(&key).project_access(Arc::new(members));
    for service in on_both(admission.clone()).await {
        for (bearer, project, expected) in [
            (&ada, Some("apollo"), APOLLO),
            (&ada, Some("gemini"), PROJECT_NOT_GRANTED),
            (&ada, Some("mercury"), PROJECT_NOT_GRANTED),
            (&ada, None, ACME),
            (&bob, Some("gemini"), GEMINI),
            (&bob, Some("apollo"), PROJECT_NOT_GRANTED),
            (&claimed, Some("apollo"), APOLLO),
            (&claimed, Some("gemini"), PROJECT_NOT_GRANTED),
            (&apollo, None, APOLLO),
            (&apollo, Some("apollo"), APOLLO),
            // The token still says so, and ada is a member no more.
            (&gemini, None, PROJECT_NOT_GRANTED),
            (&none, Some("apollo"), PROJECT_NOT_GRANTED),
            (&none, None, ACME),
        ] {
            let answer = ask(&service, "GET /who", &fields(bearer, project)).await;
            assert_eq!(told(&answer), expected, "{project:?}");
        }
    }
    let cause = async |bearer: &str, project| {
        let head = Head::get("/who")
            .authorization(bearer)
            .field("x-project-id", project);
        let refusal = admission.admit(&head).await.unwrap_err();
        refusal.cause().clone()
    };
    assert_eq!(
        cause(&ada, "gemini").await,
        RefusalCause::ProjectAccessDenied
    );
    assert_eq!(
        cause(&none, "apollo").await,
        RefusalCause::ProjectNotGranted
    );
    let undecided = named_anywhere(&key);
    let head = Head::get("/who")
        .authorization(&ada)
        .field("x-project-id", "apollo");
    let refusal = undecided.admit(&head).await.unwrap_err();
    assert_eq!(refusal.cause(), &RefusalCause::ProjectUndecided);
}

#[tokio::test]
async fn whatever_keeps_a_request_out_of_a_project_the_answer_is_the_same() {
    let key = SigningKey::ec(1).unwrap();
    let several = bearer(&key, &json!({ "projects": ["apollo", "gemini"] }));
    let silent = bearer(&key, &json!({}));
    let access = || Members(HashSet::from([["acme", "ada", "apollo"]]));
    let services = on_both(named_anywhere(&key)).await;
    let asking = on_both(named_anywhere(&key).project_access(access())).await;
    for (service, asking) in services.iter().zip(&asking) {
        let unknown = ask(service, "GET /who", &fields(&several, Some("mercury"))).await;
        assert_eq!(told(&unknown), PROJECT_NOT_GRANTED);
        for (service, target, bearer, header) in [
            (service, "GET /who?project=apollo", &several, Some("gemini")),
            (service, "GET /who", &several, Some("")),
            (service, "GET /who", &silent, Some("apollo")),
            (asking, "GET /who", &silent, Some("gemini")),
            (asking, "GET /who", &several, Some("gemini")),
        ] {
            let answer = ask(service, target, &fields(bearer, header)).await;
            assert_eq!(answer, unknown, "every byte: {target} {header:?}");
        }
    }
}

#[derive(Debug)]
struct Down;

#[async_trait::async_trait]
impl ProjectAccess for Down {
    async fn may_enter(
        &self,
        _: &TenantContext,
        _: &ProjectId,
    ) -> Result<bool, ProjectAccessUnavailable> {
        Err(ProjectAccessUnavailable {
            retry_after: Duration::from_secs(7),
            cause: "secret-host is down".to_owned(),
        })
    }
}

/// Looking up access costs the database something that all tenants share.
#[tokio::test]
async fn a_tenant_beyond_its_rate_has_nobody_asked_about_projects() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = bearer(&key, &json!({}));
    let rate = RateLimit::per_hour(NonZeroU32::new(3).unwrap());
    let limits = Limits::new(Allowance::new().rate(rate));
    let admission = named_anywhere(&key).project_access(Down).limits(limits);
    let mut statuses = Vec::new();
    for _ in 0..5 {
        let head = Head::get("/who")
            .authorization(&bearer)
            .field("x-project-id", "apollo");
        let refusal = admission.admit(&head).await.unwrap_err();
        statuses.push(admission.response(&refusal).status());
    }
    assert_eq!(statuses, [503, 503, 503, 429, 429]);
}

#[tokio::test]
async fn access_that_cannot_be_looked_up_is_503() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = bearer(&key, &json!({}));
    for service in on_both(named_anywhere(&key).project_access(Down)).await {
        let answer = ask(&service, "GET /who", &fields(&bearer, Some("apollo"))).await;
        assert_eq!(told(&answer), (503, "temporarily_unavailable"));
        assert!(answer.1.contains("retry-after: 7"), "{}", answer.1);
        assert!(!answer.1.contains("secret-host"));
        // Who names no project is not kept waiting for it.
        let answer = ask(&service, "GET /who", &fields(&bearer, None)).await;
        assert_eq!(told(&answer), ACME);
    }
}

#[tokio::test]
async fn projects_go_with_a_fixed_and_with_a_default_tenant() {
    let key = SigningKey::ec(1).unwrap();
    let acme = || TenantId::parse("acme").unwrap();
    let apollo = bearer(&key, &json!({ "project": "apollo" }));
    for service in on_both(named_anywhere(&key).fixed_tenant(acme())).await {
        for (target, expected) in [
            ("/who", APOLLO),
            ("/orgs/acme/projects/apollo", APOLLO),
            ("/orgs/globex/projects/apollo", NOT_GRANTED),
            ("/orgs/acme/projects/gemini", PROJECT_NOT_GRANTED),
        ] {
            let answer = ask(&service, &format!("GET {target}"), &fields(&apollo, None)).await;
            assert_eq!(told(&answer), expected, "{target}");
        }
    }

    let members = Members(HashSet::from([["acme", "nobody", "apollo"]]));
    for (admission, in_apollo) in [
        (named_anywhere(&key), PROJECT_NOT_GRANTED),
        (named_anywhere(&key).project_access(members), APOLLO),
    ] {
        let reason = "no identity provider here";
        let admission = danger::default_tenant(admission, acme(), reason, "test").unwrap();
        for service in on_both(admission).await {
            for (header, expected) in [
                (None, ACME),
                (Some("apollo"), in_apollo),
                (Some("gemini"), PROJECT_NOT_GRANTED),
            ] {
                let fields = fields("Basic dTpw", header);
                assert_eq!(told(&ask(&service, "GET /who", &fields).await), expected);
            }
        }
    }
}

/// Neither by its claims nor by being asked about does a credential that reaches some projects reach all of them.
#[tokio::test]
async fn only_a_credential_for_the_whole_tenant_is_not_limited_to_projects() {
    let key = SigningKey::ec(1).unwrap();
    let asked = || admission(&key).project_access(Down);
    for (admission, claims, is_limited) in [
        (admission(&key), json!({}), false),
        (admission(&key), json!({ "projects": [] }), true),
        (
            admission(&key),
            json!({ "projects": ["apollo", "gemini"] }),
            true,
        ),
        (admission(&key), json!({ "project": "apollo" }), true),
        (asked(), json!({}), true),
        (asked(), json!({ "projects": [] }), true),
    ] {
        let head = Head::get("/who").authorization(&bearer(&key, &claims));
        match admission.admit(&head).await {
            Ok(Admitted::For(context, _)) => {
                assert_eq!(context.is_limited_to_projects(), is_limited, "{claims}");
            }
            other => panic!("{other:?}"),
        }
    }
    let job = danger::assume(TenantId::parse("acme").unwrap(), "a test").unwrap();
    assert!(!job.is_limited_to_projects());
}
