//! The doctor finds each fault by its code, mends it, and is silent about what is sound.

mod allowing;
mod clean;
mod clinic;
mod faults;
mod hindered;
mod large;
mod leaving;
mod mending;
mod presetting;
mod trying;

use std::collections::BTreeSet;

use tenancy_tests::postgres::Cluster;

use clinic::Clinic;
use faults::Fault;

/// Composite keys, partitions, views, shared tables, triggers, identity and generated columns, enums, jsonb, a
/// role of the back office with a policy of its own: nothing of that is a fault.
#[tokio::test]
async fn a_sensible_schema_is_clean() {
    a_sensible_schema_is_clean_on(Cluster::shared().await).await;
}

async fn a_sensible_schema_is_clean_on(cluster: &Cluster) {
    let clinic = Clinic::new(cluster).await;
    for pool in [clinic.admin().await, clinic.application().await] {
        let report = clinic.examine(&pool).await;
        assert_eq!(report.findings(), []);
        assert_eq!(report.unproven(), [""; 0]);
    }
}

/// Each fault, planted into a clean database of its own, is found by its code at its object and by nothing else; and
/// the SQL of the finding mends it.
async fn faults_are_found_and_mended(cluster: &Cluster, faults: &[Fault]) {
    let mut wrong = Vec::new();
    for fault in faults {
        if let Err(problem) = Box::pin(clinic::play(cluster, fault)).await {
            wrong.push(format!("{}: {}\n{problem}", fault.code, fault.plant));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

macro_rules! faults {
    ($($name:ident)*) => {
        $(
            #[tokio::test]
            async fn $name() {
                faults_are_found_and_mended(Cluster::shared().await, &faults::$name()).await;
            }
        )*

        fn all_faults() -> Vec<Fault> {
            [$(faults::$name()),*].into_iter().flatten().collect()
        }
    };
}

faults! {
    faults_of_the_role_are_found
    faults_of_the_catalogue_are_found
    faults_of_tables_are_found
    faults_of_policies_are_found
    faults_of_keys_are_found
    faults_of_quality_are_found
    faults_of_views_are_found
    faults_around_the_tables_are_found
    faults_of_behaviour_are_found
    faults_that_every_database_has_are_found_by_a_strict_doctor
}

/// The manual is made from the same table, so its codes are the codes.
#[test]
fn every_code_has_a_planted_fault() {
    let manual = include_str!("../../tenancy-sqlx/src/manual/doctor.md");
    let known: BTreeSet<_> = manual
        .lines()
        .filter_map(|line| line.strip_prefix("### "))
        .filter_map(|title| title.get(..6))
        .collect();
    let planted: BTreeSet<_> = all_faults().iter().map(|fault| fault.code).collect();
    // Only a pool reports it: `hindered::a_closed_catalogue_keeps_a_pool_from_starting`.
    let elsewhere = BTreeSet::from(["TNC089"]);
    let planted: BTreeSet<_> = planted.union(&elsewhere).copied().collect();
    assert_eq!(planted, known);
}
