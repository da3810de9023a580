//! The policies of a tenant table.

use tenancy_core::TenantTable;

use super::function::CURRENT;
use super::table::OnTable;
use super::{Choice, Rls};
use crate::setting::{cast, identifier, literal};

/// The comment of a policy that calls the bare function by choice. The doctor knows it.
const BARE: &str = "tenancy: the bare function is chosen";
const TENANT: &str = "tenant_isolation";
const RESTRICTIVE: &str = "tenant_isolation_restrictive";
const ALL_TENANTS: &str = "all_tenants";
const ALL_TENANTS_READ: &str = "all_tenants_read";

/// Every policy that any choice makes.
pub(super) const NAMES: [&str; 4] = [TENANT, RESTRICTIVE, ALL_TENANTS, ALL_TENANTS_READ];

impl Rls<'_> {
    pub(super) fn policies(&self, table: &TenantTable) -> Vec<OnTable> {
        let is_own = format!(
            "{} = {}",
            identifier(table.tenant_column()),
            self.current_sql(self.chose(Choice::BareFunction))
        );
        let is_own = format!("    USING ({is_own})\n    WITH CHECK ({is_own})");
        let create = |name: &str| format!("CREATE POLICY {name} ON");
        // For the doctor, which would advise against it.
        let chosen = |name: &str| {
            OnTable::new(
                format!("COMMENT ON POLICY {name} ON"),
                format!(" IS {}", literal(BARE)),
            )
        };
        let is_bare = self.chose(Choice::BareFunction);
        let mut policies = vec![OnTable::new(create(TENANT), format!("\n{is_own}"))];
        policies.extend(is_bare.then(|| chosen(TENANT)));
        if self.chose(Choice::Restrictive) {
            let to = self.application_role.as_deref().map(identifier);
            let to = to.as_deref().unwrap_or("PUBLIC");
            let rest = format!(" AS RESTRICTIVE TO {to}\n{is_own}");
            policies.push(OnTable::new(create(RESTRICTIVE), rest));
            policies.extend(is_bare.then(|| chosen(RESTRICTIVE)));
        }
        let roles = |writes| self.all_tenants_roles(writes);
        if let Some(writers) = roles(true) {
            let rest = format!(" TO {writers} USING (true) WITH CHECK (true)");
            policies.push(OnTable::new(create(ALL_TENANTS), rest));
        }
        if let Some(readers) = roles(false) {
            let rest = format!(" FOR SELECT TO {readers} USING (true)");
            policies.push(OnTable::new(create(ALL_TENANTS_READ), rest));
        }
        policies
    }

    /// The tenant that is set, in the type of the tenant columns. The value is cast and never the column, whose
    /// index would be lost; one that cannot be cast is an error, and no row is seen.
    pub(super) fn current_sql(&self, bare: bool) -> String {
        let cast = cast(self.catalog.tenant_column_type());
        if bare {
            format!("{CURRENT}{cast}")
        } else {
            format!("(SELECT {CURRENT}{cast})")
        }
    }
}
