//! An analytics API behind a hosted identity provider: every customer sees and adds its own insights.
//!
//! | route | answer |
//! |---|---|
//! | `GET /health` | 200, for everybody |
//! | `GET /api/data` | `{"tenant_id", "user_id", "data": […]}` of the token's tenant |
//! | `POST /api/data` with `{"body": "…"}` | stores an insight and answers the same |
//!
//! A `tenant_id` in a body or a query is ignored. A missing token is answered with 403, a malformed one with
//! 400, a bad one with 401; keys that are not to be had with 503.

mod api;
mod log;
mod settings;
mod store;

pub use self::api::{Answer, Entry, router};
pub use self::settings::{Settings, SettingsError};
pub use self::store::{Insight, Insights, TABLES, catalog};
