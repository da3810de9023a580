//! Envelopes of jobs: sealed by a request, opened by a worker, and by nobody else for nothing else.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::json;
use sqlx::{PgPool, Row as _};
use tenancy_core::{
    Algorithm, BearerToken, Guard, JobEnvelopes, JobOpenError, JobSealError, JwtVerifier,
    ManualClock, MemoryDirectory, ProjectId, SharedSecret, SigningKey, SubjectId, TenantContext,
    TenantDirectory, TenantDirectoryUnavailable, TenantId, TenantRecord, TenantSlug, TenantStatus,
    TokenIssuer, TokenProblem, UnixTime, VerifyError, danger,
};
use tenancy_sqlx::{ContextValue, Setting, TenantPool};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::person::context_of;
use tokio::sync::mpsc;

use super::redaction::capture::Log;

const NOW: UnixTime = UnixTime::from_seconds(1_700_000_000);
const HOUR: Duration = Duration::from_hours(1);

fn secret(bytes: u8) -> SharedSecret {
    SharedSecret::new(Algorithm::HS256, [bytes; 32])
}

fn hmac(bytes: u8) -> SigningKey {
    SigningKey::shared_secret(secret(bytes))
}

fn pair() -> SigningKey {
    SigningKey::generate(Algorithm::ES256).unwrap()
}

fn envelopes(key: SigningKey) -> JobEnvelopes {
    JobEnvelopes::new("notes", key).unwrap()
}

/// Tenants `a` and `b`, active.
fn directory() -> MemoryDirectory {
    let directory = MemoryDirectory::new();
    for tenant in ["a", "b"] {
        directory.add(record(tenant)).unwrap();
    }
    directory
}

fn record(tenant: &str) -> TenantRecord {
    TenantRecord::new(TenantId::parse(tenant).unwrap())
}

async fn opened(envelopes: &JobEnvelopes, envelope: &str) -> Result<TenantContext, JobOpenError> {
    envelopes.open(envelope, &directory()).await
}

async fn refused(envelopes: &JobEnvelopes, envelope: &str) -> JobOpenError {
    opened(envelopes, envelope).await.unwrap_err()
}

/// What a worker saw and did for one job.
#[derive(Debug)]
struct Done {
    task: String,
    tenant: String,
    subject: String,
    bodies: Vec<String>,
}

/// Does the jobs of the queue until there are none.
async fn work(
    queue: PgPool,
    tenants: TenantPool,
    envelopes: JobEnvelopes,
    directory: MemoryDirectory,
    done: mpsc::UnboundedSender<Result<Done, JobOpenError>>,
) {
    let take =
        "DELETE FROM job WHERE id = (SELECT id FROM job ORDER BY id FOR UPDATE SKIP LOCKED LIMIT 1)
                RETURNING envelope, task";
    while let Some(job) = sqlx::query(take).fetch_optional(&queue).await.unwrap() {
        let (envelope, task): (String, String) = (job.get("envelope"), job.get("task"));
        let outcome = match envelopes.open(&envelope, &directory).await {
            Ok(context) => Ok(do_it(&tenants, &context, task).await),
            Err(refusal) => Err(refusal),
        };
        done.send(outcome).unwrap();
    }
}

