//! One planted fault per check.

use tenancy_core::TableCatalog;
use tenancy_sqlx::Doctor;

use super::clinic::catalog;

/// A fault, where it is found, and what else it brings about.
pub(super) struct Fault {
    pub(super) code: &'static str,
    pub(super) object: &'static str,
    pub(super) plant: &'static str,
    pub(super) companions: &'static [(&'static str, &'static str)],
    pub(super) catalog: fn() -> TableCatalog,
    pub(super) doctor: for<'a> fn(Doctor<'a>) -> Doctor<'a>,
    /// What only shows once it is mended.
    pub(super) reveals: &'static [&'static str],
    /// No SQL mends it.
    pub(super) by_hand: bool,
}

const fn fault(code: &'static str, object: &'static str, plant: &'static str) -> Fault {
    Fault {
        code,
        object,
        plant,
        companions: &[],
        reveals: &[],
        catalog,
        doctor: |doctor| doctor,
        by_hand: false,
    }
}

fn strict(doctor: Doctor<'_>) -> Doctor<'_> {
    doctor.strict()
}

impl Fault {
    const fn with(mut self, companions: &'static [(&'static str, &'static str)]) -> Self {
        self.companions = companions;
        self
    }

    const fn revealing(mut self, codes: &'static [&'static str]) -> Self {
        self.reveals = codes;
        self
    }

    const fn in_catalog(mut self, catalog: fn() -> TableCatalog) -> Self {
        self.catalog = catalog;
        self
    }

    const fn by_hand(mut self) -> Self {
        self.by_hand = true;
        self
    }

    const fn seen_by(mut self, doctor: for<'a> fn(Doctor<'a>) -> Doctor<'a>) -> Self {
        self.doctor = doctor;
        self
    }
}

