//! `Opening`, the message that begins a transaction for a tenant.

use tenancy_core::{TenantColumnType, TenantContext, TenantId, WrongTenantType};

use crate::seal::seal_setting;
use crate::setting::literal;
use crate::{Seal, Setting, TransactionOptions};

/// How the tenant is told to Postgres. Both hold for one transaction and end with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Binding {
    /// `SET LOCAL app.current_tenant_id = 'acme'`. Works where the right to call `set_config` is revoked.
    #[default]
    SetLocal,
    /// `SELECT set_config('app.current_tenant_id', 'acme', true)`, which `pg_stat_statements` counts as one
    /// statement whoever the tenant is.
    SetConfig,
}

/// What of a [`TenantContext`] a setting can carry beside the tenant, for policies and triggers of yours.
///
/// What a context does not have is the empty text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ContextValue {
    /// Who acts.
    Subject,
    /// The project within the tenant. Where the context has none, and is
    /// [limited to projects](TenantContext::is_limited_to_projects), a space, which is no project: a policy that takes the
    /// empty text for the whole tenant does not take this for it.
    Project,
    /// The roles, as a JSON array of texts: `current_setting('app.roles')::jsonb ? 'Admin'`.
    Roles,
    /// The permissions that the credential names, without those that its roles grant, as a JSON array of texts.
    Permissions,
}

/// Gives back locks of the session, which a rollback keeps. It costs as much as the rest of the message, and whoever
/// only reads is not held up.
const UNLOCK: &str = "; SELECT pg_catalog.pg_advisory_unlock_all()";

/// What every transaction of a pool begins with.
#[derive(Debug, Clone, Default)]
pub(crate) struct Opening {
    pub(crate) setting: Setting,
    pub(crate) binding: Binding,
    pub(crate) seal: Option<Seal>,
    pub(crate) context_settings: Vec<(ContextValue, Setting)>,
    pub(crate) column_type: TenantColumnType,
    /// `SET LOCAL …` of what does not depend on the context, each with a `; ` before it.
    pub(crate) fixed: String,
}

impl Opening {
    /// The message for `context`: everything in one, so that it costs one round trip.
    pub(crate) fn message(
        &self,
        options: TransactionOptions,
        context: &TenantContext,
    ) -> Result<String, WrongTenantType> {
        self.column_type.check(context.tenant())?;
        let mut message = options.begin();
        message += &self.fixed;
        message += "; ";
        message += &self.select_tenant(context.tenant());
        for (value, setting) in &self.context_settings {
            message += "; ";
            message += &self.bind(setting.as_str(), &value.of(context));
        }
        if !options.only_reads() {
            message += UNLOCK;
        }
        Ok(message)
    }

    /// The names of all settings that a transaction may set.
    pub(crate) fn settings(&self) -> Vec<String> {
        let mut names = vec![self.setting.to_string()];
        names.extend(self.seal.as_ref().map(|_| seal_setting(&self.setting)));
        let others = self.context_settings.iter();
        names.extend(others.map(|(_, setting)| setting.to_string()));
        names
    }

    /// SQL that makes `tenant` the one whose rows are seen.
    pub(crate) fn select_tenant(&self, tenant: &TenantId) -> String {
        let mut sql = self.bind(self.setting.as_str(), tenant.as_str());
        if let Some(seal) = &self.seal {
            sql += "; ";
            let signature = seal.of(&self.setting, tenant);
            sql += &self.bind(&seal_setting(&self.setting), &signature);
        }
        sql
    }

    /// The same by somebody who does not know the secret of the seal.
    pub(crate) fn without_seal(&self, tenant: &TenantId) -> String {
        let tenant = self.bind(self.setting.as_str(), tenant.as_str());
        let seal = self.bind(&seal_setting(&self.setting), "");
        format!("{tenant}; {seal}")
    }

    fn bind(&self, setting: &str, value: &str) -> String {
        let value = literal(value);
        match self.binding {
            Binding::SetLocal => format!("SET LOCAL {setting} = {value}"),
            Binding::SetConfig => {
                let name = literal(setting);
                format!("SELECT pg_catalog.set_config({name}, {value}, true)")
            }
        }
    }
}

impl ContextValue {
    fn of(self, context: &TenantContext) -> String {
        let list = |texts: &[String]| serde_json::Value::from(texts).to_string();
        match self {
            Self::Subject => context.subject().map(ToString::to_string),
            Self::Project => match context.project() {
                Some(project) => Some(project.to_string()),
                None => context.is_limited_to_projects().then(|| " ".to_owned()),
            },
            Self::Roles => Some(list(context.roles())),
            Self::Permissions => Some(list(context.permissions())),
        }
        .unwrap_or_default()
    }
}
