//! `Rls`, the DDL that makes Postgres keep tenants apart.

mod all_tenants;
mod block;
mod column;
mod function;
mod grants;
mod index;
#[cfg(feature = "migrate")]
mod migration;
mod policy;
mod roles;
mod seal_key;
mod table;
mod views;

use tenancy_core::{TableCatalog, TenantTable};

use self::all_tenants::AllTenants;
use self::block::block;
pub(crate) use self::function::is_tenant_function;
#[cfg(feature = "migrate")]
pub use self::migration::RlsMigration;
use crate::setting::{literal, qualified};
use crate::{Seal, Setting};

/// Writes the DDL of row-level security for the tenant tables of a catalogue.
///
/// ```
/// use tenancy_core::TableCatalog;
/// use tenancy_sqlx::Rls;
///
/// let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
/// let rls = Rls::new(&catalog).application_role("app");
/// let sql = rls.set_up_sql();
/// assert!(sql.contains(r#"ALTER TABLE "public"."note" FORCE ROW LEVEL SECURITY;"#));
/// ```
///
/// Put the text into a migration, or run it with `sqlx::raw_sql` as the owner of the tables, or let sqlx migrate
/// with `Rls::migration` (feature `migrate`). It may run again at any time, also with other choices: what an
/// earlier choice left on the tables is taken away. See the PostgreSQL manual, [Row Security Policies].
///
/// Nothing here needs a superuser but [`revoke_set_config`](Self::revoke_set_config). Names of tables, columns and
/// roles may hold anything that Postgres allows in one. A NUL byte it does not allow: such a text is no message
/// of its protocol, and the server refuses it as a whole.
///
/// | role | is given | row-level security |
/// |---|---|---|
/// | [`owner_role`](Self::owner_role) | the tables and the schema `tenancy`, no login | binds it too (`FORCE`) |
/// | [`application_role`](Self::application_role) | SELECT, INSERT, UPDATE, DELETE | rows of the tenant that is set |
/// | [`all_tenants_role`](Self::all_tenants_role) | the same, and a policy of its own | every row |
/// | [`all_tenants_reader`](Self::all_tenants_reader) | SELECT, and a policy of its own | reads every row |
///
/// [Row Security Policies]: https://www.postgresql.org/docs/current/ddl-rowsecurity.html
#[derive(Debug, Clone)]
pub struct Rls<'a> {
    catalog: &'a TableCatalog,
    setting: Setting,
    owner_role: Option<String>,
    application_role: Option<String>,
    all_tenants: Vec<AllTenants>,
    choices: Vec<Choice>,
}

/// What is not done, or done otherwise, unless it was asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Choice {
    CreateRoles,
    Strict,
    Sealed,
    Restrictive,
    BareFunction,
    ColumnDefault,
    MutableTenantColumn,
    InvokerViews,
    RevokeSetConfig,
}

/// The schema of the function that the policies call.
const SCHEMA: &str = "tenancy";

/// A temporary table outlives the transaction that made it: the next tenant on the connection would find the
/// rows of the last one in it.
const REVOKE_TEMPORARY: &str = "\
DO $do$ BEGIN EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database()); END $do$;
";

/// A revocation that does nothing is a warning to Postgres, and nobody reads warnings.
const REVOKE_SET_CONFIG: &str = "\
REVOKE EXECUTE ON FUNCTION pg_catalog.set_config(text, text, boolean) FROM PUBLIC;
DO $do$
BEGIN
    IF pg_catalog.has_function_privilege('public', 'pg_catalog.set_config(text, text, boolean)', 'EXECUTE') THEN
        RAISE EXCEPTION 'set_config is still open to everybody; a superuser has to revoke it';
    END IF;
END
$do$;
";

impl<'a> Rls<'a> {
    /// The SQLSTATE of the error that [`strict`](Self::strict) policies raise when no tenant is set. Postgres
    /// leaves classes that begin with a letter behind `H` to others (manual, appendix A).
    pub const NO_TENANT: &'static str = "TN001";

