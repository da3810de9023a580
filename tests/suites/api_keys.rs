//! API keys: which open the tenant that they are for, and what else is told about all others. Alike on axum and actix-web.

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use tenancy_core::{
    Admission, Admitted, Algorithm, Allowance, ApiKey, ApiKeyHash, ApiKeyProblem, ApiKeyRecord,
    ApiKeyStore, ApiKeyStoreUnavailable, ApiKeys, Clock as _, JobEnvelopes, Limits, ManualClock,
    MemoryApiKeys, MemoryDirectory, ProjectId, RateLimit, RefusalCause, RequestHead,
    RolePermissions, SharedSecret, SigningKey, SubjectId, TableCatalog, TenantContext, TenantId,
    TenantRecord, TenantSlug, TenantStatus, TenantTable, UnixTime, danger,
};
use tenancy_examples::identity_provider::SigningKey as ProviderKey;
use tenancy_sqlx::{ContextValue, Setting, TenantPool};
use tenancy_tests::notes::{Notes, catalog};

use super::answers::{Answer, send};
use super::guarding;
use super::metered::counting;
use super::presenting::{admission, on_both, token};
use super::redaction::capture::Log;
use super::twins::{Connection, OnActix, OnAxum, Service, TestApp, request};

/// A key of `subject` in `tenant`, and what a store is to know about it.
fn key(tenant: &str, subject: &str) -> (String, ApiKeyRecord) {
    let key = ApiKey::generate().unwrap();
    let (tenant, subject) = (
        TenantId::parse(tenant).unwrap(),
        SubjectId::parse(subject).unwrap(),
    );
    let record = ApiKeyRecord::new(key.hash(), tenant, subject);
    (key.expose(), record)
}

/// A store with one key, and the key.
fn store(tenant: &str, edit: impl FnOnce(ApiKeyRecord) -> ApiKeyRecord) -> (MemoryApiKeys, String) {
    let keys = MemoryApiKeys::new();
    let (key, record) = key(tenant, "import");
    keys.insert(edit(record));
    (keys, key)
}

async fn ask(service: &str, fields: &[(&str, &str)]) -> Answer {
    send(service, "/who", fields).await
}

/// The status, and the tenant that was admitted or the code of the refusal.
fn told(answer: &Answer) -> (u16, &str) {
    let code = answer.body.split(r#""code":""#).nth(1);
    (
        answer.status,
        code.map_or(&answer.body, |code| code.split('"').next().unwrap()),
    )
}

/// A request without a framework.
struct Head<'a>(&'a [(&'a str, &'a str)]);

impl RequestHead for Head<'_> {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let fields = self.0.iter().filter(move |(field, _)| *field == name);
        fields.map(|(_, value)| value.as_bytes())
    }

    fn method(&self) -> &'static str {
        "GET"
    }

    fn authority(&self) -> Option<&str> {
        None
    }

    fn path(&self) -> &'static str {
        "/who"
    }

    fn query(&self) -> Option<&str> {
        None
    }

    fn peer_address(&self) -> Option<IpAddr> {
        None
    }
}

async fn context(admission: &Admission, key: &str) -> TenantContext {
    let head = Head(&[("x-api-key", key)]);
    match admission.admit(&head).await.unwrap() {
        Admitted::For(context, _) => context,
        other => panic!("{other:?}"),
    }
}

const INVALID: &str = r#"{"type":"about:blank","title":"The API key is not accepted","status":401,"code":"invalid_api_key"}"#;
const CHALLENGE: &str = r#"ApiKey realm="api""#;

