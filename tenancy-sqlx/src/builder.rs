//! `TenantPoolBuilder`, the choices for a pool and the proof that it keeps tenants apart.

use std::fmt::Write as _;
use std::time::Duration;

use sqlx::PgPool;
use tenancy_core::TableCatalog;

use crate::open_transaction::Manner;
use crate::opening::{Binding, ContextValue, Opening};
use crate::pool::{connection, open};
use crate::setting::identifier;
use crate::share::Share;
use crate::{Error, InvalidOption, Seal, Setting, TenantPool, Unsound, doctor, understanding};

/// The choices for a [`TenantPool`].
#[derive(Debug)]
#[must_use = "call `build`"]
pub struct TenantPoolBuilder {
    pool: PgPool,
    opening: Opening,
    pooler: Pooler,
    role: Option<String>,
    statement_timeout: Option<Duration>,
    idle_in_transaction_timeout: Option<Duration>,
    tenant_share: Option<u32>,
    pub(crate) unproven: bool,
}

/// What stands between the service and Postgres.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Pooler {
    /// Nothing, or a pooler that gives a client one server for a whole session.
    #[default]
    Direct,
    /// PgBouncer with `pool_mode = transaction`, or one like it.
    ///
    /// Statements have no names: a client's next transaction may meet another server, and before version 1.21
    /// PgBouncer does not know them. Of the settings of a session only those of the pool and `search_path` are put
    /// back, because others are PgBouncer's; so revoke `set_config`, as [`Rls`](crate::Rls) can, where SQL may be
    /// written by others.
    PgBouncerTransaction,
}

