//! Which tenants there are, how they are called, and which of them are served.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;
use tenancy_core::{
    Admitted, MemoryDirectory, RefusalCause, TenantDirectory, TenantDirectoryUnavailable, TenantId,
    TenantRecord, TenantSlug, TenantStatus,
};
use tenancy_examples::identity_provider::SigningKey;
use tenancy_tests::faulty::Faulty;
use tenancy_tests::head::Head;

use super::{ACME, NOT_GRANTED, NOT_NAMED, ask, told};
use crate::presenting::{admission, on_both, token};

fn record(id: &str, slug: &str) -> TenantRecord {
    let slug = TenantSlug::parse(slug).unwrap();
    TenantRecord::new(TenantId::parse(id).unwrap()).with_slug(slug)
}

#[tokio::test]
async fn unknown_suspended_and_deleted_tenants_answer_like_one_that_is_not_granted() {
    let key = SigningKey::ec(1).unwrap();
    let directory = MemoryDirectory::new();
    let acme = record("acme", "acme").with_plan("business");
    directory.add(acme.clone()).unwrap();
    let admission = admission(&key)
        .tenant_header("x-tenant-id")
        .unwrap()
        .directory(directory.clone());
    let services = on_both(admission.clone()).await;
    let bearer = format!("Bearer {}", token(&key, &json!(["acme", "initech"])));
    let fields = |named| {
        [
            ("authorization", bearer.as_str()),
            ("host", "localhost"),
            ("x-tenant-id", named),
        ]
    };
    let head = Head::get("/who").authorization(&bearer);
    for status in [
        TenantStatus::Active,
        TenantStatus::Suspended,
        TenantStatus::Deleted,
    ] {
        directory.change(acme.clone().with_status(status)).unwrap();
        for service in &services {
            let not_granted = ask(service, "GET /who", &fields("globex")).await;
            assert_eq!(told(&not_granted), NOT_GRANTED);
            let unknown = ask(service, "GET /who", &fields("initech")).await;
            assert_eq!(unknown, not_granted, "every byte");
            let of_status = ask(service, "GET /who", &fields("acme")).await;
            if status == TenantStatus::Active {
                assert_eq!(told(&of_status), ACME);
            } else {
                assert_eq!(of_status, not_granted, "every byte, {status:?}");
            }
        }
        let named = |name| head.clone().field("x-tenant-id", name);
        let unknown = admission.admit(&named("initech")).await.unwrap_err();
        assert_eq!(unknown.cause(), &RefusalCause::TenantUnknown);
        let foreign = admission.admit(&named("globex")).await.unwrap_err();
        let place = "the header";
        assert_eq!(foreign.cause(), &RefusalCause::TenantNotGranted { place });
        match (status, admission.admit(&named("acme")).await) {
            (TenantStatus::Active, Ok(Admitted::For(context, _))) => {
                let record = context.record().unwrap();
                assert_eq!(
                    (record.id().as_str(), record.plan()),
                    ("acme", Some("business"))
                );
            }
            (TenantStatus::Suspended, Err(refusal)) => {
                assert_eq!(refusal.cause(), &RefusalCause::TenantSuspended);
            }
            (TenantStatus::Deleted, Err(refusal)) => {
                assert_eq!(refusal.cause(), &RefusalCause::TenantDeleted);
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn slugs_become_ids_and_reach_no_further_than_the_token() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["1", "2"])));
    let directory = MemoryDirectory::new();
    for (id, slug) in [
        ("1", "acme"),
        ("2", "globex"),
        ("3", "initech"),
        ("4", "2-x"),
    ] {
        directory.add(record(id, slug)).unwrap();
    }
    // Somebody else's slug is the id of a tenant that the token is for: the id counts.
    directory.add(record("evil", "1")).unwrap();
    let admission = admission(&key)
        .tenant_header("x-tenant-id")
        .unwrap()
        .tenant_host("{tenant}.app.example.com")
        .unwrap()
        .directory(directory);
    for service in on_both(admission).await {
        for (host, header, expected) in [
            ("acme.app.example.com", None, (200, "1")),
            ("GLOBEX.app.example.com", None, (200, "2")),
            ("acme.app.example.com", Some("1"), (200, "1")),
            ("acme.app.example.com", Some("acme"), (200, "1")),
            ("acme.app.example.com", Some("2"), NOT_GRANTED),
            ("acme.app.example.com", Some("Acme"), NOT_GRANTED),
            ("initech.app.example.com", None, NOT_GRANTED),
            ("nobody.app.example.com", None, NOT_GRANTED),
            ("1.app.example.com", None, (200, "1")),
            ("localhost", Some("evil"), NOT_GRANTED),
            ("localhost", None, NOT_NAMED),
        ] {
            let mut fields = vec![("authorization", bearer.as_str()), ("host", host)];
            fields.extend(header.map(|header| ("x-tenant-id", header)));
            let answer = ask(&service, "GET /who", &fields).await;
            assert_eq!(told(&answer), expected, "{host} {header:?}");
        }
    }
}