#[tokio::test]
async fn a_good_key_opens_its_tenant_beside_tokens_and_every_other_is_refused() {
    let signing = ProviderKey::ec(1).unwrap();
    let (keys, good) = store("acme", |record| record);
    let bearer = format!("Bearer {}", token(&signing, &json!(["globex"])));
    let as_bearer = format!("Bearer {good}");
    let unknown = ApiKey::generate().unwrap().expose();
    let other_prefix = ApiKey::generate_with_prefix("other").unwrap().expose();
    let misspelt = format!("{}x", &good[..good.len() - 1]);
    let (cut_off, upper) = (&good[..good.len() - 1], good.to_uppercase());
    let long = "x".repeat(6_000);
    let admission = admission(&signing).api_keys(ApiKeys::new(keys));
    for service in on_both(admission).await {
        for (fields, expected) in [
            (&[("x-api-key", good.as_str())][..], (200, "acme")),
            (&[("X-API-KEY", &good)], (200, "acme")),
            (&[("authorization", &bearer)], (200, "globex")),
            (&[], (401, "missing_token")),
            (&[("x-api-key", &unknown)], (401, "invalid_api_key")),
            (&[("x-api-key", &other_prefix)], (401, "invalid_api_key")),
            (&[("authorization", &as_bearer)], (401, "invalid_token")),
            (&[("x-key", &good)], (401, "missing_token")),
            (&[("x-api-key", "")], (400, "invalid_request")),
            (&[("x-api-key", &misspelt)], (400, "invalid_request")),
            (&[("x-api-key", cut_off)], (400, "invalid_request")),
            (&[("x-api-key", &upper)], (400, "invalid_request")),
            (&[("x-api-key", &as_bearer)], (400, "invalid_request")),
            (&[("x-api-key", &long)], (400, "invalid_request")),
            (
                &[("x-api-key", &good), ("x-api-key", &good)],
                (400, "invalid_request"),
            ),
            (
                &[("x-api-key", &good), ("authorization", &bearer)],
                (400, "invalid_request"),
            ),
            (
                &[("x-api-key", &unknown), ("authorization", &bearer)],
                (400, "invalid_request"),
            ),
            (
                &[("x-api-key", &misspelt), ("authorization", &bearer)],
                (400, "invalid_request"),
            ),
        ] {
            let answer = ask(&service, fields).await;
            assert_eq!(told(&answer), expected, "{fields:?}");
        }
        let refused = ask(&service, &[("x-api-key", &unknown)]).await;
        assert_eq!(refused.body, INVALID);
        assert_eq!(refused.challenge(), Some(CHALLENGE));
        let missing = ask(&service, &[]).await;
        assert_eq!(
            missing.challenge(),
            Some(r#"Bearer realm="api", ApiKey realm="api""#)
        );
        assert!(
            missing
                .body
                .contains("A bearer token or an API key is required")
        );
        let subject = send(&service, "/subject", &[("x-api-key", &good)]).await;
        assert_eq!(subject.body, "import");
    }
}

#[tokio::test]
async fn a_key_counts_only_where_keys_are_configured_and_in_the_field_that_is() {
    let signing = ProviderKey::ec(1).unwrap();
    let (keys, good) = store("acme", |record| record);
    for service in on_both(admission(&signing)).await {
        let answer = ask(&service, &[("x-api-key", &good)]).await;
        assert_eq!(told(&answer), (401, "missing_token"));
    }
    // Said twice, what was said last counts.
    let here = ApiKeys::new(keys.clone());
    let elsewhere = ApiKeys::new(keys).header("X-Acme-Key");
    for service in on_both(admission(&signing).api_keys(here).api_keys(elsewhere)).await {
        let answer = ask(&service, &[("x-acme-key", &good)]).await;
        assert_eq!(told(&answer), (200, "acme"));
        let answer = ask(&service, &[("x-api-key", &good)]).await;
        assert_eq!(told(&answer), (401, "missing_token"));
    }
}

#[tokio::test]
async fn a_service_of_keys_only_takes_no_token() {
    let signing = ProviderKey::ec(1).unwrap();
    let (keys, good) = store("acme", |record| record);
    let token = token(&signing, &json!(["acme"]));
    let bearer = format!("Bearer {token}");
    let only = Admission::api_keys_only(ApiKeys::new(keys)).token_header("x-token");
    for service in on_both(only.clone()).await {
        for (fields, expected) in [
            (&[("x-api-key", good.as_str())][..], (200, "acme")),
            (&[], (401, "missing_api_key")),
            // What stands in front of the service may use it for itself.
            (
                &[("authorization", bearer.as_str())],
                (401, "missing_api_key"),
            ),
            (
                &[("authorization", bearer.as_str()), ("x-api-key", &good)],
                (200, "acme"),
            ),
            // A place where the service looks and nobody can tell a good token.
            (&[("x-token", token.as_str())], (401, "invalid_token")),
            (
                &[("x-token", token.as_str()), ("x-api-key", &good)],
                (400, "invalid_request"),
            ),
        ] {
            let answer = ask(&service, fields).await;
            assert_eq!(told(&answer), expected, "{fields:?}");
            let challenge = (answer.status != 200).then_some(CHALLENGE);
            assert_eq!(answer.challenge(), challenge, "{fields:?}");
        }
    }
    for service in on_both(only.optional()).await {
        for (fields, expected) in [
            (&[("x-api-key", good.as_str())][..], (200, "acme")),
            (&[], (200, "nobody")),
            (&[("x-api-key", "tnc_x")], (400, "invalid_request")),
            (&[("x-token", token.as_str())], (401, "invalid_token")),
        ] {
            let answer = send(&service, "/maybe", fields).await;
            assert_eq!(told(&answer), expected, "{fields:?}");
        }
    }
}

#[tokio::test]
async fn revoked_expired_and_unknown_keys_get_the_same_answer_while_the_service_runs() {
    let clock = Arc::new(ManualClock::at(UnixTime::from_seconds(1_700_000_000)));
    let keys = MemoryApiKeys::new();
    let admission = Admission::api_keys_only(ApiKeys::new(keys.clone()).clock(Arc::clone(&clock)));
    let unknown = ApiKey::generate().unwrap().expose();
    for service in on_both(admission).await {
        let expected = ask(&service, &[("x-api-key", &unknown)]).await;
        assert_eq!(told(&expected), (401, "invalid_api_key"));

        let (revoked, record) = key("acme", "import");
        keys.insert(record.clone());
        assert_eq!(ask(&service, &[("x-api-key", &revoked)]).await.status, 200);
        assert!(keys.revoke(record.hash()));
        assert_eq!(ask(&service, &[("x-api-key", &revoked)]).await, expected);

        let (expiring, record) = key("acme", "import");
        keys.insert(record.with_expiry(clock.now().saturating_add(Duration::from_secs(10))));
        clock.advance(Duration::from_secs(9));
        assert_eq!(ask(&service, &[("x-api-key", &expiring)]).await.status, 200);
        clock.advance(Duration::from_secs(1));
        assert_eq!(ask(&service, &[("x-api-key", &expiring)]).await, expected);

        let (removed, record) = key("acme", "import");
        keys.insert(record.clone());
        assert!(keys.remove(record.hash()));
        assert!(!keys.remove(record.hash()) && !keys.revoke(record.hash()));
        assert_eq!(ask(&service, &[("x-api-key", &removed)]).await, expected);
    }
}

#[test]
fn the_logs_and_counters_tell_unknown_revoked_and_expired_keys_apart() {
    let (good, good_record) = key("acme", "import");
    let (revoked, revoked_record) = key("acme", "import");
    let (expired, expired_record) = key("acme", "import");
    let keys = MemoryApiKeys::new();
    keys.insert(good_record);
    keys.insert(revoked_record.clone().revoked());
    keys.insert(
        expired_record
            .clone()
            .with_expiry(UnixTime::from_seconds(1)),
    );
    let admission = Admission::api_keys_only(ApiKeys::new(keys));
    let unknown = ApiKey::generate().unwrap().expose();
    let judge = async || {
        context(&admission, &good).await;
        for (key, problem) in [
            (&unknown, ApiKeyProblem::Unknown),
            (&revoked, ApiKeyProblem::Revoked),
            (&expired, ApiKeyProblem::Expired),
        ] {
            let fields = [("x-api-key", key.as_str())];
            let head = Head(&fields);
            let refusal = admission.admit(&head).await.unwrap_err();
            assert_eq!(refusal.cause(), &RefusalCause::ApiKey(problem));
        }
    };
    let (((), counts), log) = Log::of(counting(judge()));
    for said in [
        "API key is not known",
        &format!(
            "tenant=acme hash={} problem=API key was revoked",
            revoked_record.hash()
        ),
        &format!(
            "tenant=acme hash={} problem=API key has expired",
            expired_record.hash()
        ),
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    for outcome in ["accepted", "unknown", "revoked", "expired"] {
        let name = "tenancy_api_key_verifications_total";
        assert_eq!(counts.of(name, outcome), 1, "{outcome}");
    }
    let code = "invalid_api_key";
    assert_eq!(counts.of("tenancy_refusals_total", code), 3);
}

/// A store that counts how often it is asked, and answers with what it has whatever it is asked for.
#[derive(Debug)]
struct Faulty {
    asked: AtomicUsize,
    has: Option<ApiKeyRecord>,
}

impl Faulty {
    fn with(has: Option<ApiKeyRecord>) -> Arc<Self> {
        let asked = AtomicUsize::new(0);
        Arc::new(Self { asked, has })
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait::async_trait]
impl ApiKeyStore for Faulty {
    async fn by_hash(
        &self,
        _: &ApiKeyHash,
    ) -> Result<Option<ApiKeyRecord>, ApiKeyStoreUnavailable> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let unavailable = ApiKeyStoreUnavailable {
            retry_after: Duration::from_secs(7),
            cause: "secret-host is down".to_owned(),
        };
        self.has.clone().map(Some).ok_or(unavailable)
    }
}

#[tokio::test]
async fn what_is_no_key_or_not_the_only_credential_is_refused_before_the_store_is_asked() {
    let signing = ProviderKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&signing, &json!(["acme"])));
    let (good, record) = key("acme", "import");
    let asked = Faulty::with(Some(record));
    let admission = admission(&signing).api_keys(ApiKeys::new(Arc::clone(&asked)));
    for service in on_both(admission).await {
        let before = asked.asked();
        for at in 0..good.len() {
            let mut misspelt = good.clone().into_bytes();
            misspelt[at] = if misspelt[at] == b'7' { b'8' } else { b'7' };
            let misspelt = String::from_utf8(misspelt).unwrap();
            let answer = ask(&service, &[("x-api-key", &misspelt)]).await;
            assert_eq!(told(&answer), (400, "invalid_request"), "{at}");
        }
        let with_token = [("x-api-key", good.as_str()), ("authorization", &bearer)];
        assert_eq!(ask(&service, &with_token).await.status, 400);
        let twice = [("x-api-key", good.as_str()), ("x-api-key", &good)];
        assert_eq!(ask(&service, &twice).await.status, 400);
        assert_eq!(asked.asked(), before);
        // The neighbour that is accepted.
        assert_eq!(ask(&service, &[("x-api-key", &good)]).await.status, 200);
        assert_eq!(asked.asked(), before + 1);
    }
}

