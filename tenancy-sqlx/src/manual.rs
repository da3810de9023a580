//! The manual: what is checked of a database, with an example of each fault and its cure.

#[doc = include_str!("manual/doctor.md")]
pub mod doctor {}