pub(super) fn faults_of_the_role_are_found() -> Vec<Fault> {
    vec![
        fault("TNC001", "role {app}", "ALTER ROLE {app} SUPERUSER"),
        fault("TNC002", "role {app}", "ALTER ROLE {app} BYPASSRLS"),
        fault("TNC003", "role {app}", "ALTER ROLE {office} BYPASSRLS; ALTER ROLE {app} NOINHERIT; GRANT {office} TO {app};
            DROP POLICY back_office ON note"),
        fault("TNC004", "role {app}", "ALTER ROLE {app} CREATEROLE"),
        fault("TNC005", "role {app}", "ALTER ROLE {app} REPLICATION"),
        fault("TNC006", "public.tag", "ALTER TABLE tag OWNER TO {app}"),
        fault("TNC007", "role {app}", "GRANT pg_read_server_files TO {app}"),
        fault("TNC007", "role {app}", "GRANT pg_execute_server_program TO {owner}; GRANT {owner} TO {app};
            ALTER TABLE note OWNER TO postgres; ALTER TABLE tag OWNER TO postgres; ALTER TABLE event OWNER TO postgres;
            ALTER TABLE billing.invoice OWNER TO postgres; ALTER TABLE plan OWNER TO postgres;
            ALTER TABLE event_rest OWNER TO postgres; ALTER TABLE migration OWNER TO postgres"),
        fault("TNC008", "role {app}", "GRANT pg_monitor TO {app}"),
        fault("TNC008", "role {app}", "GRANT pg_read_all_stats TO {app}"),
        fault("TNC009", "role {app}", "GRANT SET ON PARAMETER session_replication_role TO {app}"),
        fault("TNC009", "role {app}", "GRANT SET ON PARAMETER session_replication_role TO {office}; GRANT {office} TO {app};
            DROP POLICY back_office ON note"),
        fault("TNC009", "role {app}", "ALTER ROLE {app} SET session_replication_role = replica"),
    ]
}

/// One byte longer than a name can be.
const ENDLESS: &str = "e123456789_123456789_123456789_123456789_123456789_123456789_123";

pub(super) fn faults_of_the_catalogue_are_found() -> Vec<Fault> {
    vec![
        fault("TNC010", "catalogue", "DROP VIEW urgent_body, urgent_note")
            .by_hand()
            .with(&[
                ("TNC027", "public.plan"),
                ("TNC061", "public.plan_name"),
                ("TNC062", "public.plan_count"),
            ])
            .in_catalog(TableCatalog::new),
        fault("TNC011", "plan", "").by_hand().in_catalog(|| catalog().tenant_table("plan", "name")),
        fault("TNC012", "public.nope", "").by_hand().in_catalog(|| catalog().tenant_table("nope", "tenant_id")),
        fault("TNC012", "public.urgent_note", "").by_hand().in_catalog(|| catalog().tenant_table("urgent_note", "tenant_id")),
        fault("TNC012", ENDLESS, "").by_hand().in_catalog(|| catalog().tenant_table(ENDLESS, "tenant_id")),
        fault("TNC012", ENDLESS, "").by_hand().in_catalog(|| catalog().shared_table(ENDLESS)),
        fault("TNC013", "public.secret", "CREATE TABLE secret (body text); ALTER TABLE secret ENABLE ROW LEVEL SECURITY")
            .revealing(&["TNC023", "TNC024", "TNC042"])
            .in_catalog(|| catalog().tenant_table("secret", "tenant_id")),
        fault("TNC014", "public.visit", "CREATE TABLE visit (tenant_id bigint PRIMARY KEY);
            ALTER TABLE visit ENABLE ROW LEVEL SECURITY; ALTER TABLE visit FORCE ROW LEVEL SECURITY;
            CREATE POLICY own ON visit USING (tenant_id = (SELECT tenancy.current_tenant_id())::bigint)")
            .in_catalog(|| catalog().tenant_table("visit", "tenant_id")),
        fault("TNC014", "public.visit", "CREATE TABLE visit (tenant_id char(9) PRIMARY KEY);
            ALTER TABLE visit ENABLE ROW LEVEL SECURITY; ALTER TABLE visit FORCE ROW LEVEL SECURITY;
            CREATE POLICY own ON visit USING (tenant_id = (SELECT tenancy.current_tenant_id())::bpchar)")
            .in_catalog(|| catalog().tenant_table("visit", "tenant_id")),
        fault("TNC015", "public.visit", "
            CREATE COLLATION loose (provider = icu, locale = 'und-u-ks-level1', deterministic = false);
            CREATE TABLE visit (tenant_id text COLLATE loose PRIMARY KEY);
            ALTER TABLE visit ENABLE ROW LEVEL SECURITY; ALTER TABLE visit FORCE ROW LEVEL SECURITY;
            CREATE POLICY own ON visit USING (tenant_id = (SELECT tenancy.current_tenant_id()))")
            .in_catalog(|| catalog().tenant_table("visit", "tenant_id")),
        fault("TNC016", "public.visit", "CREATE TABLE visit (tenant_id text)").by_hand(),
        fault("TNC017", "billing.plan", "CREATE TABLE billing.plan (body text); GRANT SELECT ON billing.plan TO {app}")
            .with(&[("TNC017", "public.plan")]),
        fault("TNC016", "public.visit", "CREATE TABLE visit (tenant_id text); ALTER TABLE visit ENABLE ROW LEVEL SECURITY;
            CREATE POLICY own ON visit USING (tenant_id = tenancy.current_tenant_id()); GRANT SELECT ON visit TO {app}")
            .by_hand(),
    ]
}

pub(super) fn faults_of_tables_are_found() -> Vec<Fault> {
    vec![
        fault("TNC020", "public.tag", "ALTER TABLE tag DISABLE ROW LEVEL SECURITY; DROP POLICY tenant_isolation ON tag"),
        fault("TNC021", "public.tag", "ALTER TABLE tag DISABLE ROW LEVEL SECURITY"),
        fault("TNC022", "public.tag", "ALTER TABLE tag NO FORCE ROW LEVEL SECURITY; ALTER TABLE tag OWNER TO {app}")
            .with(&[("TNC006", "public.tag")]),
        fault("TNC023", "public.tag", "ALTER TABLE tag NO FORCE ROW LEVEL SECURITY"),
        fault("TNC024", "public.tag", "DROP POLICY tenant_isolation ON tag"),
        fault("TNC025", "public.tag", "DROP POLICY tenant_isolation ON tag;
            CREATE POLICY reading ON tag FOR SELECT USING (tenant_id = (SELECT tenancy.current_tenant_id()))"),
        fault("TNC026", "public.tag", "ALTER POLICY tenant_isolation ON tag TO {office}"),
        fault("TNC026", "public.tag", "DROP POLICY tenant_isolation ON tag;
            CREATE POLICY narrow ON tag AS RESTRICTIVE USING (tenant_id = (SELECT tenancy.current_tenant_id()))"),
        fault("TNC027", "public.visit", "CREATE TABLE visit (total int); GRANT SELECT ON visit TO {app}"),
        // The role has no such privilege until it becomes the other, which it may.
        fault("TNC027", "public.visit", "CREATE TABLE visit (total int); GRANT SELECT ON visit TO {office};
            ALTER ROLE {app} NOINHERIT; GRANT {office} TO {app}; DROP POLICY back_office ON note"),
        fault("TNC027", "public.visit", "CREATE TABLE visit (tenant_id text, total int); GRANT SELECT (total) ON visit TO PUBLIC")
            .revealing(&["TNC016"]),
        fault("TNC027", "public.visit", "CREATE TABLE visit (total int); ALTER TABLE visit ENABLE ROW LEVEL SECURITY;
            CREATE POLICY everything ON visit USING (true); GRANT INSERT ON visit TO {app}"),
        fault("TNC028", "public.event_rest", "ALTER TABLE event_rest DISABLE ROW LEVEL SECURITY; GRANT SELECT ON event_rest TO {app}"),
        fault("TNC028", "public.old_tag", "CREATE TABLE old_tag () INHERITS (tag); GRANT DELETE ON old_tag TO {app}"),
    ]
}

pub(super) fn faults_of_policies_are_found() -> Vec<Fault> {
    vec![
        fault("TNC030", "policy open on public.tag", "CREATE POLICY open ON tag USING (note_id > 0)"),
        fault("TNC030", "policy tenant_isolation on public.tag",
            "ALTER POLICY tenant_isolation ON tag USING (tenancy.current_tenant_id() IS NOT NULL) WITH CHECK (true)")
            .with(&[("TNC050", "policy tenant_isolation on public.tag")]),
        fault("TNC030", "policy child on public.event_2024", "CREATE POLICY child ON event_2024 USING (what = 'it')"),
        fault("TNC031", "policy open on public.tag", "CREATE POLICY open ON tag FOR SELECT USING (true)"),
        fault("TNC031", "policy open on public.tag", "CREATE POLICY open ON tag FOR INSERT TO {app} WITH CHECK (true)"),
        fault("TNC032", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag WITH CHECK (true)"),
        fault("TNC032", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag WITH CHECK (note_id > 0)"),
        fault("TNC033", "public.tag", "CREATE POLICY red ON tag FOR SELECT
            USING (tenant_id = (SELECT tenancy.current_tenant_id()) AND name = 'red')"),
        // No row shows these: nothing is called so.
        fault("TNC034", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag
            USING (tenant_id = (SELECT tenancy.current_tenant_id()) OR name = 'public')"),
        fault("TNC034", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag
            USING (tenant_id LIKE (SELECT tenancy.current_tenant_id()))"),
        fault("TNC034", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag
            USING (tenant_id IN ((SELECT tenancy.current_tenant_id()), 'everybody'))
            WITH CHECK (tenant_id = (SELECT tenancy.current_tenant_id()))"),
        fault("TNC034", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag
            WITH CHECK (tenant_id = (SELECT tenancy.current_tenant_id()) OR note_id = -1)"),
        fault("TNC034", "policy tenant_isolation on public.event_2024", "ALTER POLICY tenant_isolation ON event_2024
            USING (tenant_id = (SELECT tenancy.current_tenant_id()) OR what = 'public')"),
        fault("TNC034", "function tenancy.current_tenant_id()", "CREATE OR REPLACE FUNCTION tenancy.current_tenant_id() RETURNS text
            LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN
                IF current_user = 'somebody' THEN RETURN 'a'; END IF; RETURN nullif(current_setting('app.current_tenant_id', true), '');
            END $$"),
        fault("TNC034", "function tenancy.current_tenant_id()", "CREATE OR REPLACE FUNCTION tenancy.current_tenant_id() RETURNS text
            LANGUAGE sql STABLE PARALLEL SAFE SET app.other = 'a'
            AS $$ SELECT nullif(pg_catalog.current_setting('app.current_tenant_id', true), '') $$"),
        fault("TNC035", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag
            USING (tenant_id = (SELECT tenancy.current_tenant_id()) OR (SELECT nullif(current_setting('app.is_admin', true), '')) = 'on')"),
        fault("TNC035", "policy own on public.tag", "CREATE FUNCTION is_admin() RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
                AS $$ SELECT nullif(pg_catalog.current_setting('app.is_admin', true), '') = 'on' $$;
            DROP POLICY tenant_isolation ON tag;
            CREATE POLICY own ON tag USING (tenant_id = (SELECT tenancy.current_tenant_id()) OR (SELECT public.is_admin()))"),
        fault("TNC035", "function tenancy.current_tenant_id()", "CREATE OR REPLACE FUNCTION tenancy.current_tenant_id() RETURNS text
            LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT nullif(coalesce(nullif(current_setting('app.current_tenant_id', true), ''),
                current_setting('app.default_tenant', true)), '') $$"),
    ]
}

pub(super) fn faults_of_keys_are_found() -> Vec<Fault> {
    vec![
        fault("TNC040", "public.visit", "CREATE TABLE visit (tenant_id text); CREATE INDEX ON visit (tenant_id);
            ALTER TABLE visit ENABLE ROW LEVEL SECURITY; ALTER TABLE visit FORCE ROW LEVEL SECURITY;
            CREATE POLICY own ON visit USING (tenant_id = (SELECT tenancy.current_tenant_id()))")
            .in_catalog(|| catalog().tenant_table("visit", "tenant_id")),
        fault("TNC041", "public.visit", "CREATE TABLE visit (tenant_id varchar(20) PRIMARY KEY);
            ALTER TABLE visit ENABLE ROW LEVEL SECURITY; ALTER TABLE visit FORCE ROW LEVEL SECURITY;
            CREATE POLICY own ON visit USING (tenant_id = (SELECT tenancy.current_tenant_id()))")
            .in_catalog(|| catalog().tenant_table("visit", "tenant_id")),
        fault("TNC042", "public.tag", "ALTER TABLE tag DROP CONSTRAINT tag_pkey"),
        fault("TNC042", "public.tag", "ALTER TABLE tag DROP CONSTRAINT tag_pkey; CREATE INDEX ON tag (tenant_id) WHERE note_id > 7;
            CREATE INDEX ON tag (note_id, tenant_id)"),
        fault("TNC043", "index public.note_body on public.note", "CREATE UNIQUE INDEX note_body ON note (lower(body)) WHERE length > 3"),
        fault("TNC043", "index public.tag_pkey on public.tag", "DELETE FROM tag; ALTER TABLE tag DROP CONSTRAINT tag_pkey;
            ALTER TABLE tag ADD PRIMARY KEY (note_id, name); CREATE INDEX ON tag (tenant_id)"),
        fault("TNC043", "index public.note_body on public.note", "ALTER TABLE note ADD CONSTRAINT note_body UNIQUE (body) INCLUDE (tenant_id)"),
        fault("TNC043", "index public.event_2024_at on public.event_2024", "TRUNCATE event; CREATE UNIQUE INDEX event_2024_at ON event_2024 (at)"),
        fault("TNC043", "index public.old_tag_name on public.old_tag", "CREATE TABLE old_tag () INHERITS (tag);
            ALTER TABLE old_tag ADD CONSTRAINT old_tag_name UNIQUE (name)"),
        fault("TNC044", "constraint invoice_note on billing.invoice", "
            ALTER TABLE note ADD CONSTRAINT note_id UNIQUE (id); ALTER TABLE billing.invoice ADD note bigint;
            ALTER TABLE billing.invoice ADD CONSTRAINT invoice_note FOREIGN KEY (note) REFERENCES note (id) ON DELETE SET NULL")
            .with(&[("TNC043", "index public.note_id on public.note")]),
        fault("TNC044", "constraint event_note on public.event_rest", "
            ALTER TABLE note ADD CONSTRAINT note_id UNIQUE (id); ALTER TABLE event ADD note bigint;
            ALTER TABLE event_rest ADD CONSTRAINT event_note FOREIGN KEY (note) REFERENCES note (id)")
            .with(&[("TNC043", "index public.note_id on public.note")]),
        fault("TNC044", "constraint note_old on public.note", "CREATE TABLE old_tag (id int CONSTRAINT old_tag_id UNIQUE) INHERITS (tag);
            ALTER TABLE note ADD old int; ALTER TABLE note ADD CONSTRAINT note_old FOREIGN KEY (old) REFERENCES old_tag (id)")
            .with(&[("TNC043", "index public.old_tag_id on public.old_tag")]),
        fault("TNC045", "constraint event_note on public.event_rest", "ALTER TABLE event ADD note bigint;
            ALTER TABLE event_rest ADD CONSTRAINT event_note FOREIGN KEY (tenant_id, note) REFERENCES note ON DELETE SET NULL"),
        fault("TNC046", "constraint plan_sample on public.plan", "ALTER TABLE plan ADD whose text, ADD sample bigint;
            ALTER TABLE plan ADD CONSTRAINT plan_sample FOREIGN KEY (whose, sample) REFERENCES note (tenant_id, id);
            GRANT UPDATE (sample) ON plan TO {app}"),
        fault("TNC046", "constraint plan_sample on public.plan", "CREATE UNIQUE INDEX ON event_2024 (tenant_id, at, what);
            ALTER TABLE plan ADD whose text, ADD at date, ADD what text; GRANT INSERT ON plan TO {app};
            ALTER TABLE plan ADD CONSTRAINT plan_sample FOREIGN KEY (whose, at, what) REFERENCES event_2024 (tenant_id, at, what)"),
        fault("TNC047", "constraint note_plan_fkey on public.note", "GRANT DELETE ON plan TO {app}; ALTER TABLE note DROP CONSTRAINT note_plan_fkey;
            ALTER TABLE note ADD CONSTRAINT note_plan_fkey FOREIGN KEY (plan) REFERENCES plan ON DELETE CASCADE ON UPDATE CASCADE"),
        fault("TNC047", "constraint note_plan_fkey on public.note", "GRANT UPDATE ON plan TO {app}; ALTER TABLE note DROP CONSTRAINT note_plan_fkey;
            ALTER TABLE note ADD CONSTRAINT note_plan_fkey FOREIGN KEY (plan) REFERENCES plan ON UPDATE SET NULL"),
        // From a table that the role may not write, by way of one that it may.
        fault("TNC047", "constraint note_plan_fkey on public.note", "CREATE TABLE vendor (id int PRIMARY KEY); GRANT DELETE ON vendor TO {app};
            ALTER TABLE plan ADD vendor int REFERENCES vendor ON DELETE CASCADE; ALTER TABLE note DROP CONSTRAINT note_plan_fkey;
            ALTER TABLE note ADD CONSTRAINT note_plan_fkey FOREIGN KEY (plan) REFERENCES plan ON DELETE SET NULL")
            .in_catalog(|| catalog().shared_table("vendor")),
        // Only a partition has it.
        fault("TNC047", "constraint event_plan on public.event_rest", "ALTER TABLE event ADD plan text; GRANT DELETE ON plan TO {app};
            ALTER TABLE event_rest ADD CONSTRAINT event_plan FOREIGN KEY (plan) REFERENCES plan ON DELETE SET NULL (plan)"),
        fault("TNC045", "constraint invoice_note on billing.invoice", "ALTER TABLE billing.invoice ADD note bigint;
            ALTER TABLE billing.invoice ADD CONSTRAINT invoice_note FOREIGN KEY (tenant_id, note) REFERENCES note ON DELETE SET NULL"),
        fault("TNC045", "constraint invoice_note on billing.invoice", "ALTER TABLE billing.invoice ADD note bigint;
            ALTER TABLE billing.invoice ADD CONSTRAINT invoice_note FOREIGN KEY (tenant_id, note) REFERENCES note
                ON UPDATE CASCADE ON DELETE CASCADE"),
    ]
}

pub(super) fn faults_of_quality_are_found() -> Vec<Fault> {
    vec![
        fault("TNC050", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag
            USING (tenant_id = tenancy.current_tenant_id()) WITH CHECK (tenant_id = tenancy.current_tenant_id())"),
        fault("TNC050", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag
            USING (tenant_id = nullif(current_setting('app.current_tenant_id', true), ''))"),
        fault("TNC051", "function tenancy.current_tenant_id()", "ALTER FUNCTION tenancy.current_tenant_id() VOLATILE"),
        fault("TNC051", "function tenancy.current_tenant_id()", "ALTER FUNCTION tenancy.current_tenant_id() PARALLEL UNSAFE"),
        fault("TNC052", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag
            USING (lower(tenant_id) = (SELECT tenancy.current_tenant_id()))")
            .with(&[("TNC034", "policy tenant_isolation on public.tag")]),
        fault("TNC052", "policy own on public.visit", "CREATE TABLE visit (tenant_id uuid PRIMARY KEY);
            ALTER TABLE visit ENABLE ROW LEVEL SECURITY; ALTER TABLE visit FORCE ROW LEVEL SECURITY;
            CREATE POLICY own ON visit USING (tenant_id::text = (SELECT tenancy.current_tenant_id()))")
            .with(&[
                ("TNC014", "billing.invoice"),
                ("TNC014", "public.event"),
                ("TNC014", "public.note"),
                ("TNC014", "public.tag"),
            ])
            .in_catalog(|| catalog().with_tenant_column_type(tenancy_core::TenantColumnType::Uuid).tenant_table("visit", "tenant_id")),
        fault("TNC053", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag
            USING (tenant_id = (SELECT nullif(current_setting('app.current_tenant_id'), '')))
            WITH CHECK (tenant_id = (SELECT nullif(current_setting('app.current_tenant_id'), '')))"),
        fault("TNC053", "function tenancy.current_tenant_id()", "CREATE OR REPLACE FUNCTION tenancy.current_tenant_id() RETURNS text
            LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$ BEGIN RETURN nullif(current_setting ( 'app.current_tenant_id' ), ''); END $$"),
        fault("TNC054", "policy tenant_isolation on public.tag", "ALTER POLICY tenant_isolation ON tag
            USING (tenant_id = (SELECT current_setting('app.current_tenant_id', true)))"),
        fault("TNC054", "function tenancy.current_tenant_id()", "CREATE OR REPLACE FUNCTION tenancy.current_tenant_id() RETURNS text
            LANGUAGE sql STABLE PARALLEL SAFE AS $$ SELECT current_setting('app.current_tenant_id', true) $$"),
        fault("TNC055", "function tenancy.current_tenant_id()", "ALTER FUNCTION tenancy.current_tenant_id() OWNER TO {app}"),
        fault("TNC056", "function tenancy.current_tenant_id()", "ALTER FUNCTION tenancy.current_tenant_id() SECURITY DEFINER"),
        fault("TNC058", "function tenancy.current_tenant_id()", "ALTER FUNCTION tenancy.current_tenant_id() IMMUTABLE"),
        fault("TNC057", "role {app}", "ALTER ROLE {app} SET app.current_tenant_id = 'a'"),
        fault("TNC057", "database {database}", "ALTER DATABASE {database} SET app.current_tenant_id = 'a'"),
        fault("TNC057", "role {app}", "ALTER ROLE {app} IN DATABASE {database} SET app.current_tenant_id = 'a'"),
    ]
}

pub(super) fn faults_of_views_are_found() -> Vec<Fault> {
    vec![
        fault("TNC060", "public.every_note", "CREATE VIEW every_note AS SELECT * FROM note; GRANT SELECT ON every_note TO {app}"),
        fault("TNC060", "public.outer_note", "CREATE VIEW every_note AS SELECT * FROM note; CREATE VIEW outer_note AS SELECT * FROM every_note;
            ALTER VIEW outer_note OWNER TO {owner}; GRANT SELECT ON every_note TO {owner}; GRANT SELECT ON outer_note TO {app}")
            .by_hand(),
        fault("TNC060", "public.every_note", "CREATE VIEW every_note AS SELECT * FROM urgent_note; GRANT SELECT ON every_note TO {app}"),
        // Its owner is bound, but a policy shows it everything.
        fault("TNC060", "public.every_note", "CREATE VIEW every_note AS SELECT * FROM note; ALTER VIEW every_note OWNER TO {office};
            GRANT SELECT ON every_note TO {app}"),
        fault("TNC061", "public.every_note", "CREATE VIEW every_note AS SELECT * FROM note; ALTER VIEW every_note OWNER TO {owner};
            GRANT SELECT ON every_note TO {app}"),
        fault("TNC062", "public.note_copy", "CREATE MATERIALIZED VIEW note_copy AS SELECT * FROM note; GRANT SELECT ON note_copy TO {app}"),
        fault("TNC063", "public.elsewhere", "CREATE FOREIGN DATA WRAPPER away; CREATE SERVER away FOREIGN DATA WRAPPER away;
            CREATE FOREIGN TABLE elsewhere (body text) SERVER away; GRANT SELECT ON elsewhere TO {app}"),
        fault("TNC064", "public.every_note", "CREATE VIEW every_note AS SELECT * FROM note; GRANT SELECT ON every_note TO {app}")
            .in_catalog(|| catalog().shared_table("every_note")),
        fault("TNC064", "public.note_count", "CREATE MATERIALIZED VIEW note_count AS SELECT count(*) FROM note; GRANT SELECT ON note_count TO {app}")
            .in_catalog(|| catalog().shared_table("note_count")),
    ]
}

pub(super) fn faults_around_the_tables_are_found() -> Vec<Fault> {
    vec![
        fault("TNC065", "function public.every_body()", "CREATE FUNCTION every_body() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
            AS 'SELECT body FROM public.note'"),
        fault("TNC066", "trigger leak on public.plan", "CREATE FUNCTION leak() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER leak BEFORE INSERT ON plan FOR EACH ROW EXECUTE FUNCTION leak()"),
        fault("TNC065", "function tenancy.every_body()", "CREATE FUNCTION tenancy.every_body() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
            AS 'SELECT body FROM public.note'"),
        fault("TNC065", "function public.every_body()", "CREATE FUNCTION every_body() RETURNS SETOF text LANGUAGE sql SECURITY DEFINER
            AS 'SELECT body FROM public.note'; ALTER FUNCTION every_body OWNER TO {office}"),
        fault("TNC066", "trigger leak on public.urgent_note", "CREATE FUNCTION leak() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER leak INSTEAD OF INSERT ON urgent_note FOR EACH ROW EXECUTE FUNCTION leak()"),
        // The role may not name the view that has the trigger, but one above it.
        fault("TNC066", "trigger leak on public.inner_plan", "CREATE VIEW inner_plan AS SELECT * FROM plan; ALTER VIEW inner_plan OWNER TO {owner};
            CREATE VIEW outer_plan AS SELECT * FROM inner_plan; ALTER VIEW outer_plan OWNER TO {owner}; GRANT INSERT ON outer_plan TO {app};
            CREATE FUNCTION leak() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS 'BEGIN RETURN NEW; END';
            CREATE TRIGGER leak INSTEAD OF INSERT ON inner_plan FOR EACH ROW EXECUTE FUNCTION leak()"),
        fault("TNC066", "trigger leak on public.event_rest", "CREATE FUNCTION leak() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            AS 'BEGIN RETURN NEW; END'; ALTER FUNCTION leak OWNER TO {office};
            CREATE TRIGGER leak BEFORE INSERT ON event_rest FOR EACH ROW EXECUTE FUNCTION leak()"),
        fault("TNC066", "trigger stamp on public.tag", "CREATE FUNCTION stamp() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
            AS 'BEGIN RETURN NEW; END'; CREATE TRIGGER stamp BEFORE INSERT ON tag FOR EACH ROW EXECUTE FUNCTION stamp()"),
        fault("TNC067", "rule also on public.tag", "CREATE RULE also AS ON DELETE TO tag DO ALSO DELETE FROM plan WHERE false"),
        fault("TNC068", "public.tag", "GRANT TRUNCATE ON tag TO {app}"),
        fault("TNC068", "public.event_2024", "GRANT TRUNCATE ON event_2024 TO {app}"),
        fault("TNC068", "public.tag", "GRANT TRUNCATE ON tag TO {office}; GRANT {office} TO {app}; DROP POLICY back_office ON note"),
        fault("TNC069", "public.tag", "GRANT REFERENCES, TRIGGER ON tag TO {app}"),
        fault("TNC069", "public.event_rest", "GRANT REFERENCES ON event_rest TO {app}"),
        fault("TNC070", "schema public", "GRANT CREATE ON SCHEMA public TO {app}"),
        fault("TNC070", "database {database}", "GRANT CREATE ON DATABASE {database} TO PUBLIC"),
        fault("TNC071", "database {database}", "GRANT TEMPORARY ON DATABASE {database} TO PUBLIC"),
        fault("TNC072", "public.tag", "GRANT SELECT (name) ON tag TO PUBLIC"),
        fault("TNC072", "public.event_2024", "GRANT SELECT ON event_2024 TO PUBLIC"),
        fault("TNC073", "default privileges of {owner} in schema public", "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} IN SCHEMA public
            GRANT SELECT ON TABLES TO {app}"),
        fault("TNC073", "default privileges of {owner}", "ALTER DEFAULT PRIVILEGES FOR ROLE {owner} GRANT SELECT ON TABLES TO PUBLIC"),
        fault("TNC074", "publication everything", "CREATE PUBLICATION everything FOR TABLE tag"),
        fault("TNC074", "publication everything", "CREATE PUBLICATION everything FOR ALL TABLES"),
        fault("TNC075", "large objects of {app}", "SET ROLE {app}; SELECT lo_from_bytea(0, 'secret'); RESET ROLE"),
        fault("TNC076", "extension dblink", "CREATE EXTENSION dblink"),
        fault("TNC077", "index public.by_attribute on public.note", "CREATE INDEX by_attribute ON note USING gin (attributes)"),
        fault("TNC077", "index public.by_mood on public.note", "CREATE INDEX by_mood ON note (tenant_id, mood)"),
        fault("TNC077", "index public.by_body on public.note", "CREATE INDEX by_body ON note (tenant_id, body text_pattern_ops)"),
        fault("TNC078", "server", "CREATE OR REPLACE FUNCTION pg_catalog.version() RETURNS text LANGUAGE sql STABLE
            AS $$ SELECT 'PostgreSQL 15.8 (Debian 15.8-0) on x86_64'::text $$")
            .by_hand(),
        fault("TNC079", "schema billing", "ALTER SCHEMA billing OWNER TO {app}").with(&[("TNC070", "schema billing")]),
    ]
}

pub(super) fn faults_of_behaviour_are_found() -> Vec<Fault> {
    vec![
        fault("TNC080", "public.tag", "CREATE POLICY open ON tag USING (tenant_id IS NOT NULL)").with(&[("TNC033", "public.tag")]),
        fault("TNC080", "public.tag", "CREATE FUNCTION mine(text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE AS 'SELECT true';
            ALTER POLICY tenant_isolation ON tag USING (mine(tenant_id)) WITH CHECK (tenant_id = (SELECT tenancy.current_tenant_id()))")
            .with(&[("TNC050", "policy tenant_isolation on public.tag"), ("TNC052", "policy tenant_isolation on public.tag")]),
        // Empty, so only a row of its own shows it.
        fault("TNC080", "public.tag", "DELETE FROM tag; CREATE POLICY open ON tag USING (tenant_id IS NOT NULL)")
            .with(&[("TNC033", "public.tag")]),
        fault("TNC081", "public.tag", "ALTER POLICY tenant_isolation ON tag USING (tenant_id = (SELECT tenancy.current_tenant_id())
            OR (SELECT tenancy.current_tenant_id()) IS NULL)"),
        fault("TNC082", "public.tag", "CREATE POLICY sweeping ON tag FOR DELETE USING (tenant_id IS NOT NULL)")
            .with(&[("TNC033", "public.tag")]),
        fault("TNC082", "public.tag", "CREATE POLICY sweeping ON tag FOR UPDATE USING (tenant_id IS NOT NULL)
            WITH CHECK (tenant_id = (SELECT tenancy.current_tenant_id()))")
            .with(&[("TNC033", "public.tag")]),
        fault("TNC083", "public.tag", "CREATE POLICY posting ON tag FOR INSERT WITH CHECK (tenant_id IS NOT NULL)")
            .with(&[("TNC033", "public.tag")]),
        fault("TNC083", "public.event", "CREATE POLICY posting ON event FOR INSERT WITH CHECK (tenant_id IS NOT NULL)")
            .with(&[("TNC033", "public.event")]),
        fault("TNC084", "public.note", "ALTER TABLE note DISABLE TRIGGER USER; CREATE POLICY giving ON note FOR UPDATE USING (tenant_id = (SELECT tenancy.current_tenant_id()))
            WITH CHECK (tenant_id <> '')")
            .with(&[("TNC033", "public.note")]),
    ]
}

pub(super) fn faults_that_every_database_has_are_found_by_a_strict_doctor() -> Vec<Fault> {
    vec![
        fault(
            "TNC090",
            "function set_config",
            "REVOKE UPDATE ON note, tag, event, billing.invoice FROM {app}",
        )
        .seen_by(strict)
        .with(&[("TNC091", "large objects"), ("TNC092", "advisory locks")]),
        fault(
            "TNC091",
            "large objects",
            "REVOKE UPDATE ON note, tag, event, billing.invoice FROM {app}",
        )
        .seen_by(strict)
        .with(&[
            ("TNC090", "function set_config"),
            ("TNC092", "advisory locks"),
        ]),
        fault(
            "TNC092",
            "advisory locks",
            "REVOKE UPDATE ON note, tag, event, billing.invoice FROM {app}",
        )
        .seen_by(strict)
        .with(&[
            ("TNC090", "function set_config"),
            ("TNC091", "large objects"),
        ]),
        fault(
            "TNC093",
            "public.tag",
            "REVOKE UPDATE ON note, event, billing.invoice FROM {app}",
        )
        .seen_by(strict)
        .with(&[
            ("TNC090", "function set_config"),
            ("TNC091", "large objects"),
            ("TNC092", "advisory locks"),
        ]),
        fault("TNC099", "public.tag", "")
            .by_hand()
            .seen_by(|doctor| doctor.allow("TNC042", "public.tag", "it is small")),
    ]
}
