//! How many requests, by outcome and, where that is asked for, by tenant.

use std::collections::BTreeMap;

use tenancy_core::{Admission, MemoryDirectory, TenantRecord};
use tenancy_tests::faulty::Faulty;

use super::{Provider, Watched, id};

fn counts(of: &[(&[&str], u64)]) -> BTreeMap<Vec<String>, u64> {
    let of = of.iter();
    of.map(|(labels, count)| (labels.iter().map(ToString::to_string).collect(), *count))
        .collect()
}

async fn some_requests(watched: &Watched, provider: &Provider) {
    let bearer = |tenant| provider.bearer(tenant, "ada");
    for (tenant, path, times) in [
        ("acme", "/note/1", 3),
        ("globex", "/note/1", 2),
        ("globex", "/fail", 1),
        ("hooli", "/note/1", 2),
        ("initech", "/note/1", 1),
        ("acme", "/guarded", 1),
    ] {
        for _ in 0..times {
            watched.ask_as(&bearer(tenant), path).await;
        }
    }
    watched.ask("/open", &[]).await;
    watched.ask("/note/1", &[]).await;
}

#[tokio::test]
async fn requests_are_counted_by_outcome() {
    let provider = Provider::new();
    for watched in Watched::both(&provider, |it| it) {
        some_requests(&watched, &provider).await;
        assert_eq!(
            watched.heard.counts("tenancy_requests_total"),
            counts(&[(&["allowed"], 7), (&["denied"], 4), (&["failed"], 1)]),
            "{}",
            watched.name
        );
    }
}

#[tokio::test]
async fn tenants_have_labels_up_to_a_number() {
    let provider = Provider::new();
    for watched in Watched::both(&provider, |it| it.tenant_metrics(2)) {
        some_requests(&watched, &provider).await;
        assert_eq!(
            watched.heard.counts("tenancy_requests_total"),
            counts(&[
                (&["allowed", "acme"], 3),
                (&["denied", "acme"], 1),
                (&["allowed", "globex"], 2),
                (&["failed", "globex"], 1),
                // Hooli and initech.
                (&["allowed", "other"], 1),
                (&["denied", "other"], 2),
                // An exempt path, and no credential.
                (&["allowed", ""], 1),
                (&["denied", ""], 1),
            ]),
            "{}",
            watched.name
        );
    }
}

#[tokio::test]
async fn many_tenants_are_few_labels() {
    let provider = Provider::new();
    let directory = MemoryDirectory::new();
    for n in 0..300 {
        directory
            .add(TenantRecord::new(id(&format!("tenant-{n}"))))
            .unwrap();
    }
    let configure = |it: Admission| it.directory(directory.clone()).tenant_metrics(10);
    for watched in Watched::both(&provider, configure) {
        // Whoever issues credentials may make up tenants, but no labels.
        for n in 0..30 {
            let bearer = provider.bearer(&format!("made-up-{n}"), "ada");
            assert_eq!(watched.ask_as(&bearer, "/visit").await.status, 403);
        }
        for n in 0..300 {
            let bearer = provider.bearer(&format!("tenant-{n}"), "ada");
            assert_eq!(watched.ask_as(&bearer, "/visit").await.status, 200);
        }
        let counted = watched.heard.counts("tenancy_requests_total");
        assert_eq!(counted.len(), 12, "{}", watched.name);
        assert_eq!(counted[&["denied".to_owned(), String::new()][..]], 30);
        assert_eq!(
            counted[&["allowed".to_owned(), "other".to_owned()][..]],
            290
        );
    }
}

/// What nobody says there is may be made up too.
#[tokio::test]
async fn a_directory_that_does_not_answer_gives_no_label_away() {
    let provider = Provider::new();
    let configure = |it: Admission| {
        it.directory(Faulty::<TenantRecord>::new(None))
            .tenant_metrics(10)
    };
    for watched in Watched::both(&provider, configure) {
        for n in 0..30 {
            let bearer = provider.bearer(&format!("made-up-{n}"), "ada");
            assert_eq!(watched.ask_as(&bearer, "/visit").await.status, 503);
        }
        let counted = watched.heard.counts("tenancy_requests_total");
        assert_eq!(counted.len(), 1, "{}", watched.name);
        assert_eq!(counted[&["failed".to_owned(), String::new()][..]], 30);
    }
}
