//! What the doctor shows by trying, what it does not blame, and what it says when it could not try.

use std::collections::BTreeSet;

use tenancy_core::TableCatalog;
use tenancy_sqlx::{Doctor, Report, Rls};
use tenancy_tests::postgres::Cluster;

use super::clinic::{Clinic, catalog, codes};

/// The planner asks cheap conditions first; that of a policy comes first all the same.
#[tokio::test]
async fn a_costly_policy_is_not_blamed() {
    let clinic = Clinic::new(Cluster::shared().await).await;
    clinic
        .administer(
            "CREATE FUNCTION is_mine(text) RETURNS boolean LANGUAGE plpgsql STABLE PARALLEL SAFE COST 100000
                 AS 'BEGIN RETURN $1 = tenancy.current_tenant_id(); END';
             DROP POLICY tenant_isolation ON tag;
             CREATE POLICY reads ON tag FOR SELECT USING (public.is_mine(tenant_id));
             CREATE POLICY writes ON tag FOR INSERT WITH CHECK (public.is_mine(tenant_id));
             CREATE POLICY changes ON tag FOR UPDATE USING (public.is_mine(tenant_id));
             CREATE POLICY deletes ON tag FOR DELETE USING (public.is_mine(tenant_id))",
        )
        .await
        .unwrap();
    for pool in [clinic.admin().await, clinic.application().await] {
        let report = clinic.examine(&pool).await;
        let found = codes(&report).into_iter().map(|(code, _)| code);
        let found: BTreeSet<_> = found.collect();
        assert_eq!(
            found.iter().collect::<Vec<_>>(),
            ["TNC034", "TNC050", "TNC052"]
        );
    }
}

const TENANTS: &str = "
    CREATE TABLE region (name text PRIMARY KEY);
    CREATE TABLE customer (id text PRIMARY KEY, slug text NOT NULL UNIQUE, region text NOT NULL REFERENCES region);
    CREATE TABLE project (tenant_id text NOT NULL REFERENCES customer ON DELETE CASCADE, id uuid, PRIMARY KEY (tenant_id, id));
    CREATE TABLE task (
        tenant_id text NOT NULL REFERENCES customer, id int GENERATED ALWAYS AS IDENTITY, project uuid NOT NULL,
        PRIMARY KEY (tenant_id, id), FOREIGN KEY (tenant_id, project) REFERENCES project
    );
    INSERT INTO region VALUES ('eu');";

struct Tenants {
    clinic: Clinic,
    catalog: TableCatalog,
}

impl Tenants {
    async fn new(more: &str) -> Self {
        let clinic = Clinic::new(Cluster::shared().await).await;
        clinic.administer(TENANTS).await.unwrap();
        let ours = TableCatalog::new()
            .tenant_table("task", "tenant_id")
            .tenant_table("project", "tenant_id");
        let rls = Rls::new(&ours).application_role(&clinic.app);
        clinic.administer(&rls.set_up_sql()).await.unwrap();
        clinic.administer(more).await.unwrap();
        let catalog = catalog()
            .tenant_table("task", "tenant_id")
            .tenant_table("project", "tenant_id");
        Self { clinic, catalog }
    }

    async fn examine(&self, catalog: &TableCatalog) -> Report {
        let pool = self.clinic.application().await;
        Doctor::new(catalog).examine(&pool).await.unwrap()
    }
}

/// Opens the empty table of tasks, so that only a row that was written shows it.
const OPEN: &str = "CREATE POLICY open ON task USING (tenant_id IS NOT NULL)";

#[tokio::test]
async fn a_row_of_a_tenant_is_written_into_the_table_of_tenants_first() {
    let privileges = "GRANT SELECT ON region TO {app}; GRANT SELECT, INSERT ON customer TO {app}";
    let tenants = Tenants::new(privileges).await;
    let shared = tenants
        .catalog
        .clone()
        .shared_table("customer")
        .shared_table("region");
    let report = tenants.examine(&shared).await;
    assert_eq!(report.findings(), []);
    assert_eq!(report.unproven(), [""; 0]);
    tenants.clinic.administer(OPEN).await.unwrap();
    let report = tenants.examine(&shared).await;
    assert!(
        codes(&report).contains(&("TNC080".to_owned(), "public.task".to_owned())),
        "{report:?}"
    );
}

#[tokio::test]
async fn a_table_of_tenants_may_be_a_tenant_table_itself() {
    let tenants =
        Tenants::new("GRANT SELECT ON region TO {app}; GRANT CREATE ON SCHEMA public TO {owner}")
            .await;
    let customer = TableCatalog::new().tenant_table("customer", "id");
    let rls = Rls::new(&customer).application_role(&tenants.clinic.app);
    tenants.clinic.administer(&rls.set_up_sql()).await.unwrap();
    let declared = tenants
        .catalog
        .clone()
        .tenant_table("customer", "id")
        .shared_table("region");
    let report = tenants.examine(&declared).await;
    // A name of a tenant is unique over all of them, which is meant.
    assert_eq!(
        codes(&report),
        [(
            "TNC043".to_owned(),
            "index public.customer_slug_key on public.customer".to_owned()
        )]
    );
    assert_eq!(report.unproven(), [""; 0]);
}

/// Foreign keys that can wait are never checked.
#[tokio::test]
async fn a_deferrable_key_to_the_table_of_tenants_is_no_obstacle() {
    let tenants = Tenants::new(
        "ALTER TABLE task ALTER CONSTRAINT task_tenant_id_fkey DEFERRABLE;
         ALTER TABLE project ALTER CONSTRAINT project_tenant_id_fkey DEFERRABLE INITIALLY DEFERRED",
    )
    .await;
    let report = tenants.examine(&tenants.catalog).await;
    assert_eq!(report.findings(), []);
    assert_eq!(report.unproven(), [""; 0]);
}

#[tokio::test]
async fn what_stays_unproven_without_a_row_of_a_tenant_is_said() {
    let tenants = Tenants::new("").await;
    let report = tenants.examine(&tenants.catalog).await;
    assert_eq!(report.findings(), []);
    let [project, task] = report.unproven() else {
        panic!("{:?}", report.unproven());
    };
    for part in [
        "public.project: no row could be written as a tenant",
        "the row of public.customer that it refers to (it may not insert any)",
        "where there are none, it is unproven that a tenant neither sees nor changes rows of another",
        "it cannot give its rows away",
    ] {
        assert!(project.contains(part), "{project}");
    }
    assert!(
        task.contains("public.task") && task.contains("public.project"),
        "{task}"
    );
    // A row that is there is enough for most.
    tenants
        .clinic
        .administer(
            "INSERT INTO customer VALUES ('a', 'a', 'eu'); INSERT INTO project VALUES ('a', gen_random_uuid());
             INSERT INTO task (tenant_id, project) SELECT tenant_id, id FROM project",
        )
        .await
        .unwrap();
    tenants.clinic.administer(OPEN).await.unwrap();
    let report = tenants.examine(&tenants.catalog).await;
    assert!(
        codes(&report).contains(&("TNC080".to_owned(), "public.task".to_owned())),
        "{report:?}"
    );
}
