//! What the suites share: a real Postgres, a service's schema on it, and ways to cancel.

pub mod cancel;
pub mod faulty;
pub mod fuzzed;
pub mod head;
pub mod key_server;
pub mod mariadb;
pub mod notes;
pub mod person;
pub mod pgbouncer;
pub mod postgres;
pub mod slow_link;
pub mod sqlstate;
mod supervised;
pub mod wire;

/// The examples of the README, compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
mod readme {}
