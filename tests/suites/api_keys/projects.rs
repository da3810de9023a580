//! Keys for certain projects of their tenant.

use std::time::Duration;

use tenancy_core::{
    Admission, Admitted, Algorithm, ApiKeys, JobEnvelopes, MemoryDirectory, ProjectId,
    RefusalCause, SharedSecret, SigningKey, TableCatalog, TenantContext, TenantId, TenantRecord,
    TenantTable,
};

use super::{bearing, context, store};

fn project(id: &str) -> ProjectId {
    ProjectId::parse(id).unwrap()
}

/// What a request with a key of these projects enters when it names one of them, or none.
async fn entered(projects: Option<&[&str]>, named: Option<&str>) -> Result<String, RefusalCause> {
    let (keys, good) = store("a", |record| match projects {
        Some(ids) => record.with_projects(ids.iter().map(|id| project(id))),
        None => record,
    });
    let admission = Admission::api_keys_only(ApiKeys::new(keys))
        .project_header("X-Project-ID")
        .unwrap();
    let mut head = bearing(&good);
    if let Some(named) = named {
        head = head.field("x-project-id", named);
    }
    let context = match admission.admit(&head).await {
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
