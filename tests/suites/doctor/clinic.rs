//! A clean database of a sensible service, faults to plant into it, and what the doctor says.

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{AssertSqlSafe, PgPool};
use tenancy_core::TableCatalog;
use tenancy_sqlx::{Doctor, Report, Rls};
use tenancy_tests::postgres::{Cluster, Database, unique_role};

use super::faults::Fault;

const PASSWORD: &str = "application";
const SCHEMA: &str = "
    CREATE TYPE mood AS ENUM ('calm', 'urgent');
    CREATE DOMAIN label AS text CHECK (value <> '');
    CREATE TABLE plan (name text PRIMARY KEY, price numeric NOT NULL);
    CREATE TABLE note (
        tenant_id text NOT NULL,
        id bigint GENERATED ALWAYS AS IDENTITY,
        body text NOT NULL CHECK (body <> 'forbidden'),
        mood mood NOT NULL DEFAULT 'calm',
        attributes jsonb NOT NULL DEFAULT '{}',
        words text[] NOT NULL DEFAULT '{}',
        length int GENERATED ALWAYS AS (length(body)) STORED,
        plan text REFERENCES plan (name),
        created_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant_id, id),
        UNIQUE (tenant_id, body)
    );
    CREATE INDEX note_by_time ON note (tenant_id, created_at);
    CREATE TABLE tag (
        tenant_id text NOT NULL,
        note_id bigint NOT NULL,
        name label NOT NULL,
        PRIMARY KEY (tenant_id, note_id, name),
        FOREIGN KEY (tenant_id, note_id) REFERENCES note (tenant_id, id) ON DELETE CASCADE
    );
    CREATE TABLE event (tenant_id text NOT NULL, at date NOT NULL, what text, PRIMARY KEY (tenant_id, at))
        PARTITION BY RANGE (at);
    CREATE TABLE event_2024 PARTITION OF event FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
    CREATE TABLE event_rest PARTITION OF event DEFAULT;
    CREATE SCHEMA billing;
    CREATE TABLE billing.invoice (
        tenant_id varchar NOT NULL,
        number serial,
        parent int,
        total numeric(12, 2) NOT NULL,
        PRIMARY KEY (tenant_id, number),
        FOREIGN KEY (tenant_id, parent) REFERENCES billing.invoice (tenant_id, number) ON DELETE SET NULL (parent)
    );
    ALTER TABLE billing.invoice ALTER COLUMN tenant_id TYPE text;
    CREATE VIEW urgent_note WITH (security_invoker = true) AS SELECT * FROM note WHERE mood = 'urgent';
    CREATE VIEW urgent_body WITH (security_invoker = on) AS SELECT body FROM urgent_note;
    CREATE VIEW plan_name AS SELECT name FROM plan;
    CREATE MATERIALIZED VIEW plan_count AS SELECT count(*) FROM plan;
    CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NEW.created_at := now(); RETURN NEW; END';
    CREATE TRIGGER touch BEFORE UPDATE ON note FOR EACH ROW EXECUTE FUNCTION touch();
    CREATE FUNCTION shout(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
    CREATE TABLE migration (version int PRIMARY KEY);
    INSERT INTO plan VALUES ('free', 0), ('paid', 10);
    INSERT INTO note (tenant_id, body) VALUES ('a', 'a one'), ('a', 'a two'), ('b', 'b one');
    INSERT INTO tag SELECT tenant_id, id, 'red' FROM note;
    INSERT INTO event SELECT tenant_id, '2024-02-03', 'it' FROM note GROUP BY 1;
    INSERT INTO billing.invoice (tenant_id, total) VALUES ('a', 1.5), ('b', 2.5);";
const AFTER: &str = "
    CREATE POLICY back_office ON note TO {office} USING (true);
    CREATE POLICY only_some ON note AS RESTRICTIVE USING (body <> 'hidden');
    ALTER TABLE event_2024 ENABLE ROW LEVEL SECURITY;
    ALTER TABLE event_2024 FORCE ROW LEVEL SECURITY;
    DROP POLICY IF EXISTS tenant_isolation ON event_2024;
    CREATE POLICY tenant_isolation ON event_2024 USING (tenant_id = (SELECT tenancy.current_tenant_id()));
    GRANT SELECT ON event_2024 TO {app};
    GRANT SELECT ON plan, urgent_note, urgent_body, plan_name, plan_count TO {app};
    GRANT USAGE ON SEQUENCE billing.invoice_number_seq TO {app};
    GRANT SELECT ON note TO {office};
    GRANT USAGE ON SCHEMA tenancy TO {office};
    DO $$ DECLARE t text; BEGIN
        FOREACH t IN ARRAY ARRAY['plan', 'note', 'tag', 'event', 'event_2024', 'event_rest', 'billing.invoice', 'migration'] LOOP
            EXECUTE 'ALTER TABLE ' || t || ' OWNER TO {owner}';
        END LOOP;
        ALTER VIEW plan_name OWNER TO {owner};
        ALTER VIEW urgent_note OWNER TO {owner};
    END $$;";

/// A clean database of its own.
pub(super) struct Clinic {
    database: Database,
    pub(super) app: String,
    pub(super) owner: String,
    office: String,
}

impl Clinic {
    pub(super) async fn new(cluster: &Cluster) -> Self {
        let clinic = Self {
            database: cluster.database().await,
            app: unique_role("app"),
            owner: unique_role("owner"),
            office: unique_role("office"),
        };
        let catalog = catalog();
        let rls = Rls::new(&catalog)
            .application_role(&clinic.app)
            .set_up_sql();
        let roles = "CREATE ROLE {owner} NOLOGIN; CREATE ROLE {office} NOLOGIN; CREATE ROLE {app} LOGIN PASSWORD 'application';";
        for sql in [roles, SCHEMA, &rls, AFTER] {
            clinic.administer(sql).await.unwrap();
        }
        clinic
    }

    /// Fills in the names of this database.
    pub(super) fn named(&self, text: &str) -> String {
        text.replace("{app}", &self.app)
            .replace("{owner}", &self.owner)
            .replace("{office}", &self.office)
            .replace("{database}", self.database.name())
    }

    pub(super) async fn administer(&self, sql: &str) -> Result<(), sqlx::Error> {
        let pool = self.admin().await;
        let sql = AssertSqlSafe(self.named(sql));
        let done = sqlx::raw_sql(sql).execute(&pool).await;
        pool.close().await;
        done.map(drop)
    }

    pub(super) fn options(&self) -> PgConnectOptions {
        self.database.options(&self.app, PASSWORD)
    }

    pub(super) async fn admin(&self) -> PgPool {
        connect(self.database.admin_options()).await
    }

    pub(super) async fn application(&self) -> PgPool {
        connect(self.options()).await
    }

    pub(super) async fn connect_as(&self, role: &str) -> PgPool {
        connect(self.database.options(role, PASSWORD)).await
    }

    pub(super) async fn examine(&self, pool: &PgPool) -> Report {
        let catalog = catalog();
        let report = Doctor::new(&catalog).role(&self.app).examine(pool).await;
        report.unwrap()
    }
}

async fn connect(options: PgConnectOptions) -> PgPool {
    let pool = PgPoolOptions::new().max_connections(1);
    pool.connect_with(options).await.unwrap()
}

pub(super) fn catalog() -> TableCatalog {
    TableCatalog::new()
        .tenant_table("note", "tenant_id")
        .tenant_table("tag", "tenant_id")
        .tenant_table("event", "tenant_id")
        .tenant_table_in("billing", "invoice", "tenant_id")
        .shared_table("plan")
}

/// Code and object of each finding.
pub(super) fn codes(report: &Report) -> Vec<(String, String)> {
    let findings = report.findings().iter();
    findings
        .map(|finding| (finding.code().to_owned(), finding.object().to_owned()))
        .collect()
}

/// Plants a fault, expects it and its companions, runs its cure and expects it to be gone.
pub(super) async fn play(cluster: &Cluster, fault: &Fault) -> Result<(), String> {
    let clinic = Clinic::new(cluster).await;
    let failed = |what: &str| {
        let what = what.to_owned();
        move |error: sqlx::Error| format!("{what}: {error}")
    };
    clinic
        .administer(fault.plant)
        .await
        .map_err(failed("planting"))?;
    let catalog = (fault.catalog)();
    let doctor = (fault.doctor)(Doctor::new(&catalog).role(&clinic.app));
    let admin = clinic.admin().await;
    let report = doctor
        .examine(&admin)
        .await
        .map_err(|error| error.to_string())?;
    let object = clinic.named(fault.object);
    let found = codes(&report);
    let expected = (fault.code.to_owned(), object);
    let companions: Vec<_> = fault
        .companions
        .iter()
        .map(|(code, object)| ((*code).to_owned(), clinic.named(object)))
        .collect();
    let surprising = |found: &[(String, String)]| -> Vec<_> {
        found
            .iter()
            .filter(|one| **one != expected && !companions.contains(one))
            .cloned()
            .collect::<Vec<_>>()
    };
    if !found.contains(&expected)
        || !surprising(&found).is_empty()
        || companions.iter().any(|one| !found.contains(one))
    {
        return Err(format!(
            "expected {expected:?} and {companions:?}, found {:#?}",
            report.findings()
        ));
    }
    let finding = report
        .findings()
        .iter()
        .find(|finding| finding.code() == fault.code)
        .unwrap();
    let runs = finding
        .fix()
        .lines()
        .any(|line| !line.trim().is_empty() && !line.starts_with("--"));
    if !runs {
        return if fault.by_hand {
            Ok(())
        } else {
            Err(format!("no SQL in the fix: {}", finding.fix()))
        };
    }
    clinic
        .administer(finding.fix())
        .await
        .map_err(failed(finding.fix()))?;
    let after = doctor
        .examine(&admin)
        .await
        .map_err(|error| error.to_string())?;
    let left = codes(&after);
    if left.contains(&expected)
        || surprising(&left)
            .iter()
            .any(|(code, _)| !fault.reveals.contains(&code.as_str()))
    {
        return Err(format!(
            "after {}\nfound {:#?}",
            finding.fix(),
            after.findings()
        ));
    }
    Ok(())
}
