//! The manual: what is sent to Postgres, what is left when something goes wrong, and what is checked of a database,
//! with an example of each fault and its cure.

#[doc = include_str!("manual/setting_up.md")]
pub mod setting_up {}

#[doc = include_str!("manual/transactions.md")]
pub mod transactions {}

#[doc = include_str!("manual/checked_queries.md")]
pub mod checked_queries {}

#[doc = include_str!("manual/doctor.md")]
pub mod doctor {}
