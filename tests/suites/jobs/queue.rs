//! A queue in a table, and two workers.

use sqlx::{PgPool, Row as _};
use tenancy_core::{JobEnvelopes, JobOpenError, MemoryDirectory, TenantContext, TenantStatus};
use tenancy_sqlx::{ContextValue, Setting, TenantPool};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::person::context_of;
use tokio::sync::mpsc;

use super::{HOUR, directory, pair, record};

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
    let envelopes = super::envelopes(pair());
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
    let eve = super::envelopes(pair());
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
