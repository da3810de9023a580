//! `Guard`, what a tenant's subject needs to be let through.

use std::fmt;
use std::sync::Arc;

use crate::{RefusalCause, TenantContext};

/// What the subject of a [`TenantContext`] needs: a role, a permission, a scope, or something of yours.
///
/// Names are compared byte for byte. There are no wildcards, `admin` is not `Admin`, and no role implies another. The
/// context of a job has no roles, permissions or scopes, that of an API key no scopes.
///
/// ```
/// use tenancy_core::{Guard, TenantContext, Refusal};
///
/// fn close_the_books(tenant: &TenantContext) -> Result<(), Refusal> {
///     let guard = Guard::any_role(["Owner", "Admin"]).and(Guard::scope("books:write"));
///     tenant.require(&guard)
/// }
/// # let job = tenancy_core::danger::assume(tenancy_core::TenantId::parse("acme")?, "documentation")?;
/// # assert!(close_the_books(&job).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// The adapters put it on routes: `tenancy_axum::GuardLayer`, `tenancy_actix::GuardMiddleware`. Cheap to clone.
#[derive(Clone)]
pub struct Guard(Arc<Rule>);

enum Rule {
    AnyRole(Vec<String>),
    Permission(String),
    Scope(String),
    Custom {
        name: String,
        holds: Box<dyn Fn(&TenantContext) -> bool + Send + Sync>,
    },
    Both(Guard, Guard),
    Either(Guard, Guard),
}

impl Guard {
    /// Needs this role.
    pub fn role(role: impl Into<String>) -> Self {
        Self::any_role([role])
    }

    /// Needs one of these roles. Of none there is none to have: then nobody passes.
    pub fn any_role(roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let roles = roles.into_iter().map(Into::into).collect();
        Self::new(Rule::AnyRole(roles))
    }

    /// Needs this permission, be it in the credential or granted to a role by
    /// [`RolePermissions`](crate::RolePermissions).
    pub fn permission(permission: impl Into<String>) -> Self {
        Self::new(Rule::Permission(permission.into()))
    }

    /// Needs this scope in the token's `scope` claim, one string of words with spaces between them
    /// ([RFC 8693 §4.2], [RFC 9068 §2.2.3]). A claim of another type grants nothing.
    ///
    /// A scope is what the application that presents the token may do for its subject, in each tenant that the token is for. What
    /// the subject may do in one of them is a [role](Self::role) or a [permission](Self::permission).
    ///
    /// [RFC 8693 §4.2]: https://www.rfc-editor.org/rfc/rfc8693#section-4.2
    /// [RFC 9068 §2.2.3]: https://www.rfc-editor.org/rfc/rfc9068#section-2.2.3
    pub fn scope(scope: impl Into<String>) -> Self {
        Self::new(Rule::Scope(scope.into()))
    }

    /// Needs what `holds` says about the context. The logs call it `name`.
    ///
    /// ```
    /// use tenancy_core::Guard;
    ///
    /// let in_a_project = Guard::custom("a project", |tenant| tenant.project().is_some());
    /// # let _ = in_a_project;
    /// ```
    pub fn custom(
        name: impl Into<String>,
        holds: impl Fn(&TenantContext) -> bool + Send + Sync + 'static,
    ) -> Self {
        let (name, holds) = (name.into(), Box::new(holds));
        Self::new(Rule::Custom { name, holds })
    }

    /// Needs this and `other`.
    pub fn and(self, other: Self) -> Self {
        Self::new(Rule::Both(self, other))
    }

    /// Needs this or `other`.
    pub fn or(self, other: Self) -> Self {
        Self::new(Rule::Either(self, other))
    }

    fn new(rule: Rule) -> Self {
        Self(Arc::new(rule))
    }

    /// # Errors
    /// What `context` lacks.
    pub(crate) fn check(&self, context: &TenantContext) -> Result<(), RefusalCause> {
        if self.holds(context) {
            return Ok(());
        }
        let needed = self.lacking(context).to_string();
        Err(RefusalCause::Lacking { needed })
    }

    fn holds(&self, context: &TenantContext) -> bool {
        match &*self.0 {
            Rule::AnyRole(roles) => context.roles().iter().any(|role| roles.contains(role)),
            Rule::Permission(permission) => context.has_permission(permission),
            Rule::Scope(scope) => has_scope(context, scope),
            Rule::Custom { holds, .. } => holds(context),
            Rule::Both(first, second) => first.holds(context) && second.holds(context),
            Rule::Either(first, second) => first.holds(context) || second.holds(context),
        }
    }

    /// The part to blame for a denial.
    fn lacking(&self, context: &TenantContext) -> &Self {
        match &*self.0 {
            Rule::Both(first, second) if first.holds(context) => second.lacking(context),
            Rule::Both(first, _) => first.lacking(context),
            _ => self,
        }
    }
}

