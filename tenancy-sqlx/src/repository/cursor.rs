//! `Cursor`, where a page of a list ends.

use std::fmt;
use std::str::FromStr;

use base64_simd::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};

/// The longest cursor that is looked at, in bytes.
const LONGEST: usize = 4096;

/// Where a page ends and the next begins, as text that a client keeps and gives back.
///
/// It holds by what the last row of the page was sorted, and nothing else: no tenant, no filter, no right to anything.
/// A client may read it, change it or give it to somebody else; whoever brings it sees rows of their own tenant only,
/// as by a condition `key > value` that they could have asked for themselves.
///
/// It is read from a query string and written into an answer by serde, or by `Display` and `FromStr`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Cursor(Vec<String>);

/// A text that is not a cursor, or not one of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a cursor of this list")]
pub struct InvalidCursor;

impl Cursor {
    pub(super) fn new(position: Vec<String>) -> Self {
        Self(position)
    }

    /// The texts of the values, if there are as many as the list has columns to sort by.
    pub(super) fn position(&self, columns: usize) -> Result<&[String], InvalidCursor> {
        if self.0.len() == columns {
            Ok(&self.0)
        } else {
            Err(InvalidCursor)
        }
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        if text.len() > LONGEST {
            return Err(InvalidCursor);
        }
        let json = URL_SAFE_NO_PAD
            .decode_to_vec(text)
            .map_err(|_| InvalidCursor)?;
        let position: Vec<String> = serde_json::from_slice(&json).map_err(|_| InvalidCursor)?;
        // Postgres has no such text, and would refuse it as late as the statement runs.
        if position.iter().any(|text| text.contains('\0')) {
            return Err(InvalidCursor);
        }
        Ok(Self(position))
    }
}

impl TryFrom<String> for Cursor {
    type Error = InvalidCursor;

    fn try_from(text: String) -> Result<Self, InvalidCursor> {
        text.parse()
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let json = serde_json::to_vec(&self.0).map_err(|_| fmt::Error)?;
        f.write_str(&URL_SAFE_NO_PAD.encode_to_string(json))
    }
}

impl From<Cursor> for String {
    fn from(cursor: Cursor) -> Self {
        cursor.to_string()
    }
}