/// A directory that counts how often it is asked for what a client said.
#[derive(Debug, Clone, Default)]
struct Counting {
    tenants: MemoryDirectory,
    by_slug: Arc<AtomicUsize>,
}

#[async_trait::async_trait]
impl TenantDirectory for Counting {
    async fn by_id(
        &self,
        id: &TenantId,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.tenants.by_id(id).await
    }

    async fn by_slug(
        &self,
        slug: &TenantSlug,
    ) -> Result<Option<TenantRecord>, TenantDirectoryUnavailable> {
        self.by_slug.fetch_add(1, Ordering::SeqCst);
        self.tenants.by_slug(slug).await
    }
}

/// Each slug that is looked up is another entry of a cache, and another question to a database that all tenants share.
#[tokio::test]
async fn a_credential_of_one_tenant_has_no_slug_looked_up_that_its_client_invents() {
    let key = SigningKey::ec(1).unwrap();
    for (tenants, looked_up) in [(json!(["1"]), 0), (json!(["1", "2"]), 3)] {
        let bearer = format!("Bearer {}", token(&key, &tenants));
        let directory = Counting::default();
        directory.tenants.add(record("1", "acme")).unwrap();
        let admission = admission(&key).tenant_header("x-tenant-id").unwrap();
        for service in on_both(admission.directory(directory.clone())).await {
            for (name, expected) in [
                ("acme", (200, "1")),
                ("invented", NOT_GRANTED),
                ("invented-too", NOT_GRANTED),
            ] {
                let fields = [
                    ("authorization", bearer.as_str()),
                    ("host", "localhost"),
                    ("x-tenant-id", name),
                ];
                let answer = ask(&service, "GET /who", &fields).await;
                assert_eq!(told(&answer), expected, "{tenants} {name}");
            }
            let asked = directory.by_slug.swap(0, Ordering::SeqCst);
            assert_eq!(asked, looked_up, "{tenants}");
        }
    }
}

#[tokio::test]
async fn a_directory_that_does_not_answer_or_answers_for_another_is_503() {
    let key = SigningKey::ec(1).unwrap();
    let bearer = format!("Bearer {}", token(&key, &json!(["acme"])));
    let fields = [("authorization", bearer.as_str()), ("host", "localhost")];
    let several = format!("Bearer {}", token(&key, &json!(["acme", "globex"])));
    let named = [
        ("authorization", several.as_str()),
        ("host", "localhost"),
        ("x-tenant-id", "the_company"),
    ];
    for (faulty, fields, retry_after) in [
        (None, &fields[..], "retry-after: 7"),
        (Some(record("globex", "acme")), &fields, "retry-after: 1"),
        // It compares slugs by a pattern, in which `_` is any character.
        (
            Some(record("acme", "the-company")),
            &named,
            "retry-after: 1",
        ),
    ] {
        let admission = admission(&key).tenant_header("x-tenant-id").unwrap();
        for service in on_both(admission.directory(Faulty::new(faulty.clone()))).await {
            let answer = ask(&service, "GET /who", fields).await;
            assert_eq!(told(&answer), (503, "temporarily_unavailable"));
            assert!(answer.1.contains(retry_after), "{}", answer.1);
            assert!(!answer.1.contains("secret-host"));
        }
    }
}