#[tokio::test]
async fn a_store_that_does_not_answer_or_answers_for_another_is_503() {
    let (_, another) = key("globex", "eve");
    let (good, _) = key("acme", "import");
    for (has, retry_after) in [(None, "7"), (Some(another), "1")] {
        let admission = Admission::api_keys_only(ApiKeys::new(Faulty::with(has)));
        for service in on_both(admission).await {
            let answer = ask(&service, &[("x-api-key", &good)]).await;
            assert_eq!(told(&answer), (503, "temporarily_unavailable"));
            assert_eq!(answer.retry_after(), Some(retry_after));
            assert!(!answer.body.contains("secret-host"));
        }
    }
}

#[tokio::test]
async fn a_key_is_for_the_tenant_that_it_names_and_only_while_that_is_served() {
    let (keys, good) = store("1", |record| record);
    let directory = MemoryDirectory::new();
    let record = |id: &str, slug: &str| {
        TenantRecord::new(TenantId::parse(id).unwrap()).with_slug(TenantSlug::parse(slug).unwrap())
    };
    let acme = record("1", "acme");
    directory.add(acme.clone()).unwrap();
    directory.add(record("2", "globex")).unwrap();
    let admission = Admission::api_keys_only(ApiKeys::new(keys))
        .tenant_header("x-tenant-id")
        .directory(directory.clone());
    for service in on_both(admission.clone()).await {
        directory.change(acme.clone()).unwrap();
        for (named, expected) in [
            (None, (200, "1")),
            (Some("1"), (200, "1")),
            (Some("acme"), (200, "1")),
            (Some("globex"), (403, "tenant_not_granted")),
            (Some("2"), (403, "tenant_not_granted")),
            (Some("nobody"), (403, "tenant_not_granted")),
            (Some(""), (403, "tenant_not_granted")),
        ] {
            let mut fields = vec![("x-api-key", good.as_str())];
            fields.extend(named.map(|named| ("x-tenant-id", named)));
            assert_eq!(told(&ask(&service, &fields).await), expected, "{named:?}");
        }
        let foreign = [("x-api-key", good.as_str()), ("x-tenant-id", "2")];
        let not_granted = ask(&service, &foreign).await;
        for status in [TenantStatus::Suspended, TenantStatus::Deleted] {
            directory.change(acme.clone().with_status(status)).unwrap();
            let answer = ask(&service, &[("x-api-key", &good)]).await;
            assert_eq!(answer, not_granted, "every byte, {status:?}");
        }
    }
    directory.change(acme.with_plan("business")).unwrap();
    let context = context(&admission, &good).await;
    assert_eq!(context.record().unwrap().plan(), Some("business"));
}

