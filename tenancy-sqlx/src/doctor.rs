//! `Doctor`, which asks a database everything on which the separation of tenants rests.

mod examine_stub;
mod finding;
mod format;
mod report;

pub use self::examine_stub::Doctor;
pub(crate) use self::examine_stub::{Check, checks};
pub use self::finding::{Finding, Severity};
pub use self::format::{Rendering, ReportFormat};
pub use self::report::{Report, Unsound};