    /// DDL for the tenant tables of `catalog`.
    pub fn new(catalog: &'a TableCatalog) -> Self {
        Self {
            catalog,
            setting: Setting::default(),
            owner_role: None,
            application_role: None,
            all_tenants: Vec::new(),
            choices: Vec::new(),
        }
    }

    /// The setting that carries the tenant, one for the whole database. `app.current_tenant_id` by default.
    pub fn setting(mut self, setting: Setting) -> Self {
        self.setting = setting;
        self
    }

    /// Hands the tenant tables with their partitions, and what stands in the schema `tenancy`, to `role`, which is
    /// made with `NOLOGIN` if it does not exist. Whoever runs the set-up becomes a member of it, to stay able to
    /// migrate; migrate under `SET ROLE`.
    ///
    /// `ALTER DEFAULT PRIVILEGES` of the role that would open its next tables to everybody or to the application
    /// role are revoked: a new table is closed until it is declared and set up. The set-up raises when the
    /// application role is a member of `role`, for it could switch row-level security off.
    pub fn owner_role(mut self, role: &str) -> Self {
        self.owner_role = Some(role.to_owned());
        self
    }

    /// Grants `role`, which the service connects as, to read and write the tenant tables, to draw from the
    /// sequences of their `serial` columns and to read the shared tables. It loses TRUNCATE, REFERENCES and
    /// TRIGGER on tenant tables, and so does everybody but the owner: no policy holds them back.
    ///
    /// The role must exist unless [`create_roles`](Self::create_roles) is chosen, must not own the tables, and
    /// should be made with `NOSUPERUSER NOBYPASSRLS`. A shared table is looked for in `public` and in the schemas
    /// of the tenant tables; one that is in none or in several of them is yours to grant, and a warning says so.
    pub fn application_role(mut self, role: &str) -> Self {
        self.application_role = Some(role.to_owned());
        self
    }

    /// Lets `role` read and write the rows of all tenants, by a policy of its own instead of `BYPASSRLS`, and
    /// makes the table `tenancy.all_tenants_record`, to which it may add records and do nothing else.
    ///
    /// The set-up raises when the application role is a member of `role`: no setting that SQL could flip leads
    /// from one tenant to all. The role must exist unless [`create_roles`](Self::create_roles) is chosen.
    pub fn all_tenants_role(mut self, role: &str) -> Self {
        self.all_tenants.push(AllTenants::writer(role));
        self
    }

    /// Lets `role` read the rows of all tenants and write none. Otherwise as
    /// [`all_tenants_role`](Self::all_tenants_role); a database may have both.
    pub fn all_tenants_reader(mut self, role: &str) -> Self {
        self.all_tenants.push(AllTenants::reader(role));
        self
    }

    /// Creates the application and the all-tenants role where they do not exist: `LOGIN NOSUPERUSER NOBYPASSRLS
    /// NOCREATEDB NOCREATEROLE NOREPLICATION` and without a password, which is yours to give. Needs `CREATEROLE`.
    pub fn create_roles(self) -> Self {
        self.choose(Choice::CreateRoles)
    }

    /// Without a tenant, a statement on a tenant table raises an error with the SQLSTATE [`NO_TENANT`](Self::NO_TENANT)
    /// instead of finding no rows. Costs a call of PL/pgSQL for each table and statement.
    pub fn strict(self) -> Self {
        self.choose(Choice::Strict)
    }

    /// The tenant counts only together with its [`Seal`], which stands in a second setting: whoever can call
    /// `set_config` but does not know the secret names no other tenant. Without the right seal no tenant is set.
    ///
    /// Give the database the key with [`seal_key_sql`](Self::seal_key_sql). The policies then call a function with
    /// the rights of its owner that reads the key and computes two hashes, once for each table and statement: some
    /// tens of microseconds, where the plain function takes less than one. A set-up without this choice takes the
    /// seal from the function and leaves the table `tenancy.seal_key`.
    pub fn sealed(self) -> Self {
        self.choose(Choice::Sealed)
    }