#[tokio::test]
async fn guards_hold_for_the_roles_and_permissions_of_a_key() {
    let keys = MemoryApiKeys::new();
    let with = |edit: fn(ApiKeyRecord) -> ApiKeyRecord| {
        let (key, record) = key("acme", "import");
        keys.insert(edit(record));
        key
    };
    let (admin, member) = (
        with(|key| key.with_roles(["Admin"])),
        with(|key| key.with_roles(["Member"])),
    );
    let writer = with(|key| key.with_permissions(["data.write"]));
    let scope = with(|key| {
        key.with_permissions(["notes:read"])
            .with_roles(["notes:read"])
    });
    let admission = Admission::api_keys_only(ApiKeys::new(keys.clone()))
        .role_permissions(RolePermissions::preset());
    for service in guarding::on_both(Some(admission)).await {
        for (key, path, expected) in [
            (&admin, "/free", 200),
            (&admin, "/role", 200),
            (&admin, "/permission", 200),
            (&admin, "/admin/a", 200),
            (&member, "/role", 403),
            (&member, "/permission", 200),
            (&member, "/admin/a", 403),
            (&writer, "/permission", 200),
            (&writer, "/role", 403),
            (&scope, "/permission", 403),
            // Scopes are a claim of tokens.
            (&scope, "/scope", 403),
            (&admin, "/custom", 403),
        ] {
            let answer = send(&service, path, &[("x-api-key", key)]).await;
            assert_eq!(answer.status, expected, "{path}");
        }
        let missing = send(&service, "/role", &[]).await;
        assert_eq!(told(&missing), (401, "missing_api_key"));
    }
}

