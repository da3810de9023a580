//! Who may enter a project, where that is asked about besides what claims say.

use std::collections::HashSet;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tenancy_core::{
    Admitted, Allowance, Limits, ProjectAccess, ProjectAccessUnavailable, ProjectId, RateLimit,
    RefusalCause, TenantContext, TenantId, danger,
};
use tenancy_examples::identity_provider::SigningKey;
use tenancy_tests::head::Head;

use super::project::{
    APOLLO, GEMINI, PROJECT_NOT_GRANTED, admission, bearer, fields, named_anywhere,
};
use super::{ACME, NOT_GRANTED, ask, told};
use crate::presenting::on_both;

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
        statuses.push(refusal.response().status());
    }
    assert_eq!(statuses, [503, 503, 503, 429, 429]);
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
        let head = Head::get("/who").authorization(bearer(&key, &claims));
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