    /// Adds a restrictive policy for the application role, or for everybody if none is named. Permissive policies
    /// add up, so one that somebody adds later can open a table; it cannot open what a restrictive one closes.
    ///
    /// Beside a role for all tenants it needs an [`application_role`](Self::application_role), and the set-up
    /// raises without: a policy for everybody would bind that role too.
    pub fn restrictive(self) -> Self {
        self.choose(Choice::Restrictive)
    }

    /// Writes `tenant_id = tenancy.current_tenant_id()` where the function otherwise stands in a sub-query, for
    /// Citus, which refuses sub-queries in policies. Without an index led by the tenant column Postgres then asks
    /// the function once a row.
    pub fn bare_function(self) -> Self {
        self.choose(Choice::BareFunction)
    }

    /// Makes the tenant that is set the default of the tenant columns, so that an INSERT may leave them out.
    pub fn column_default(self) -> Self {
        self.choose(Choice::ColumnDefault)
    }

    /// Leaves out the trigger that keeps every role, owner and all-tenants role included, from changing the tenant
    /// of a row. The policies alone keep the application role from it.
    pub fn mutable_tenant_column(self) -> Self {
        self.choose(Choice::MutableTenantColumn)
    }

    /// Sets `security_invoker` on every view, in any schema, that reads a tenant table, directly or through other
    /// views: a view otherwise shows what its owner may see. Whoever reads such a view needs privileges on the
    /// tables beneath it. Materialised views cannot be mended so.
    pub fn invoker_views(self) -> Self {
        self.choose(Choice::InvokerViews)
    }

    /// Takes `set_config` from everybody, for the whole database, so that SQL in an expression cannot change the
    /// tenant. Needs a superuser, and raises without.
    pub fn revoke_set_config(self) -> Self {
        self.choose(Choice::RevokeSetConfig)
    }

    fn choose(mut self, choice: Choice) -> Self {
        self.choices.push(choice);
        self
    }

    fn chose(&self, choice: Choice) -> bool {
        self.choices.contains(&choice)
    }

    /// Creates the schema `tenancy` with its functions, takes the right to create temporary tables from
    /// everybody but the owner of the database (who is not that owner is warned that nothing was revoked; the pool
    /// then does not start), and protects each table, its partitions and its children by inheritance:
    ///
    /// - `ENABLE` and `FORCE ROW LEVEL SECURITY`, so that the owner is bound as well;
    /// - one policy for all commands with `USING` and `WITH CHECK`: a tenant sees its own rows and cannot
    ///   give one to another. The function stands in a sub-query, so that Postgres asks once a statement and
    ///   not once a row, and it is cast, never the column, so that an index on that is used;
    /// - a trigger that keeps the tenant of a row as it is.
    ///
    /// Partitions that are made later need the set-up again: until then a role with privileges on one of them
    /// finds it open, which reaching it through its parent is not.
    ///
    /// The SQL raises for a table that the catalogue declares twice and differently, and for a name that Postgres would
    /// cut off. Two set-ups of one database that run at once wait for each other if each is one message or one transaction.
    pub fn set_up_sql(&self) -> String {
        let mut sql = vec![
            self.start_sql(),
            self.roles_sql(),
            self.seal_key_table_sql(),
            self.functions_sql(),
            REVOKE_TEMPORARY.to_owned(),
            self.record_sql(),
        ];
        sql.extend(self.catalog.tenant_tables().map(|t| self.protect_sql(t)));
        sql.push(self.grants_sql());
        sql.push(self.default_privileges_sql());
        if self.chose(Choice::InvokerViews) {
            sql.push(self.invoker_views_sql());
        }
        if self.chose(Choice::RevokeSetConfig) {
            sql.push(REVOKE_SET_CONFIG.to_owned());
        }
        sql.concat()
    }

    /// Takes policies, triggers and defaults away again, whatever the choices were that made them, and switches
    /// row-level security off. Whoever has privileges then sees every row. Roles, privileges, owners and the
    /// schema `tenancy` stay, for other tables may use them.
    pub fn take_down_sql(&self) -> String {
        self.catalog.tenant_tables().map(table::release).collect()
    }

