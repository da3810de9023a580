//! Findings that are allowed, and who may be examined.

use tenancy_sqlx::{Doctor, Error, InvalidAllowance};
use tenancy_tests::postgres::Cluster;

use super::clinic::{Clinic, catalog, codes};

#[tokio::test]
async fn an_allowed_finding_is_left_out() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    clinic
        .administer("GRANT TRUNCATE ON tag TO {app}")
        .await
        .unwrap();
    let (catalog, pool) = (catalog(), clinic.admin().await);
    let doctor = Doctor::new(&catalog).role(&clinic.app);
    let report = doctor.examine(&pool).await.unwrap();
    assert_eq!(
        codes(&report),
        [("TNC068".to_owned(), "public.tag".to_owned())]
    );
    assert!(!report.is_sound());
    assert!(
        report
            .assert_sound()
            .unwrap_err()
            .to_string()
            .contains("TNC068 error: public.tag: ")
    );
    let report = doctor
        .allow("TNC068", "public.tag", "tags are emptied at night")
        .examine(&pool)
        .await
        .unwrap();
    assert_eq!(report.findings(), []);
}

#[tokio::test]
async fn allowances_without_a_code_or_a_reason_are_refused() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    let (catalog, pool) = (catalog(), clinic.admin().await);
    let doctor = Doctor::new(&catalog).role(&clinic.app);
    let unknown = doctor
        .clone()
        .allow("TNC999", "public.tag", "because")
        .examine(&pool)
        .await;
    assert!(
        matches!(unknown, Err(Error::Allowance(InvalidAllowance::UnknownCode(code))) if code == "TNC999")
    );
    let silent = doctor
        .clone()
        .allow("TNC068", "public.tag", " ")
        .examine(&pool)
        .await;
    assert!(matches!(
        silent,
        Err(Error::Allowance(InvalidAllowance::NoReason { .. }))
    ));
    let nobody = Doctor::new(&catalog)
        .role("nobody \"at\" all")
        .examine(&pool)
        .await;
    assert!(matches!(nobody, Err(Error::UnknownRole(_))));
}
