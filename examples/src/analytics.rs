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

//!
//! The routes are there twice, on [axum](on_axum) and on [actix-web](on_actix); the rest once.

mod answer;
mod log;
pub mod on_actix;
pub mod on_axum;
pub mod program;
mod settings;
mod store;

pub use self::settings::{Settings, SettingsError};
pub use self::store::{Insight, Insights, TABLES, catalog};
