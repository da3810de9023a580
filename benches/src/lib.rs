//! What the Criterion benchmarks and the report share: who is timed against whom, and how.
//!
//! `cargo bench -p tenancy-benches` times everything at length;
//! `cargo run --release -p tenancy-benches --bin report` takes half a minute and gives ratios. Both run the
//! candidates of [`comparisons`]. A new benchmark is a module beside `verify` that this list mentions.

mod bar;
mod candidate;
mod claims;
mod comparison;
mod endpoint;
mod entrant;
pub mod measure;
mod ours;
mod peers;
mod proof;
mod specimen;
mod verify;

use std::error::Error;

pub use self::bar::verdicts;
pub use self::candidate::Candidate;
pub use self::comparison::{Comparison, LeftOut};

/// Why there is nothing to time.
pub type Failure = Box<dyn Error>;

/// All benchmarks, set up and warm: every candidate has accepted what it should and refused what it should.
///
/// To be called once in a process, for it chooses the backend of jsonwebtoken.
///
/// # Errors
/// When a candidate cannot be set up or does not verify.
pub fn comparisons() -> Result<Vec<Comparison>, Failure> {
    verify::comparisons()
}
