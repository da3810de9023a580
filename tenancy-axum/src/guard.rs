//! `GuardLayer`, which asks more of a request than a tenant.

mod layer;
mod service;

pub use self::layer::GuardLayer;
pub use self::service::GuardService;