fn has_scope(context: &TenantContext, scope: &str) -> bool {
    let claim = context
        .claims()
        .and_then(|claims| claims.claim::<String>("scope").ok().flatten());
    claim.is_some_and(|granted| {
        granted
            .split(' ')
            .any(|one| !one.is_empty() && one == scope)
    })
}

/// What is needed, for logs.
impl fmt::Display for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Rule::AnyRole(roles) => write!(f, "role {}", roles.join(" or ")),
            Rule::Permission(name) => write!(f, "permission {name}"),
            Rule::Scope(name) => write!(f, "scope {name}"),
            Rule::Custom { name, .. } => f.write_str(name),
            Rule::Both(first, second) => write!(f, "({first} and {second})"),
            Rule::Either(first, second) => write!(f, "({first} or {second})"),
        }
    }
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({self})")
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::context::tests::context;
    use crate::{RefusalKind, TenantId, danger};

    fn passes(guard: &Guard, context: &TenantContext) -> bool {
        let checked = context.require(guard);
        if let Err(refusal) = &checked {
            assert_eq!(refusal.kind(), RefusalKind::InsufficientScope);
        }
        checked.is_ok()
    }

    #[test]
    fn a_guard_lets_through_who_has_what_it_names_and_nobody_else() {
        let ada = context(&json!({
            "roles": ["Editor", "Auditor"], "permissions": ["notes.write"], "scope": "books:read books:write",
        }));
        for (guard, expected) in [
            (Guard::role("Editor"), true),
            (Guard::role("editor"), false),
            (Guard::role("Editor "), false),
            (Guard::role("*"), false),
            (Guard::role(""), false),
            (Guard::role("notes.write"), false),
            (Guard::any_role(["Owner", "Auditor"]), true),
            (Guard::any_role(["Owner", "Admin"]), false),
            (Guard::any_role([""; 0]), false),
            (Guard::permission("notes.write"), true),
            (Guard::permission("notes.*"), false),
            (Guard::permission("notes"), false),
            (Guard::permission("Editor"), false),
            (Guard::scope("books:read"), true),
            (Guard::scope("books:write"), true),
            (Guard::scope("books"), false),
            (Guard::scope("books:read books:write"), false),
            (Guard::scope(""), false),
            (
                Guard::custom("acme", |it| it.tenant().as_str() == "acme"),
                true,
            ),
            (Guard::custom("nothing", |_| false), false),
        ] {
            assert_eq!(passes(&guard, &ada), expected, "{guard:?}");
        }
    }

    #[test]
    fn guards_combine_as_the_truth_table_says() {
        let ada = context(&json!({ "roles": ["Editor"] }));
        let guard = |holds| Guard::custom(if holds { "yes" } else { "no" }, move |_| holds);
        for (first, second, both, either) in [
            (false, false, false, false),
            (false, true, false, true),
            (true, false, false, true),
            (true, true, true, true),
        ] {
            assert_eq!(passes(&guard(first).and(guard(second)), &ada), both);
            assert_eq!(passes(&guard(first).or(guard(second)), &ada), either);
        }
    }

    #[test]
    fn a_scope_claim_of_another_type_grants_nothing() {
        for scope in [
            json!(["a"]),
            json!({ "a": true }),
            json!(null),
            json!("b\ta"),
            json!(""),
        ] {
            let ada = context(&json!({ "scope": scope }));
            assert!(!passes(&Guard::scope("a"), &ada), "{scope}");
            assert!(!passes(&Guard::scope(""), &ada), "{scope}");
        }
        assert!(passes(
            &Guard::scope("a"),
            &context(&json!({ "scope": "a" }))
        ));
    }

    #[test]
    fn a_job_passes_no_guard_but_one_that_says_so() {
        let acme = TenantId::parse("acme").unwrap();
        let job = danger::assume(acme, "a test").unwrap();
        for guard in [
            Guard::role("Owner"),
            Guard::permission("a"),
            Guard::scope("a"),
        ] {
            assert!(!passes(&guard, &job), "{guard:?}");
        }
        assert!(passes(
            &Guard::custom("a job", |it| it.subject().is_none()),
            &job
        ));
    }

    #[test]
    fn a_denial_names_for_the_logs_what_is_lacking() {
        let ada = context(&json!({ "roles": ["Editor"] }));
        let editor = || Guard::role("Editor");
        for (guard, expected) in [
            (
                editor().and(Guard::scope("books:read")),
                "credential lacks `scope books:read`",
            ),
            (
                Guard::any_role(["Owner", "Admin"]).and(editor()),
                "credential lacks `role Owner or Admin`",
            ),
            (
                Guard::role("Owner").or(Guard::permission("b")),
                "credential lacks `(role Owner or permission b)`",
            ),
        ] {
            assert_eq!(ada.require(&guard).unwrap_err().to_string(), expected);
        }
    }
}