impl TenantPoolBuilder {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self {
            pool,
            opening: Opening::default(),
            pooler: Pooler::default(),
            role: None,
            statement_timeout: None,
            idle_in_transaction_timeout: None,
            tenant_share: None,
            unproven: false,
        }
    }

    /// The setting that carries the tenant, the one that the policies read. `app.current_tenant_id` by
    /// default.
    pub fn setting(mut self, setting: Setting) -> Self {
        self.opening.setting = setting;
        self
    }

    /// Signs the setting with the secret that [`Rls`](crate::Rls) was sealed with, so that SQL alone cannot
    /// name a tenant.
    pub fn seal(mut self, seal: Seal) -> Self {
        self.opening.seal = Some(seal);
        self
    }

    /// Tells Postgres something else of the context in a setting of its own, for policies and triggers of
    /// yours.
    ///
    /// ```no_run
    /// use tenancy_sqlx::{ContextValue, Setting, TenantPool};
    ///
    /// # fn example(pool: sqlx::PgPool) -> Result<(), Box<dyn std::error::Error>> {
    /// let builder = TenantPool::builder(pool)
    ///     .context_setting(ContextValue::Subject, Setting::new("app.user_id")?)
    ///     .context_setting(ContextValue::Roles, Setting::new("app.roles")?);
    /// # let _ = builder;
    /// # Ok(())
    /// # }
    /// ```
    pub fn context_setting(mut self, value: ContextValue, setting: Setting) -> Self {
        self.opening.context_settings.push((value, setting));
        self
    }

    /// How the settings are set.
    pub fn binding(mut self, binding: Binding) -> Self {
        self.opening.binding = binding;
        self
    }

    /// The role to work as, by `SET LOCAL ROLE`, when the service connects as one that may become several.
    /// Both must be bound by row-level security.
    pub fn role(mut self, role: &str) -> Self {
        self.role = Some(role.to_owned());
        self
    }

    /// How long a statement may run. sqlx does not cancel a statement whose future is dropped; this ends it, and
    /// the connection is free again. Counted in whole milliseconds.
    pub fn statement_timeout(mut self, timeout: Duration) -> Self {
        self.statement_timeout = Some(timeout);
        self
    }

    /// How long a transaction may be idle between two statements before the server ends its connection, and with
    /// it its locks. Counted in whole milliseconds.
    pub fn idle_in_transaction_timeout(mut self, timeout: Duration) -> Self {
        self.idle_in_transaction_timeout = Some(timeout);
        self
    }

    /// How many connections of this pool a tenant may hold at once, so that one that is busy leaves some for the
    /// others. No limit by default.
    ///
    /// Whoever wants one more waits for those of the same tenant who came before, as long as the pool's
    /// `acquire_timeout`, and then, if need be, as long again for a connection. A connection counts until it is back in the
    /// pool, also while Postgres still works on a statement whose future was dropped.
    ///
    /// Work that holds a transaction and begins another needs two connections. With a share of one it waits for itself, until
    /// [`Error::PoolShare`].
    ///
    /// ```no_run
    /// # async fn example(catalog: tenancy_core::TableCatalog) -> Result<(), tenancy_sqlx::Error> {
    /// let pool = tenancy_sqlx::pool_options().max_connections(20);
    /// let pool = pool.connect("postgres://app:secret@localhost/service").await?;
    /// let pool = tenancy_sqlx::TenantPool::builder(pool).tenant_share(5).build(&catalog).await?;
    /// # let _ = pool;
    /// # Ok(())
    /// # }
    /// ```
    pub fn tenant_share(mut self, connections: u32) -> Self {
        self.tenant_share = Some(connections);
        self
    }

    /// What stands between the service and Postgres. Nothing by default.
    pub fn pooler(mut self, pooler: Pooler) -> Self {
        self.pooler = pooler;
        self
    }

    /// The pool, once the database has shown that it keeps the tenants of `catalog` apart.
    ///
    /// # Errors
    /// - [`Error::Option`] for a choice that cannot be meant, before anything is sent.
    /// - [`Error::SessionSettings`] when `after_connect` of the pool has set something, which would be lost.
    /// - [`Error::Posture`] with every [`Finding`](crate::Finding): a role that row-level security does not
    ///   bind or that may create tables, a declared table that is missing, unprotected or open to a stranger,
    ///   a table that is open and not declared.
    /// - [`Error::SettingNotRead`] and [`Error::NotSealed`] when the policies of [`Rls`](crate::Rls) were told otherwise
    ///   than the pool.
    /// - [`Error::Database`] when the database cannot be asked.
    pub async fn build(mut self, catalog: &TableCatalog) -> Result<TenantPool, Error> {
        self.opening.column_type = catalog.tenant_column_type();
        self.opening.fixed = self.fixed()?;
        self.check_settings()?;
        if self.tenant_share == Some(0) {
            return Err(InvalidOption::EmptyShare.into());
        }
        let manner = self.manner();
        if self.pooler == Pooler::Direct {
            self.check_session().await?;
        }
        if !self.unproven {
            self.prove(catalog, &manner).await?;
        }
        let share = self.tenant_share.map(Share::new);
        Ok(TenantPool::new(self.pool, self.opening, manner, share))
    }

    fn manner(&self) -> Manner {
        let reset = match self.pooler {
            Pooler::Direct => "RESET ALL; ".to_owned(),
            Pooler::PgBouncerTransaction => {
                let ours = self.opening.settings();
                let others = ["search_path", "row_security"].map(str::to_owned);
                let all = ours.into_iter().chain(others);
                let resets: Vec<_> = all.map(|setting| format!("RESET {setting}; ")).collect();
                resets.concat()
            }
        };
        Manner::new(self.pooler == Pooler::Direct, &reset)
    }

    async fn prove(&self, catalog: &TableCatalog, manner: &Manner) -> Result<(), Error> {
        let begin = format!("BEGIN READ ONLY{}", self.opening.fixed);
        let mut open = open(&self.pool, &begin, manner).await?;
        let select_tenant = |tenant: &_| self.opening.select_tenant(tenant);
        let setting = &self.opening.setting;
        let proven = doctor::prove(&mut open.connection, catalog, setting, &select_tenant).await;
        // The setting of the policies, to a pool that has another, is one that opens them: the pool is told the cause.
        let is_opened = |unsound: &Unsound| {
            let mut findings = unsound.findings().iter();
            findings.all(|finding| finding.code() == "TNC035")
        };
        match proven {
            Err(Error::Posture(unsound)) if is_opened(&unsound) => {
                understanding::check(&mut open.connection, &self.opening).await?;
                Err(unsound.into())
            }
            Err(error) => Err(error),
            Ok(()) => understanding::check(&mut open.connection, &self.opening).await,
        }
    }

    /// What every transaction sets whoever the tenant is.
    fn fixed(&self) -> Result<String, InvalidOption> {
        let mut sql = String::new();
        if let Some(role) = &self.role {
            if role.is_empty() || role.contains('\0') || role.len() > 63 {
                return Err(InvalidOption::Role(role.clone()));
            }
            sql += "; SET LOCAL ROLE ";
            sql += &identifier(role);
        }
        let timeouts = [
            ("statement_timeout", self.statement_timeout),
            (
                "idle_in_transaction_session_timeout",
                self.idle_in_transaction_timeout,
            ),
        ];
        for (name, timeout) in timeouts {
            let Some(timeout) = timeout else { continue };
            // 0 would mean none, and more does not fit the setting.
            let milliseconds = i32::try_from(timeout.as_millis())
                .ok()
                .filter(|milliseconds| *milliseconds > 0)
                .ok_or(InvalidOption::Timeout { name, timeout })?;
            // Writing to a text does not fail.
            let _ = write!(sql, "; SET LOCAL {name} = {milliseconds}");
        }
        Ok(sql)
    }

    /// Each setting carries one thing.
    fn check_settings(&self) -> Result<(), InvalidOption> {
        let names = self.opening.settings();
        let times = |setting: &Setting| {
            names
                .iter()
                .filter(|name| *name == setting.as_str())
                .count()
        };
        let mut others = self
            .opening
            .context_settings
            .iter()
            .map(|(_, setting)| setting);
        match others.find(|setting| times(setting) > 1) {
            Some(setting) => Err(InvalidOption::SettingTwice(setting.clone())),
            None => Ok(()),
        }
    }

    /// Settings that `after_connect` has set would be put back by the first transaction, and nobody would
    /// understand why.
    async fn check_session(&self) -> Result<(), Error> {
        let mut connection = connection(&self.pool).await?;
        let set: Vec<String> = sqlx::query_scalar(
            "SELECT name::text FROM pg_catalog.pg_settings \
             WHERE source = 'session' AND name NOT IN ('session_authorization', 'is_superuser') ORDER BY 1",
        )
        .fetch_all(&mut *connection)
        .await?;
        if set.is_empty() {
            Ok(())
        } else {
            Err(Error::SessionSettings(set.join(", ")))
        }
    }
}
