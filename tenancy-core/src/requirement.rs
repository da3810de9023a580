//! `Requirement`, a guard that is a type, so that the signature of a handler can name it.

use crate::Guard;

/// What a handler requires of the request's subject, as a type of yours.
///
/// A handler takes `Require<Admin>` (`tenancy_axum::Require`, `tenancy_actix::Require`) and is reached by nobody else:
///
/// ```
/// use tenancy_core::{Guard, Requirement};
///
/// struct Admin;
///
/// impl Requirement for Admin {
///     fn guard() -> Guard {
///         Guard::any_role(["Owner", "Admin"])
///     }
/// }
/// ```
///
/// The guard is asked for with each request. To make one takes about a tenth of a microsecond for each name in it, so keep
/// a long one, which is cheap to clone:
///
/// ```
/// # use tenancy_core::{Guard, Requirement};
/// use std::sync::LazyLock;
///
/// struct Bookkeeper;
///
/// impl Requirement for Bookkeeper {
///     fn guard() -> Guard {
///         static GUARD: LazyLock<Guard> = LazyLock::new(|| {
///             Guard::any_role(["Owner", "Admin", "Bookkeeper"]).and(Guard::scope("books:write"))
///         });
///         GUARD.clone()
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not say what it requires",
    label = "no `Requirement`",
    note = "implement it: `impl Requirement for {Self} {{ fn guard() -> Guard {{ Guard::role(\"Admin\") }} }}`"
)]
pub trait Requirement {
    /// What the subject needs.
    fn guard() -> Guard;
}
