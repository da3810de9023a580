//! What the example programs share: an identity provider, a database, the analytics API, and a scenario in
//! which two tenants try to reach each other.
//!
//! Nothing of this is published. The identity provider is for demonstrations and tests: its keys live as long
//! as the process.

pub mod analytics;
pub mod database;
pub mod forgetful;
pub mod identity_provider;
pub mod on_hyper;
pub mod on_tonic;
pub mod scenario;
pub mod serve;