    /// Creates an index on the tenant column of every tenant table that has none led by it, and raises a NOTICE for
    /// every unique key and foreign key between tenant tables that leaves the tenant column out: such a key tells
    /// one tenant about rows of another, and is yours to change.
    ///
    /// This is not part of the set-up because building an index holds up writes. On a large table write `CREATE
    /// INDEX CONCURRENTLY` first; the SQL then finds nothing to do.
    ///
    /// ```
    /// # use tenancy_core::TableCatalog;
    /// # use tenancy_sqlx::Rls;
    /// # let catalog = TableCatalog::new().tenant_table("note", "tenant_id");
    /// let sql = Rls::new(&catalog).index_sql();
    /// assert!(sql.contains("CREATE INDEX ON"));
    /// ```
    pub fn index_sql(&self) -> String {
        self.catalog.tenant_tables().map(index::index_sql).collect()
    }

    /// The set-up as a migration of sqlx, with [`take_down_sql`](Self::take_down_sql) as its way back.
    #[cfg(feature = "migrate")]
    pub fn migration(&self, version: i64) -> RlsMigration {
        RlsMigration::new(version, self.set_up_sql(), self.take_down_sql())
    }

    /// Gives a database that was set up with [`sealed`](Self::sealed) the key of `seal`. The text is as secret as the
    /// secret: run it by hand or from where your secrets are, and keep it out of migrations.
    ///
    /// A database may hold several keys, so that a secret can be replaced: add the new key, let every instance of
    /// the service use the new seal, then run [`retire_seal_keys_sql`](Self::retire_seal_keys_sql).
    ///
    /// ```
    /// use tenancy_sqlx::{Rls, Seal};
    ///
    /// let seal = Seal::new(b"thirty-two bytes of randomness..")?;
    /// let sql = Rls::seal_key_sql(&seal);
    /// assert!(sql.starts_with("INSERT INTO tenancy.seal_key"));
    /// # Ok::<(), tenancy_sqlx::WeakSeal>(())
    /// ```
    pub fn seal_key_sql(seal: &Seal) -> String {
        seal_key::insert_sql(seal)
    }

    /// Removes every key but that of `seal` from the database. Transactions sealed with another see nothing from
    /// then on.
    pub fn retire_seal_keys_sql(seal: &Seal) -> String {
        seal_key::retire_sql(seal)
    }

    /// Where two set-ups meet, one waits. What cannot be meant is refused before anything is changed.
    fn start_sql(&self) -> String {
        let mut body =
            "BEGIN\n    PERFORM pg_catalog.pg_advisory_xact_lock(pg_catalog.hashtext('tenancy set-up'));\n"
                .to_owned();
        for table in self.catalog.contradictions() {
            body.push_str(&raise(&format!(
                "table {table} is declared twice and differently"
            )));
        }
        for table in self.catalog.names_too_long() {
            body.push_str(&raise(&format!(
                "table {table} has a name longer than 63 bytes, of which Postgres keeps no more"
            )));
        }
        if self.chose(Choice::Restrictive)
            && self.application_role.is_none()
            && !self.all_tenants.is_empty()
        {
            body.push_str(&raise(
                "restrictive policies beside a role for all tenants need an application role",
            ));
        }
        // `IF NOT EXISTS` would ask for the right to create one even where it exists.
        body.push_str(
            "    IF pg_catalog.to_regnamespace('tenancy') IS NULL THEN\n        \
                     CREATE SCHEMA tenancy;\n    \
             END IF;\nEND\n",
        );
        block(&body)
    }
}

/// A statement of PL/pgSQL that ends the set-up.
fn raise(message: &str) -> String {
    format!("    RAISE EXCEPTION '%', {};\n", literal(message))
}

/// `table` as a `regclass`, in SQL that must not name it by an identifier.
fn regclass(table: &TenantTable) -> String {
    format!("{}::pg_catalog.regclass", literal(&qualified(table)))
}
