//! `Doctor`, which asks a database everything on which the separation of tenants rests.

mod allowance;
mod canary;
mod check;
mod examination;
mod finding;
mod format;
#[cfg(test)]
mod page;
mod policy_proof;
mod prove;
mod report;
mod sources;
mod statement;

pub use self::allowance::InvalidAllowance;
pub(crate) use self::canary::nobody;
pub(crate) use self::check::{Check, checks};
pub use self::examination::Doctor;
pub use self::finding::{Finding, Severity};
pub use self::format::{Rendering, ReportFormat};
pub(crate) use self::prove::prove;
pub use self::report::{Report, Unsound};
