//! What the suites share.

pub mod postgres;