async fn do_it(tenants: &TenantPool, context: &TenantContext, task: String) -> Done {
    let mut transaction = tenants.begin(context).await.unwrap();
    let bodies = "SELECT body FROM note WHERE body NOT LIKE 'done %' ORDER BY id";
    let bodies = sqlx::query_scalar(bodies)
        .fetch_all(&mut transaction)
        .await
        .unwrap();
    let subject = sqlx::query_scalar("SELECT current_setting('app.user_id')")
        .fetch_one(&mut transaction)
        .await
        .unwrap();
    sqlx::query("INSERT INTO note (tenant_id, body) VALUES ($1, $2)")
        .bind(context.tenant().as_str())
        .bind(format!("done {task}"))
        .execute(&mut transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
    Done {
        task,
        tenant: context.tenant().to_string(),
        subject,
        bodies,
    }
}

/// The queue is a table, and a job is put there in the transaction of the request that asks for it.
async fn enqueue(tenants: &TenantPool, context: &TenantContext, envelope: &str, task: &str) {
    let mut transaction = tenants.begin(context).await.unwrap();
    sqlx::query("INSERT INTO job (envelope, task) VALUES ($1, $2)")
        .bind(envelope)
        .bind(task)
        .execute(&mut transaction)
        .await
        .unwrap();
    transaction.commit().await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_job_of_a_queue_is_done_for_the_tenant_that_asked_for_it() {
    let notes = Notes::new().await.unwrap();
    let table = format!(
        "CREATE TABLE job (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, envelope text NOT NULL, task text NOT NULL);
         GRANT SELECT, INSERT, DELETE, UPDATE ON job TO {}",
        notes.application()
    );
    notes.administer(table).await.unwrap();
    let tenants = TenantPool::builder(notes.bare_pool(3).await.unwrap())
        .context_setting(ContextValue::Subject, Setting::new("app.user_id").unwrap())
        .build(&catalog().shared_table("job"))
        .await
        .unwrap();
    let envelopes = envelopes(pair());
    let directory = directory();
    let mut expected = Vec::new();
    for number in 0..30 {
        let (tenant, subject) = [("a", "ada"), ("b", "bob"), ("a", "eve")][number % 3];
        let context = context_of(tenant, subject, "blue", &["Admin"])
            .await
            .unwrap();
        let task = format!("{tenant} {subject} {number}");
        let envelope = envelopes.seal(&context, &task, HOUR).unwrap();
        enqueue(&tenants, &context, &envelope, &task).await;
        expected.push(task);
    }
    // Somebody who can write into the queue and has no key; and a tenant that is suspended before its job is done.
    let eve = self::envelopes(pair());
    let forged = eve.seal(&context("b"), "forged", HOUR).unwrap();
    enqueue(&tenants, &context("a"), &forged, "forged").await;
    directory.add(record("c")).unwrap();
    let late = envelopes.seal(&context("c"), "late", HOUR).unwrap();
    enqueue(&tenants, &context("c"), &late, "late").await;
    directory
        .change(record("c").with_status(TenantStatus::Suspended))
        .unwrap();

    let (sender, mut outcomes) = mpsc::unbounded_channel();
    let queue = notes.bare_pool(2).await.unwrap();
    for _ in 0..2 {
        let (queue, tenants, envelopes) = (queue.clone(), tenants.clone(), envelopes.clone());
        let worker = work(queue, tenants, envelopes, directory.clone(), sender.clone());
        tokio::spawn(worker);
    }
    drop(sender);
    let (mut done, mut refused) = (Vec::new(), Vec::new());
    while let Some(outcome) = outcomes.recv().await {
        match outcome {
            Ok(job) => {
                let asked: Vec<_> = job.task.split(' ').collect();
                assert_eq!([&*job.tenant, &*job.subject], asked[..2], "{job:?}");
                let own: &[&str] = match asked[0] {
                    "a" => &["a one", "a two", "a three"],
                    _ => &["b one", "b four"],
                };
                assert_eq!(job.bodies, own, "{job:?}");
                done.push(job.task);
            }
            Err(refusal) => refused.push(refusal),
        }
    }
    done.sort();
    expected.sort();
    assert_eq!(done, expected);
    assert_eq!(refused.len(), 2);
    assert!(refused.contains(&JobOpenError::NotSealed));
    assert!(refused.contains(&JobOpenError::TenantSuspended));
    let mut admin = notes.admin().await.unwrap();
    let written = "SELECT count(*) FILTER (WHERE body LIKE 'done ' || tenant_id || ' %'), count(*)
                   FROM note WHERE body LIKE 'done %'";
    let (own, all): (i64, i64) = sqlx::query_as(written).fetch_one(&mut admin).await.unwrap();
    assert_eq!((own, all), (30, 30));
}

#[tokio::test]
async fn an_envelope_carries_who_and_where_and_no_roles() {
    let clock = Arc::new(ManualClock::at(NOW));
    let envelopes = envelopes(pair()).clock(clock);
    let ada = context_of("a", "ada", "blue", &["Admin"]).await.unwrap();
    let envelope = envelopes.seal(&ada, "nightly report", HOUR).unwrap();
    let job = opened(&envelopes, &envelope).await.unwrap();
    assert_eq!(job.tenant().as_str(), "a");
    assert_eq!(job.subject().unwrap().as_str(), "ada");
    assert_eq!(job.project().unwrap().as_str(), "blue");
    assert_eq!(job.record().unwrap().status(), TenantStatus::Active);
    assert_eq!(job.expires_at(), Some(NOW.saturating_add(HOUR)));
    assert!(job.claims().is_none() && job.api_key().is_none() && job.issuer().is_none());
    assert!(ada.require(&Guard::role("Admin")).is_ok());
    assert!(job.require(&Guard::role("Admin")).is_err());
    assert!(job.roles().is_empty() && job.permissions().is_empty());

    // Work that nobody asked for has nobody in its envelope; a job may ask for another.
    let envelope = envelopes.seal(&context("b"), "clean up", HOUR).unwrap();
    let job = opened(&envelopes, &envelope).await.unwrap();
    assert_eq!((job.subject(), job.project()), (None, None));
    let next = envelopes.seal(&job, "clean up the rest", HOUR).unwrap();
    let next = opened(&envelopes, &next).await.unwrap();
    assert_eq!(next.tenant().as_str(), "b");
}

#[tokio::test]
async fn an_envelope_that_was_changed_in_any_byte_or_part_is_not_opened() {
    for key in [
        hmac(1),
        pair(),
        SigningKey::generate(Algorithm::EdDSA).unwrap(),
    ] {
        let envelopes = envelopes(key.clone());
        let good = envelopes.seal(&context("a"), "a job", HOUR).unwrap();
        let other = envelopes.seal(&context("b"), "another", HOUR).unwrap();
        assert!(opened(&envelopes, &good).await.is_ok());
        let mut changed = Vec::new();
        for at in 0..good.len() {
            for byte in [b'A', b'B', b'z', b'.', b'=', b' ', b'-'] {
                let mut bytes = good.clone().into_bytes();
                if bytes[at] != byte {
                    bytes[at] = byte;
                    changed.push(String::from_utf8(bytes).unwrap());
                }
            }
            changed.push(good[..at].to_owned());
            changed.push(format!("{}{}", &good[..at], &good[at + 1..]));
        }
        let parts: Vec<_> = good.split('.').collect();
        let others: Vec<_> = other.split('.').collect();
        let header = |text: &str| URL_SAFE_NO_PAD.encode(text);
        let none = header(r#"{"typ":"tenancy-job+jwt","alg":"none"}"#);
        changed.extend([
            [parts[0], others[1], parts[2]].join("."),
            [parts[0], parts[1], others[2]].join("."),
            [parts[0], parts[1]].join("."),
            [parts[0], parts[1], ""].join("."),
            [&none, parts[1], ""].join("."),
            [&none, parts[1], parts[2]].join("."),
            [&header("{}"), parts[1], parts[2]].join("."),
            [parts[0], parts[0], parts[1], parts[2]].join("."),
            format!("{good} "),
            format!("{good}="),
            format!("{good}."),
            format!("{good}A"),
            format!(" {good}"),
            String::new(),
            ".".repeat(1 << 20),
            "a".repeat(1 << 20),
            "ü.ü.ü".to_owned(),
        ]);
        // The same of another key of the same algorithm.
        let another = match key.clone() {
            _ if good.starts_with(&header(r#"{"typ":"tenancy-job+jwt","alg":"HS256"}"#)) => hmac(2),
            _ => pair(),
        };
        let forged = self::envelopes(another).seal(&context("a"), "a job", HOUR);
        changed.push(forged.unwrap());
        for envelope in changed {
            let refusal = refused(&envelopes, &envelope).await;
            assert_eq!(refusal, JobOpenError::NotSealed, "{envelope:.300}");
            assert_eq!(refusal.retry_after(), None);
        }
    }
}

#[tokio::test]
async fn no_envelope_is_an_access_token_and_no_token_an_envelope_whichever_key_signs_them() {
    let secret_with_id = SigningKey::shared_secret(secret(1).key_id("k"));
    for key in [hmac(1), secret_with_id, pair()] {
        let issuer = TokenIssuer::new("notes", "notes", key.clone()).unwrap();
        let verifier = JwtVerifier::new([issuer.issuer()]).unwrap();
        let envelopes = envelopes(key);
        let (tenant, subject) = (
            TenantId::parse("a").unwrap(),
            SubjectId::parse("ada").unwrap(),
        );
        let ada = context_of("a", "ada", "blue", &[]).await.unwrap();

        let envelope = envelopes.seal(&ada, "a job", HOUR).unwrap();
        let presented = BearerToken::parse(&envelope).unwrap();
        let judged = verifier.verify(presented).await;
        assert_eq!(judged, Err(VerifyError::Token(TokenProblem::Type)));
        assert!(opened(&envelopes, &envelope).await.is_ok());

        // It says all that an envelope says, for the same audience.
        let token = issuer
            .token(&tenant, &subject)
            .project(&ProjectId::parse("blue").unwrap())
            .claim("reason", "a job")
            .sign()
            .unwrap();
        assert_eq!(refused(&envelopes, &token).await, JobOpenError::NotSealed);
        let presented = BearerToken::parse(&token).unwrap();
        assert!(verifier.verify(presented).await.is_ok());
    }
}

/// Signed with the right key and of the right type, by something that does not seal as we do.
#[tokio::test]
async fn what_the_right_key_signed_of_another_form_is_not_opened() {
    let clock = Arc::new(ManualClock::at(NOW));
    let envelopes = envelopes(hmac(1)).clock(clock);
    let sign = |payload: &str| {
        let header = URL_SAFE_NO_PAD.encode(r#"{"typ":"tenancy-job+jwt","alg":"HS256"}"#);
        let message = format!("{header}.{}", URL_SAFE_NO_PAD.encode(payload));
        let key = aws_lc_rs::hmac::Key::new(aws_lc_rs::hmac::HMAC_SHA256, &[1; 32]);
        let signature = aws_lc_rs::hmac::sign(&key, message.as_bytes());
        format!("{message}.{}", URL_SAFE_NO_PAD.encode(signature))
    };
    let exp = NOW.as_seconds() + 60;
    let with = |name: &str, value: serde_json::Value| {
        let mut payload =
            json!({ "aud": "notes", "exp": exp, "tenant_id": "a", "reason": "a job" });
        payload[name] = value;
        sign(&payload.to_string())
    };
    for more in [json!(1), json!("x".repeat(4 * 1024))] {
        assert!(opened(&envelopes, &with("more", more)).await.is_ok());
    }
    let limited = with("limited_to_projects", json!(true));
    let limited = opened(&envelopes, &limited).await.unwrap();
    assert!(limited.is_limited_to_projects());
    for (name, value) in [
        ("tenant_id", json!(null)),
        ("tenant_id", json!("")),
        ("tenant_id", json!(["a"])),
        ("tenant_id", json!("a\n")),
        ("sub", json!(null)),
        ("sub", json!(7)),
        ("sub", json!("")),
        ("project_id", json!([])),
        ("limited_to_projects", json!(false)),
        ("limited_to_projects", json!(null)),
        ("limited_to_projects", json!("true")),
        // Too long to be looked at.
        ("more", json!("x".repeat(8 * 1024))),
        ("reason", json!(null)),
        ("exp", json!("1700000060")),
        ("exp", json!(1.7e9)),
        ("exp", json!(null)),
    ] {
        let envelope = with(name, value.clone());
        let refusal = refused(&envelopes, &envelope).await;
        assert_eq!(refusal, JobOpenError::NotSealed, "{name} {value}");
    }
    for payload in [
        "[]".to_owned(),
        "x".to_owned(),
        format!(
            r#"{{"aud":"notes","exp":{exp},"tenant_id":"b","tenant_id":"a","reason":"a job"}}"#
        ),
    ] {
        let refusal = refused(&envelopes, &sign(&payload)).await;
        assert_eq!(refusal, JobOpenError::NotSealed, "{payload}");
    }
    for aud in [json!(["notes"]), json!(null), json!("Notes")] {
        let refusal = refused(&envelopes, &with("aud", aud)).await;
        assert_eq!(refusal, JobOpenError::OtherQueue);
    }
}

#[tokio::test]
async fn an_envelope_is_for_its_queue_only() {
    let key = pair();
    let notes = envelopes(key.clone());
    let envelope = notes.seal(&context("a"), "a job", HOUR).unwrap();
    for queue in ["Notes", "note", "notes2", "invoices"] {
        let other = JobEnvelopes::new(queue, key.clone()).unwrap();
        let refusal = refused(&other, &envelope).await;
        assert_eq!(refusal, JobOpenError::OtherQueue);
        assert_eq!(refusal.retry_after(), None);
    }
    let same = JobEnvelopes::new("notes", key).unwrap();
    assert!(opened(&same, &envelope).await.is_ok());
}

#[tokio::test]
async fn an_envelope_is_good_until_it_expires_and_may_be_opened_again() {
    let clock = Arc::new(ManualClock::at(NOW));
    let envelopes = envelopes(pair()).clock(Arc::clone(&clock));
    let envelope = envelopes.seal(&context("a"), "a job", HOUR).unwrap();
    for _ in 0..3 {
        assert!(opened(&envelopes, &envelope).await.is_ok());
        clock.advance(Duration::from_secs(1199));
    }
    clock.advance(Duration::from_secs(2));
    assert!(opened(&envelopes, &envelope).await.is_ok());
    clock.advance(Duration::from_secs(1));
    let refusal = refused(&envelopes, &envelope).await;
    assert_eq!(refusal, JobOpenError::Expired);
    assert_eq!(refusal.retry_after(), None);
    clock.set(UnixTime::from_seconds(i64::MAX));
    assert_eq!(refused(&envelopes, &envelope).await, JobOpenError::Expired);
    // At the end of time arithmetic stops, and nothing is good for ever.
    let endless = envelopes.seal(&context("a"), "a job", HOUR).unwrap();
    assert_eq!(refused(&envelopes, &endless).await, JobOpenError::Expired);
}

#[tokio::test]
async fn keys_are_replaced_without_losing_a_job() {
    let id = |bytes, id: &str| SigningKey::shared_secret(secret(bytes).key_id(id));
    for (old, new) in [
        (pair(), pair()),
        (hmac(1), hmac(2)),
        (id(1, "one"), id(2, "two")),
        (hmac(1), id(1, "named")),
        (hmac(1), pair()),
        (SigningKey::generate(Algorithm::RS256).unwrap(), pair()),
    ] {
        let with = |key: &SigningKey, also: &SigningKey| {
            envelopes(key.clone()).also_open_with(also.clone()).unwrap()
        };
        let stages = [
            envelopes(old.clone()),
            with(&old, &new),
            with(&new, &old),
            envelopes(new.clone()),
        ];
        let seal = |envelopes: &JobEnvelopes| envelopes.seal(&context("a"), "a job", HOUR).unwrap();
        let sealed: Vec<_> = stages.iter().map(seal).collect();
        for (at, stage) in stages.iter().enumerate() {
            for (from, envelope) in sealed.iter().enumerate() {
                let outcome = opened(stage, envelope).await.map(|_| ());
                // Two stages that are not beside each other never run at once.
                let expected = match (from, at) {
                    (0 | 1, 3) | (2 | 3, 0) => Err(JobOpenError::NotSealed),
                    _ => Ok(()),
                };
                assert_eq!(outcome, expected, "sealed in {from}, opened in {at}");
            }
        }
    }
}

/// A directory that fails, or answers with whatever it has.
#[derive(Debug)]
struct Faulty(Option<TenantRecord>);

#[async_trait::async_trait]
impl TenantDirectory for Faulty {
    async fn by_id(
        &self,
        _: &TenantId,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        let unavailable = TenantDirectoryUnavailable {
            retry_after: Duration::from_secs(7),
            cause: "down".to_owned(),
        };
        self.0.clone().map(Some).ok_or(unavailable)
    }

    async fn by_slug(
        &self,
        _: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        panic!("nobody asks for a slug")
    }
}

#[tokio::test]
async fn the_status_of_the_tenant_is_looked_up_when_the_envelope_is_opened() {
    let envelopes = envelopes(pair());
    let envelope = envelopes.seal(&context("a"), "a job", HOUR).unwrap();
    let directory = directory();
    let open = async || envelopes.open(&envelope, &directory).await.map(|_| ());
    assert_eq!(open().await, Ok(()));
    for (status, expected) in [
        (TenantStatus::Suspended, Err(JobOpenError::TenantSuspended)),
        (TenantStatus::Deleted, Err(JobOpenError::TenantDeleted)),
        (TenantStatus::Active, Ok(())),
    ] {
        directory.change(record("a").with_status(status)).unwrap();
        assert_eq!(open().await, expected);
        assert_eq!(expected.err().and_then(|error| error.retry_after()), None);
    }
    directory.remove(&TenantId::parse("a").unwrap());
    assert_eq!(open().await, Err(JobOpenError::TenantUnknown));

    let down = envelopes.open(&envelope, &Faulty(None)).await.unwrap_err();
    assert!(matches!(down, JobOpenError::Unavailable(_)));
    assert_eq!(down.retry_after(), Some(Duration::from_secs(7)));
    let confused = Faulty(Some(record("b")));
    let confused = envelopes.open(&envelope, &confused).await.unwrap_err();
    assert!(matches!(confused, JobOpenError::Unavailable(_)));
    assert!(confused.retry_after().is_some());
    // What nobody has sealed costs the directory nothing, and neither does what has expired.
    let forged = envelopes.open("a.b.c", &Faulty(None)).await.unwrap_err();
    assert_eq!(forged, JobOpenError::NotSealed);
}

#[test]
fn opening_is_recorded_with_tenant_subject_and_reason_and_shows_no_envelope() {
    let envelopes = envelopes(hmac(b'k'));
    let ((envelope, context), log) = Log::of(async {
        let ada = context_of("a", "ada", "blue", &[]).await.unwrap();
        let envelope = envelopes.seal(&ada, " send the invoice ", HOUR).unwrap();
        let context = opened(&envelopes, &envelope).await.unwrap();
        let other = JobEnvelopes::new("other", hmac(b'k')).unwrap();
        refused(&other, &envelope).await;
        let nobody = MemoryDirectory::new();
        let unknown = envelopes.open(&envelope, &nobody).await.unwrap_err();
        assert_eq!(unknown, JobOpenError::TenantUnknown);
        (envelope, context)
    });
    for said in [
        "queue=notes tenant=a subject=ada reason=send the invoice",
        "opened the envelope of a job",
        "queue=other cause=the envelope is for another queue",
        "queue=notes tenant=a cause=the envelope is for a tenant that does not exist",
    ] {
        assert!(log.contains(said), "{said}: {log}");
    }
    let shown = format!("{log}{envelopes:?}{envelopes:#?}{context:?}");
    for part in envelope.split('.').skip(1) {
        assert!(!shown.contains(part), "{shown}");
    }
    assert!(
        !shown.contains("kkkk") && !shown.contains("107, 107"),
        "{shown}"
    );
    assert!(format!("{context:?}").contains("send the invoice"));
}

#[test]
fn what_cannot_be_sealed_is_said_when_it_is_tried() {
    let envelopes = envelopes(hmac(1));
    let seal = |reason: &str, lifetime| envelopes.seal(&context("a"), reason, lifetime).err();
    let (long, longest) = ("x".repeat(501), "x".repeat(500));
    for reason in ["", " ", "\t\n", "two\nlines", "a\0b", &long] {
        assert_eq!(seal(reason, HOUR), Some(JobSealError::Reason), "{reason:?}");
    }
    assert_eq!(seal(&longest, HOUR), None);
    let year = Duration::from_hours(366 * 24);
    for lifetime in [
        Duration::ZERO,
        Duration::from_millis(999),
        year + Duration::from_secs(1),
        Duration::MAX,
    ] {
        assert_eq!(seal("a job", lifetime), Some(JobSealError::Lifetime));
    }
    assert_eq!(seal("a job", Duration::from_secs(1)), None);
    assert_eq!(seal("a job", year), None);

    for queue in ["", " notes", "no\ntes", &"q".repeat(256)] {
        let refused = JobEnvelopes::new(queue, hmac(1)).unwrap_err();
        assert!(matches!(refused, JobSealError::Queue(_)), "{refused}");
    }
    for weak in [
        SharedSecret::new(Algorithm::HS256, [1; 31]),
        SharedSecret::new(Algorithm::HS512, [1; 63]),
        SharedSecret::new(Algorithm::RS256, [1; 64]),
    ] {
        let weak = SigningKey::shared_secret(weak);
        let refused = JobEnvelopes::new("notes", weak.clone()).unwrap_err();
        assert_eq!(refused, JobSealError::Secret);
        let refused = envelopes.clone().also_open_with(weak).unwrap_err();
        assert_eq!(refused, JobSealError::Secret);
    }
}

#[tokio::test]
async fn the_longest_names_and_reason_fit_into_an_envelope() {
    // Each byte of it is two in JSON.
    let name = "\"".repeat(255);
    let ada = context_of(&name, &name, &name, &[]).await.unwrap();
    let directory = MemoryDirectory::new();
    directory.add(record(&name)).unwrap();
    for key in [pair(), SigningKey::generate(Algorithm::RS512).unwrap()] {
        let envelopes = JobEnvelopes::new(&name, key).unwrap();
        let envelope = envelopes.seal(&ada, &"\\".repeat(500), HOUR).unwrap();
        let job = envelopes.open(&envelope, &directory).await.unwrap();
        assert_eq!(job.subject().unwrap().as_str(), name);
        // The largest key that is read makes signatures of 1366 characters.
        assert!(envelope.len() + 1366 < 8 * 1024, "{}", envelope.len());
    }
}

/// Queues outlive deployments: what is sealed today has to be opened by every version to come.
#[tokio::test]
async fn the_envelopes_of_the_first_version_are_opened() {
    let clock = Arc::new(ManualClock::at(NOW));
    let key = SigningKey::shared_secret(secret(1).key_id("2026"));
    let envelopes = envelopes(key).clock(clock);
    // Sealed by another implementation: Python's `hmac` and `base64`.
    let envelope = concat!(
        "eyJ0eXAiOiJ0ZW5hbmN5LWpvYitqd3QiLCJhbGciOiJIUzI1NiIsImtpZCI6IjIwMjYifQ.",
        "eyJhdWQiOiJub3RlcyIsImV4cCI6MTcwMDAwMzYwMCwicHJvamVjdF9pZCI6ImJsdWUiLCJyZWFzb24iOiJhIGpvYiIsInN1YiI6ImFkYSIsInRlbmFudF9pZCI6ImEifQ.",
        "xOSfrjSaj8duuL9C8Y7CaGtmis8AVaDz9g4_X1we9q8"
    );
    let job = opened(&envelopes, envelope).await.unwrap();
    assert_eq!(job.tenant().as_str(), "a");
    assert_eq!(job.subject().unwrap().as_str(), "ada");
    assert_eq!(job.project().unwrap().as_str(), "blue");
    assert_eq!(job.expires_at(), Some(NOW.saturating_add(HOUR)));
}

#[tokio::test]
async fn a_command_assumes_its_tenant_and_says_why() {
    let tenant = TenantId::parse("a").unwrap();
    assert!(danger::assume(tenant.clone(), "").is_err());
    let command = danger::assume(tenant, "restore of 3 May, asked for by support").unwrap();
    let notes = Notes::new().await.unwrap();
    let pool = notes.pool(1).await.unwrap();
    let mut transaction = pool.begin(&command).await.unwrap();
    let seen: i64 = sqlx::query_scalar("SELECT count(*) FROM note")
        .fetch_one(&mut transaction)
        .await
        .unwrap();
    assert_eq!(seen, 3);
}

#[test]
fn a_tenant_that_is_assumed_is_on_record_with_the_reason() {
    for (reason, is_assumed) in [("restore of 3 May", true), (" ", false)] {
        let tenant = TenantId::parse("a").unwrap();
        let (assumed, said) = Log::of(async { danger::assume(tenant, reason) });
        assert_eq!(assumed.is_ok(), is_assumed);
        let is_recorded =
            said.contains("WARN tenancy::danger") && said.contains("restore of 3 May");
        assert_eq!(is_recorded, is_assumed, "{said}");
    }
}
