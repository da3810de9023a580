//! `RowKey`, what rows are known and sorted by.

use std::fmt::Display;
use std::str::FromStr;

use sea_query::Value;

/// A value by which rows are known or sorted: one that the builder can bind, and that comes back the same from its
/// text, for a [`Cursor`](super::Cursor) carries it as text.
///
/// Implemented for everything that can do so: integers, `String`, with the features of these names `Uuid` and the
/// times of chrono, and a type of your own with `Display`, `FromStr` and `Into<sea_query::Value>`. An `Option` is none:
/// where a column may be NULL, rows have no place after it.
pub trait RowKey: Display + FromStr + Into<Value> + 'static {}

impl<K: Display + FromStr + Into<Value> + 'static> RowKey for K {}
