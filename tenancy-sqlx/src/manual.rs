//! The manual: what is sent to Postgres, what is left when something goes wrong, and how to work with it.

#[doc = include_str!("manual/transactions.md")]
pub mod transactions {}

#[doc = include_str!("manual/checked_queries.md")]
pub mod checked_queries {}
