//! What the SQL of a finding leaves as it was.

use tenancy_tests::postgres::Cluster;

use super::clinic::Clinic;

/// A key that is there already is not made a second time.
#[tokio::test]
async fn a_key_that_another_covers_is_dropped() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    let keys = "SELECT count(*) FROM pg_index WHERE indrelid = 'note'::regclass AND indisunique";
    let admin = clinic.admin().await;
    let before: i64 = sqlx::query_scalar(keys).fetch_one(&admin).await.unwrap();
    for (plant, how) in [
        ("ALTER TABLE note ADD UNIQUE (id)", "DROP CONSTRAINT"),
        ("CREATE UNIQUE INDEX ON note (body)", "DROP INDEX"),
    ] {
        clinic.administer(plant).await.unwrap();
        let report = clinic.examine(&admin).await;
        let [finding] = report.findings() else {
            panic!("{:?}", report.findings());
        };
        assert_eq!(finding.code(), "TNC043");
        assert!(finding.fix().contains(how), "{}", finding.fix());
        clinic.administer(finding.fix()).await.unwrap();
        let after: i64 = sqlx::query_scalar(keys).fetch_one(&admin).await.unwrap();
        assert_eq!(before, after, "{plant}");
    }
}
