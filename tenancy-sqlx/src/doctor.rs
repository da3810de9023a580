//! `Doctor`, which asks a database everything on which the separation of tenants rests.

mod finding;
mod report;

pub use self::finding::{Finding, Severity};
pub use self::report::{Report, Unsound};