#[tokio::test]
async fn limits_hold_for_the_tenant_of_a_key_as_for_its_tokens() {
    let signing = ProviderKey::ec(1).unwrap();
    let (keys, good) = store("acme", |record| record);
    let (other, record) = key("globex", "import");
    keys.insert(record);
    let bearer = format!("Bearer {}", token(&signing, &json!(["acme"])));
    let two = Allowance::new().rate(RateLimit::per_hour(2.try_into().unwrap()));
    for start in [true, false] {
        let admission = admission(&signing)
            .api_keys(ApiKeys::new(keys.clone()))
            .limits(Limits::new(two));
        let [on_axum, on_actix] = on_both(admission).await;
        let service = if start { on_axum } else { on_actix };
        // What is not admitted counts for nobody.
        let unknown = ApiKey::generate().unwrap().expose();
        for _ in 0..3 {
            assert_eq!(ask(&service, &[("x-api-key", &unknown)]).await.status, 401);
        }
        assert_eq!(ask(&service, &[("x-api-key", &good)]).await.status, 200);
        assert_eq!(
            ask(&service, &[("authorization", &bearer)]).await.status,
            200
        );
        assert_eq!(ask(&service, &[("x-api-key", &good)]).await.status, 429);
        assert_eq!(
            ask(&service, &[("authorization", &bearer)]).await.status,
            429
        );
        assert_eq!(ask(&service, &[("x-api-key", &other)]).await.status, 200);
    }
}

