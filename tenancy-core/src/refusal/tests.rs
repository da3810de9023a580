//! What each cause is answered with.

use std::borrow::Cow;
use std::num::NonZeroU32;
use std::time::Duration;

use super::*;
use crate::{ApiKeyProblem, MalformedCredential, RateLimit, TokenProblem};

type Row = (
    RefusalCause,
    u16,
    Option<&'static str>,
    Option<u64>,
    &'static str,
);

fn assert_answers(rows: impl IntoIterator<Item = Row>) {
    for (cause, status, challenge, retry_after, code) in rows {
        let response = Wording::default().response(&cause);
        assert_eq!(response.status(), status);
        assert_eq!(response.challenge(), challenge);
        assert_eq!(response.retry_after(), retry_after);
        let body: serde_json::Value = serde_json::from_str(response.body()).unwrap();
        assert_eq!(body["code"], code);
        assert_eq!(body["status"], status);
    }
}

#[test]
fn the_table_of_answers() {
    assert_answers([
        (
            RefusalCause::Missing,
            401,
            Some(r#"Bearer realm="api""#),
            None,
            "missing_token",
        ),
        (
            RefusalCause::Malformed(MalformedCredential::Several),
            400,
            Some(r#"Bearer realm="api", error="invalid_request""#),
            None,
            "invalid_request",
        ),
        (
            RefusalCause::Token(TokenProblem::Expired),
            401,
            Some(r#"Bearer realm="api", error="invalid_token""#),
            None,
            "invalid_token",
        ),
        (
            RefusalCause::ApiKey(ApiKeyProblem::Unknown),
            401,
            Some(r#"ApiKey realm="api""#),
            None,
            "invalid_api_key",
        ),
        (
            RefusalCause::TenantNotNamed,
            403,
            None,
            None,
            "tenant_not_named",
        ),
        (
            RefusalCause::TenantNotGranted {
                place: "the header",
            },
            403,
            None,
            None,
            "tenant_not_granted",
        ),
        (
            RefusalCause::ProjectNotGranted,
            403,
            None,
            None,
            "project_not_granted",
        ),
        (
            RefusalCause::Lacking { needed: "x".into() },
            403,
            Some(r#"Bearer realm="api", error="insufficient_scope""#),
            None,
            "insufficient_scope",
        ),
    ]);
}

#[test]
fn who_may_come_back_is_told_when() {
    let keys = RefusalCause::KeysUnavailable {
        retry_after: Duration::from_millis(1500),
        cause: "x".into(),
    };
    assert_answers([
        (
            RefusalCause::RateLimited {
                limit: RateLimit::per_minute(NonZeroU32::new(90).unwrap()),
                retry_after: Duration::from_millis(667),
            },
            429,
            None,
            Some(1),
            "rate_limited",
        ),
        (
            RefusalCause::TooManyConcurrent {
                at_most: NonZeroU32::MIN,
            },
            503,
            None,
            Some(1),
            "too_many_concurrent_requests",
        ),
        (keys, 503, None, Some(2), "keys_unavailable"),
        (
            RefusalCause::Unavailable {
                retry_after: Duration::from_secs(3),
                cause: "x".into(),
            },
            503,
            None,
            Some(3),
            "temporarily_unavailable",
        ),
    ]);
}

fn field<'a>(response: &'a RefusalResponse, name: &str) -> Option<Cow<'a, str>> {
    let field = response.fields().find(|(other, _)| *other == name);
    field.map(|(_, value)| value)
}

#[test]
fn a_rate_limit_is_told_in_the_fields_of_the_draft() {
    let wording = Wording::default();
    let number = |number| NonZeroU32::new(number).unwrap();
    for (limit, wait, policy, remaining) in [
        (
            RateLimit::per_minute(number(90)),
            667,
            r#""tenant";q=90;w=60"#,
            r#""tenant";r=0;t=1"#,
        ),
        (
            RateLimit::per_second(number(10)).burst(number(55)),
            100,
            r#""tenant";q=55;w=6"#,
            r#""tenant";r=0;t=1"#,
        ),
        (
            RateLimit::per_hour(number(2)),
            1_800_000,
            r#""tenant";q=2;w=3600"#,
            r#""tenant";r=0;t=1800"#,
        ),
    ] {
        let retry_after = Duration::from_millis(wait);
        let response = wording.response(&RefusalCause::RateLimited { limit, retry_after });
        assert_eq!(field(&response, "ratelimit-policy"), Some(policy.into()));
        assert_eq!(field(&response, "ratelimit"), Some(remaining.into()));
    }
    let other = wording.response(&RefusalCause::Missing);
    assert_eq!(field(&other, "ratelimit-policy"), None);
    assert_eq!(field(&other, "ratelimit"), None);
}

#[test]
fn every_bad_api_key_gets_the_same_answer() {
    let wording = Wording {
        served: Served::Both,
        ..Wording::default()
    };
    let answer = |problem| wording.response(&RefusalCause::ApiKey(problem));
    let expected = answer(ApiKeyProblem::Unknown);
    assert_eq!(answer(ApiKeyProblem::Revoked), expected);
    assert_eq!(answer(ApiKeyProblem::Expired), expected);
}

#[test]
fn every_bad_token_gets_the_same_answer() {
    let wording = Wording::default();
    let answer = |problem| wording.response(&RefusalCause::Token(problem));
    let expected = answer(TokenProblem::Signature);
    for problem in [
        TokenProblem::Expired,
        TokenProblem::NoMatchingKey,
        TokenProblem::TenantMissing,
    ] {
        assert_eq!(answer(problem), expected);
    }
}

#[test]
fn unknown_suspended_and_deleted_tenants_look_like_one_that_is_not_granted() {
    let wording = Wording::default();
    let not_granted = wording.response(&RefusalCause::TenantNotGranted { place: "the host" });
    let mut in_logs = vec![RefusalCause::TenantNotGranted { place: "the host" }.to_string()];
    for cause in [
        RefusalCause::TenantUnknown,
        RefusalCause::TenantSuspended,
        RefusalCause::TenantDeleted,
        RefusalCause::TenantsDisagree {
            first: "the host",
            second: "the path",
        },
    ] {
        in_logs.push(cause.to_string());
        assert_eq!(wording.response(&cause), not_granted);
    }
    in_logs.sort();
    in_logs.dedup();
    assert_eq!(in_logs.len(), 5, "logs tell them apart");
}

#[test]
fn projects_that_are_not_granted_look_alike_whatever_the_cause() {
    let wording = Wording::default();
    let not_granted = wording.response(&RefusalCause::ProjectNotGranted);
    let mut in_logs = vec![RefusalCause::ProjectNotGranted.to_string()];
    for cause in [
        RefusalCause::ProjectAccessDenied,
        RefusalCause::ProjectUndecided,
        RefusalCause::ProjectsDisagree {
            first: "the header",
            second: "the path",
        },
    ] {
        in_logs.push(cause.to_string());
        assert_eq!(wording.response(&cause), not_granted);
    }
    in_logs.sort();
    in_logs.dedup();
    assert_eq!(in_logs.len(), 4, "logs tell them apart");
}

#[test]
fn a_service_may_choose_403_for_a_missing_credential() {
    for (served, missing) in [
        (Served::Tokens, RefusalCause::Missing),
        (Served::Both, RefusalCause::Missing),
        (Served::ApiKeys, RefusalCause::MissingApiKey),
    ] {
        let wording = Wording {
            missing_is_forbidden: true,
            served,
            ..Wording::default()
        };
        let response = wording.response(&missing);
        assert_eq!((response.status(), response.challenge()), (403, None));
    }
}

#[test]
fn a_challenge_names_what_the_service_takes() {
    let bearer = r#"Bearer realm="api""#;
    let api_key = r#"ApiKey realm="api""#;
    let both = r#"Bearer realm="api", ApiKey realm="api""#;
    let malformed = r#"Bearer realm="api", error="invalid_request""#;
    let bad_token = r#"Bearer realm="api", error="invalid_token""#;
    let several = RefusalCause::Malformed(MalformedCredential::Several);
    let (token, key) = (TokenProblem::Expired, ApiKeyProblem::Expired);
    for (served, cause, status, challenge) in [
        (Served::Tokens, RefusalCause::Missing, 401, bearer),
        (Served::Both, RefusalCause::Missing, 401, both),
        (Served::ApiKeys, RefusalCause::MissingApiKey, 401, api_key),
        (Served::Both, RefusalCause::ApiKey(key), 401, api_key),
        (Served::ApiKeys, RefusalCause::ApiKey(key), 401, api_key),
        (Served::Both, RefusalCause::Token(token), 401, bad_token),
        // Each 401 has one, also where a place for tokens was configured and nobody verifies them.
        (Served::ApiKeys, RefusalCause::Token(token), 401, api_key),
        (Served::Both, several.clone(), 400, malformed),
        (Served::ApiKeys, several, 400, api_key),
    ] {
        let wording = Wording {
            served,
            ..Wording::default()
        };
        let response = wording.response(&cause);
        let told = (response.status(), response.challenge());
        assert_eq!(told, (status, Some(challenge)), "{served:?}");
    }
}
