//! `InvalidOption`, a choice for a pool that cannot be meant.

use std::time::Duration;

use crate::Setting;

/// A choice for a pool that cannot be meant. Nothing was sent to the database.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidOption {
    /// A role that cannot be the name of one.
    #[error("`{}` cannot be the name of a role; use 1 to 63 bytes without NUL", .0.escape_debug())]
    Role(String),
    /// A timeout that the setting cannot hold.
    #[error("a {name} of {timeout:?} is not between 1 ms and 24 days; leave it out for none")]
    Timeout {
        /// The setting.
        name: &'static str,
        /// What was asked for.
        timeout: Duration,
    },
    /// A share of no connection, with which nobody would ever get one.
    #[error("a tenant cannot work with a share of 0 connections; leave it out for no limit")]
    EmptyShare,
    /// Two things that the same setting should carry.
    #[error("setting `{0}` cannot carry two things; give each a setting of its own")]
    SettingTwice(Setting),
}