#[tokio::test]
async fn a_default_tenant_is_not_for_requests_with_a_key() {
    let (keys, good) = store("acme", |record| record);
    let only = Admission::api_keys_only(ApiKeys::new(keys));
    let default = TenantId::parse("laptop").unwrap();
    let admission = danger::default_tenant(only, default, "a test", "test").unwrap();
    let unknown = ApiKey::generate().unwrap().expose();
    for service in on_both(admission).await {
        for (fields, expected) in [
            (&[][..], (200, "laptop")),
            (&[("x-api-key", good.as_str())], (200, "acme")),
            (&[("x-api-key", &unknown)], (401, "invalid_api_key")),
            (&[("x-api-key", "")], (400, "invalid_request")),
            (&[("x-api-key", "tnc_")], (400, "invalid_request")),
        ] {
            let answer = ask(&service, fields).await;
            assert_eq!(told(&answer), expected, "{fields:?}");
        }
    }
}

fn project(id: &str) -> ProjectId {
    ProjectId::parse(id).unwrap()
}

/// What a request with a key of these projects enters when it names one of them, or none.
async fn entered(projects: Option<&[&str]>, named: Option<&str>) -> Result<String, RefusalCause> {
    let (keys, good) = store("a", |record| match projects {
        Some(ids) => record.with_projects(ids.iter().map(|id| project(id))),
        None => record,
    });
    let admission = Admission::api_keys_only(ApiKeys::new(keys)).project_header("X-Project-ID");
    let mut fields = vec![("x-api-key", good.as_str())];
    fields.extend(named.map(|named| ("x-project-id", named)));
    let context = match admission.admit(&Head(&fields)).await {
        Ok(Admitted::For(context, _)) => context,
        Ok(other) => panic!("{other:?}"),
        Err(refusal) => return Err(refusal.cause().clone()),
    };
    assert_eq!(context.is_limited_to_projects(), projects.is_some());
    Ok(context
        .project()
        .map_or("-".to_owned(), ToString::to_string))
}

#[tokio::test]
async fn a_key_is_for_the_projects_that_it_lists() {
    let both = Some(&["blue", "red"][..]);
    for (projects, named, expected) in [
        (both, Some("blue"), Ok("blue")),
        (both, Some("red"), Ok("red")),
        (both, Some("Red"), Err(RefusalCause::ProjectNotGranted)),
        (both, None, Ok("-")),
        (Some(&["red"][..]), None, Ok("red")),
        (
            Some(&["red"]),
            Some("blue"),
            Err(RefusalCause::ProjectNotGranted),
        ),
        (Some(&[]), None, Ok("-")),
        (Some(&[]), Some("red"), Err(RefusalCause::ProjectNotGranted)),
        (None, Some("red"), Err(RefusalCause::ProjectUndecided)),
        (None, None, Ok("-")),
    ] {
        let entered = entered(projects, named).await;
        let entered = entered.as_deref().map_err(Clone::clone);
        assert_eq!(entered, expected, "{projects:?} {named:?}");
    }
}

