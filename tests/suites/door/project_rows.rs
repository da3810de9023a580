//! A project from the request to the rows, over HTTP and on a real Postgres, with policies and by the builder alone.

use serde_json::json;
use tenancy_core::{
    Admission, Admitted, ClaimMap, Issuer, JwtVerifier, KeySource, ProjectAccess,
    ProjectAccessUnavailable, ProjectId, SubjectId, TableCatalog, TenantContext, TenantTable,
};
use tenancy_examples::identity_provider::SigningKey;
use tenancy_sqlx::{ContextValue, Error, Rls, Setting, TenantPool, UnitOfWork, danger};
use tenancy_tests::notes::{Notes, catalog};

use super::project::bearer;
use tenancy_tests::head::Head;

use super::{ask, told};
use crate::twins::{OnActix, OnAxum, Service, TASK, TestApp};

const MEMBER: TenantTable = TenantTable::new("member", "tenant_id");

/// Two projects of `acme`, and one of `globex` that is called like one of them. Its policy says, as many do, that the
/// empty setting is for the whole tenant.
const TABLES: &str = "
    CREATE TABLE task (
        tenant_id text NOT NULL, project_id text NOT NULL, id bigint NOT NULL,
        PRIMARY KEY (tenant_id, project_id, id)
    );
    CREATE TABLE member (
        tenant_id text NOT NULL, project_id text NOT NULL, subject text NOT NULL,
        PRIMARY KEY (tenant_id, project_id, subject)
    );
    INSERT INTO task VALUES
        ('acme', 'apollo', 1), ('acme', 'apollo', 2), ('acme', 'gemini', 3), ('globex', 'apollo', 4);
    INSERT INTO member VALUES ('acme', 'apollo', 'ada'), ('acme', 'gemini', 'bob'), ('globex', 'gemini', 'ada');";
const POLICY: &str = "
    CREATE POLICY of_the_project ON task AS RESTRICTIVE USING (
        current_setting('app.project_id', true) = '' OR project_id = current_setting('app.project_id', true)
    );";

async fn notes_with(policies: bool) -> (Notes, TenantPool) {
    let notes = if policies {
        Notes::new().await.unwrap()
    } else {
        Notes::unprotected().await.unwrap()
    };
    let role = notes.application();
    let tables = TableCatalog::of([TASK, MEMBER]);
    let rls = Rls::new(&tables).application_role(role).set_up_sql();
    let protection = if policies {
        rls + POLICY
    } else {
        String::new()
    };
    let sql = format!("{TABLES} GRANT ALL ON task, member TO {role}; {protection}");
    notes.administer(sql).await.unwrap();
    let builder = TenantPool::builder(notes.bare_pool(3).await.unwrap()).context_setting(
        ContextValue::Project,
        Setting::new("app.project_id").unwrap(),
    );
    let pool = if policies {
        builder.build(&catalog().table(TASK).table(MEMBER)).await
    } else {
        let builder = danger::unproven(builder, "a database without row-level security");
        builder.unwrap().build(&catalog()).await
    };
    (notes, pool.unwrap())
}

fn admission(key: &SigningKey) -> Admission {
    let set = json!({ "keys": [key.public()] }).to_string();
    let map = ClaimMap::of_memberships("orgs")
        .project("project")
        .projects("projects");
    let issuer = Issuer::new("https://issuer.example", map)
        .audience("us")
        .keys(KeySource::fixed(set));
    Admission::new(JwtVerifier::new([issuer]).unwrap())
        .project_header("x-project-id")
        .unwrap()
        .project_path("/orgs/{tenant}/projects/{project}")
        .unwrap()
}

async fn on_both(admission: &Admission, pool: &TenantPool) -> [String; 2] {
    let service = || Service::new(admission.clone()).with_pool(pool.clone());
    let [on_axum, on_actix] = [
        OnAxum::start(service()).await,
        OnActix::start(service()).await,
    ];
    [format!("http://{on_axum}"), format!("http://{on_actix}")]
}

const OF_APOLLO: &str = "sql [1, 2], builder [1, 2], all refused";
const OF_GEMINI: &str = "sql [3], builder [3], all refused";
const OF_NONE: &str = "sql [], builder refused, all refused";
const OF_ACME: &str = "sql [1, 2, 3], builder refused, all [1, 2, 3]";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_project_sees_nothing_of_another_of_its_tenant() {
    let key = SigningKey::ec(1).unwrap();
    let of = |claims| bearer(&key, &claims);
    let several = of(json!({ "projects": ["apollo", "gemini"] }));
    let gemini = of(json!({ "project": "gemini" }));
    let silent = of(json!({}));
    for policies in [true, false] {
        let (_notes, pool) = notes_with(policies).await;
        for service in on_both(&admission(&key), &pool).await {
            for (bearer, target, header, expected) in [
                (
                    &several,
                    "/orgs/acme/projects/apollo/tasks",
                    None,
                    OF_APOLLO,
                ),
                (
                    &several,
                    "/orgs/acme/projects/gemini/tasks",
                    None,
                    OF_GEMINI,
                ),
                (&several, "/work/tasks", Some("gemini"), OF_GEMINI),
                (&gemini, "/work/tasks", None, OF_GEMINI),
                // Of several, and none named: none of them, and least of all every one.
                (&several, "/work/tasks", None, OF_NONE),
                // Negative control: a token that says nothing of projects is for the whole tenant.
                (&silent, "/work/tasks", None, OF_ACME),
            ] {
                let mut fields = vec![("authorization", bearer.as_str()), ("host", "localhost")];
                fields.extend(header.map(|header| ("x-project-id", header)));
                let answer = ask(&service, &format!("GET {target}"), &fields).await;
                let (status, told) = told(&answer);
                assert_eq!(status, 200, "{target} {header:?}");
                if policies {
                    assert_eq!(told, expected, "{target} {header:?}");
                } else {
                    // Negative control: plain SQL sees all there is, and the builder what it did.
                    let (_, by_the_builder) = expected.split_once(", builder").unwrap();
                    assert_eq!(told, format!("sql [1, 2, 3, 4], builder{by_the_builder}"));
                }
            }
        }
    }
}

