//! A tenant counts only with its seal, which SQL cannot make; and the pool, the policies and the strict variant agree.

use tenancy_sqlx::{Doctor, Error, Finding, Rls, Seal, TenantPool, pool_options};
use tenancy_tests::notes::{Notes, catalog, context};
use tenancy_tests::sqlstate::sqlstate;

const COUNT: &str = "SELECT count(*) FROM note";

fn seal(secret: u8) -> Seal {
    Seal::new(&[secret; 32]).unwrap()
}

/// What is asked of the policies.
type Choice = for<'a> fn(Rls<'a>) -> Rls<'a>;

fn sealed(rls: Rls<'_>) -> Rls<'_> {
    rls.sealed()
}

/// The notes, protected by what `choose` makes of the policies, and the key of `seal` with them.
async fn notes_with(choose: Choice, seal: Option<&Seal>) -> Notes {
    let notes = Notes::unprotected().await.unwrap();
    let catalog = catalog();
    let rls = choose(Rls::new(&catalog).application_role(notes.application()));
    notes.administer(rls.set_up_sql()).await.unwrap();
    if let Some(seal) = seal {
        notes.administer(Rls::seal_key_sql(seal)).await.unwrap();
    }
    notes
}

async fn pool(notes: &Notes, seal: Option<Seal>) -> Result<TenantPool, Error> {
    let bare = pool_options()
        .max_connections(1)
        .connect_with(notes.options())
        .await?;
    let builder = TenantPool::builder(bare);
    match seal {
        Some(seal) => builder.seal(seal).build(&catalog()).await,
        None => builder.build(&catalog()).await,
    }
}

#[tokio::test]
async fn sql_cannot_name_another_tenant_than_the_sealed_one() {
    let notes = notes_with(sealed, Some(&seal(7))).await;
    let pool = pool(&notes, Some(seal(7))).await.unwrap();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    let own: i64 = sqlx::query_scalar(COUNT)
        .fetch_one(&mut transaction)
        .await
        .unwrap();
    assert_eq!(own, 3);
    for stolen in [
        "SELECT set_config('app.current_tenant_id', 'b', true)",
        "SELECT set_config('app.current_tenant_id_seal', 'guessed', true)",
    ] {
        sqlx::query(stolen).execute(&mut transaction).await.unwrap();
        let seen: i64 = sqlx::query_scalar(COUNT)
            .fetch_one(&mut transaction)
            .await
            .unwrap();
        assert_eq!(seen, 0, "{stolen}");
    }
}

/// The negative control: without a seal it can, which is why `set_config` is to be revoked then.
#[tokio::test]
async fn without_a_seal_sql_can_name_another_tenant() {
    let notes = notes_with(|rls| rls, None).await;
    let pool = pool(&notes, None).await.unwrap();
    let mut transaction = pool.begin(&context("a")).await.unwrap();
    sqlx::query("SELECT set_config('app.current_tenant_id', 'b', true)")
        .execute(&mut transaction)
        .await
        .unwrap();
    let seen: i64 = sqlx::query_scalar(COUNT)
        .fetch_one(&mut transaction)
        .await
        .unwrap();
    assert_eq!(seen, 2);
}

#[tokio::test]
async fn a_pool_and_policies_that_do_not_agree_do_not_start() {
    let insisting = notes_with(sealed, Some(&seal(7))).await;
    for other in [None, Some(seal(8))] {
        let error = pool(&insisting, other).await.unwrap_err();
        assert!(matches!(error, Error::SettingNotRead { .. }), "{error}");
    }
    let open = notes_with(|rls| rls, None).await;
    let error = pool(&open, Some(seal(7))).await.unwrap_err();
    assert!(matches!(error, Error::NotSealed), "{error}");
}

#[tokio::test]
async fn strict_policies_serve_a_pool_and_raise_without_a_tenant() {
    for seal in [None, Some(seal(7))] {
        let choose: Choice = if seal.is_some() {
            |rls| rls.strict().sealed()
        } else {
            |rls| rls.strict()
        };
        let notes = notes_with(choose, seal.as_ref()).await;
        let pool = pool(&notes, seal).await.unwrap();
        let own: i64 = sqlx::query_scalar(COUNT)
            .fetch_one(&pool.reader(&context("a")))
            .await
            .unwrap();
        assert_eq!(own, 3);
        let bare = notes.bare_pool(1).await.unwrap();
        let error = sqlx::query(COUNT).execute(&bare).await.unwrap_err();
        assert_eq!(sqlstate(&error), Rls::NO_TENANT, "{error}");
    }
}

/// With the seal the doctor tries what the service does; without it nobody is somebody, and nothing could be tried.
#[tokio::test]
async fn the_doctor_examines_sealed_policies() {
    let notes = notes_with(sealed, Some(&seal(7))).await;
    let admin = pool_options()
        .connect_with(notes.superuser())
        .await
        .unwrap();
    let catalog = catalog();
    let doctor = || Doctor::new(&catalog).role(notes.application());
    let sealed = doctor().seal(seal(7)).examine(&admin).await.unwrap();
    let unsealed = doctor().examine(&admin).await.unwrap();
    for report in [&sealed, &unsealed] {
        // The notes have a table without an index; nothing else is to be found.
        let codes: Vec<_> = report.findings().iter().map(Finding::code).collect();
        assert_eq!(codes, ["TNC042"]);
    }
    assert_eq!(sealed.unproven(), [""; 0]);
    assert_ne!(unsealed.unproven(), [""; 0]);
}