/// Sealed without a project by somebody who reaches certain projects only, an envelope opens no more than those.
#[tokio::test]
async fn a_job_reaches_no_more_projects_than_whoever_sealed_it() {
    let tables = [TenantTable::new("task", "tenant_id").with_project_column("project_id")];
    let tables = TableCatalog::of(tables);
    let reaches_all = |context: &TenantContext| {
        let scope = context.scope(&tables).across_projects();
        scope.select().column("id").from("task").finish().is_ok()
    };
    let directory = MemoryDirectory::new();
    directory
        .add(TenantRecord::new(TenantId::parse("a").unwrap()))
        .unwrap();
    let secret = SharedSecret::new(Algorithm::HS256, [7; 32]);
    let envelopes = JobEnvelopes::new("notes", SigningKey::shared_secret(secret)).unwrap();
    for (projects, expected) in [
        (None, true),
        (Some(&[][..]), false),
        (Some(&["red"][..]), false),
        (Some(&["red", "blue"]), false),
    ] {
        let (keys, good) = store("a", |record| match projects {
            Some(ids) => record.with_projects(ids.iter().map(|id| project(id))),
            None => record,
        });
        let sealing = context(&Admission::api_keys_only(ApiKeys::new(keys)), &good).await;
        assert_eq!(reaches_all(&sealing), expected, "{projects:?}");
        let hour = Duration::from_hours(1);
        let envelope = envelopes.seal(&sealing, "a report", hour).unwrap();
        let job = envelopes.open(&envelope, &directory).await.unwrap();
        assert_eq!(job.project(), sealing.project());
        assert_eq!(reaches_all(&job), expected, "{projects:?}");
    }
}

#[tokio::test]
async fn what_a_key_says_of_its_holder_is_in_the_context_and_in_the_settings_of_the_database() {
    let (keys, good) = store("a", |record| {
        record
            .with_projects([project("blue")])
            .with_roles(["Member", "Auditor"])
            .with_permissions(["reports.read"])
            .with_expiry(UnixTime::from_seconds(4_000_000_000))
    });
    let admission =
        Admission::api_keys_only(ApiKeys::new(keys)).role_permissions(RolePermissions::preset());
    let context = context(&admission, &good).await;
    assert_eq!(context.tenant().as_str(), "a");
    assert_eq!(context.subject().unwrap().as_str(), "import");
    assert_eq!(context.project().unwrap().as_str(), "blue");
    assert_eq!(context.roles(), ["Member", "Auditor"]);
    assert_eq!(context.permissions(), ["reports.read"]);
    assert!(context.has_permission("data.write") && !context.has_permission("billing.manage"));
    assert!(context.claims().is_none() && context.issuer().is_none());
    assert_eq!(
        context.api_key().unwrap().hash(),
        &ApiKeyHash::of(&good).unwrap()
    );
    assert_eq!(
        context.expires_at(),
        Some(UnixTime::from_seconds(4_000_000_000))
    );

    let notes = Notes::new().await.unwrap();
    let setting = |name| Setting::new(name).unwrap();
    let pool = TenantPool::builder(notes.bare_pool(2).await.unwrap())
        .context_setting(ContextValue::Subject, setting("app.user_id"))
        .context_setting(ContextValue::Project, setting("app.project_id"))
        .context_setting(ContextValue::Roles, setting("app.roles"))
        .context_setting(ContextValue::Permissions, setting("app.permissions"))
        .build(&catalog())
        .await
        .unwrap();
    let mut transaction = pool.begin(&context).await.unwrap();
    let read = "SELECT concat_ws('|', current_setting('app.user_id'), current_setting('app.project_id'),
                       current_setting('app.roles')::jsonb, current_setting('app.permissions')::jsonb,
                       (SELECT count(*) FROM note))";
    let said: String = sqlx::query_scalar(read)
        .fetch_one(&mut transaction)
        .await
        .unwrap();
    assert_eq!(
        said,
        r#"import|blue|["Member", "Auditor"]|["reports.read"]|3"#
    );
    drop(transaction);

    // The transaction of a request belongs to the tenant of its key.
    let served = Service::new(admission).with_pool(pool);
    let on_axum = OnAxum::start(served.clone()).await;
    for address in [on_axum, OnActix::start(served).await] {
        let add = request("POST", "/work/add/201", &[("x-api-key", &good)]);
        let reply = Connection::to(address).await.ask(&add).await;
        assert_eq!(reply.status, 201);
    }
    let mut admin = notes.admin().await.unwrap();
    let added = "SELECT string_agg(tenant_id, ',') FROM note WHERE body = 'new'";
    let added: String = sqlx::query_scalar(added)
        .fetch_one(&mut admin)
        .await
        .unwrap();
    assert_eq!(added, "a,a");
}