/// The two differ in nothing but how far they reach.
#[tokio::test]
async fn work_for_the_whole_tenant_is_not_shared_with_a_credential_that_is_limited() {
    let key = SigningKey::ec(1).unwrap();
    let (_notes, pool) = notes_with(true).await;
    let admission = admission(&key);
    let admitted = async |claims| match admission
        .admit(&Head::get("/").authorization(bearer(&key, &claims)))
        .await
    {
        Ok(Admitted::For(context, _)) => context,
        other => panic!("{other:?}"),
    };
    let whole = admitted(json!({})).await;
    let limited = admitted(json!({ "projects": ["apollo", "gemini"] })).await;
    for (first, second) in [(&whole, &limited), (&limited, &whole)] {
        let work = UnitOfWork::new(pool.clone());
        drop(work.transaction(first).await.unwrap());
        let refused = work.transaction(second).await;
        assert!(matches!(refused.unwrap_err(), Error::SecondTenant));
        drop(work.transaction(first).await.unwrap());
    }
}

/// Members of projects, in the database of the service, which is asked for the tenant of the request.
#[derive(Debug)]
struct Members(TenantPool);

#[async_trait::async_trait]
impl ProjectAccess for Members {
    async fn may_enter(
        &self,
        tenant: &TenantContext,
        project: &ProjectId,
    ) -> Result<bool, ProjectAccessUnavailable> {
        let is_member = "SELECT EXISTS (SELECT FROM member WHERE project_id = $1 AND subject = $2)";
        let is_member = sqlx::query_scalar(is_member)
            .bind(project.as_str())
            .bind(tenant.subject().map(SubjectId::as_str));
        let answer = is_member.fetch_one(&self.0.reader(tenant)).await;
        answer.map_err(|error| ProjectAccessUnavailable {
            retry_after: std::time::Duration::from_secs(1),
            cause: error.to_string(),
        })
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_member_by_the_database_enters_and_reaches_no_further() {
    let key = SigningKey::ec(1).unwrap();
    let of = |claims| bearer(&key, &claims);
    let (ada, bob) = (of(json!({})), of(json!({ "sub": "bob" })));
    let elsewhere = of(json!({ "orgs": "globex" }));
    let (notes, pool) = notes_with(true).await;
    let admission = admission(&key).project_access(Members(pool.clone()));
    for service in on_both(&admission, &pool).await {
        let not_granted = (403, "project_not_granted");
        for (bearer, target, expected) in [
            (&ada, "/orgs/acme/projects/apollo/tasks", (200, OF_APOLLO)),
            (&bob, "/orgs/acme/projects/gemini/tasks", (200, OF_GEMINI)),
            (&ada, "/orgs/acme/projects/gemini/tasks", not_granted),
            (&bob, "/orgs/acme/projects/apollo/tasks", not_granted),
            (&ada, "/orgs/acme/projects/mercury/tasks", not_granted),
            // A member of a project of this name, in another tenant.
            (
                &elsewhere,
                "/orgs/globex/projects/apollo/tasks",
                not_granted,
            ),
            (
                &elsewhere,
                "/orgs/globex/projects/gemini/tasks",
                (200, "sql [], builder [], all refused"),
            ),
            // Without a project, not even a token that says nothing of projects is for all of them.
            (&ada, "/work/tasks", (200, OF_NONE)),
        ] {
            let fields = [("authorization", bearer.as_str()), ("host", "localhost")];
            let answer = ask(&service, &format!("GET {target}"), &fields).await;
            assert_eq!(told(&answer), expected, "{target}");
        }
    }
    // When the database goes, nobody enters.
    let services = on_both(&admission, &pool).await;
    notes
        .administer("REVOKE ALL ON member FROM PUBLIC; DROP TABLE member".to_owned())
        .await
        .unwrap();
    for service in services {
        let fields = [("authorization", ada.as_str()), ("host", "localhost")];
        let answer = ask(&service, "GET /orgs/acme/projects/apollo/tasks", &fields).await;
        assert_eq!(told(&answer), (503, "temporarily_unavailable"));
    }
}
