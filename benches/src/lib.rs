//! What the Criterion benchmarks and the report share: who is timed against whom, and how.
//!
//! `cargo bench -p tenancy-benches` times everything at length;
//! `cargo run --release -p tenancy-benches --bin report` takes minutes and gives ratios. Both run the
//! candidates of [`SUITES`]. A new benchmark is a module beside `verify` that this list mentions.

pub mod admission;
mod bar;
mod candidate;
mod claims;
mod comparison;
mod database;
pub mod doctor;
mod endpoint;
mod entrant;
pub mod http;
pub mod limits;
pub mod measure;
mod ours;
mod peers;
pub mod policy;
mod proof;
pub mod scope;
// The suites' own, included because their package has more dependencies than its database needs.
#[expect(
    dead_code,
    unreachable_pub,
    reason = "written for a library, and for suites that do more with a server"
)]
#[path = "../../tests/support/postgres.rs"]
mod postgres;
mod specimen;
#[path = "../../tests/support/supervised.rs"]
mod supervised;
mod tokens;
pub mod transaction;
pub mod verify;

use std::error::Error;

pub use self::bar::verdicts;
pub use self::candidate::Candidate;
pub use self::comparison::{Comparison, LeftOut};

/// Why there is nothing to time.
pub type Failure = Box<dyn Error>;

/// Sets up benchmarks, so that every candidate is warm and has shown that its answers are right.
pub type SetUp = fn() -> Result<Vec<Comparison>, Failure>;

/// All benchmarks: how the ids of a suite begin, and its set-up. One is to be dropped before the next is set
/// up, so that a server of the one does not disturb the other.
pub const SUITES: [(&str, SetUp); 8] = [
    ("verify", verify::comparisons),
    ("tx", transaction::comparisons),
    ("rls", policy::comparisons),
    ("doctor", doctor::comparisons),
    ("scope", scope::comparisons),
    ("admission", admission::comparisons),
    ("http", http::comparisons),
    ("limits", limits::comparisons),
];
