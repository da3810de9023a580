//! `ClaimPath`, where in the claims a value stands.

use std::fmt;

use crate::json::{Json, Object};

/// Where in the claims a value stands.
///
/// A text is one top-level name, taken as it is: `"https://example.com/org"` and `"org.id"` are names. An
/// array of texts goes from member to member.
///
/// ```
/// use tenancy_core::ClaimPath;
///
/// let top_level = ClaimPath::from("org_id");
/// let nested = ClaimPath::from(["organization", "id"]);
/// assert_ne!(top_level, nested);
/// assert_eq!(ClaimPath::from("organization").then("id"), nested);
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClaimPath(Vec<String>);

impl ClaimPath {
    /// The value at this path, if the token has it. An error when something on the way there is no object: that is
    /// a value of the wrong type, not the absence of one.
    pub(crate) fn find<'c, 'a>(
        &self,
        claims: &'c Object<'a>,
    ) -> Result<Option<&'c Json<'a>>, WrongShape> {
        let Some((last, way)) = self.0.split_last() else {
            return Ok(None);
        };
        let mut object = claims;
        for name in way {
            match object.get(name) {
                None => return Ok(None),
                Some(value) => object = value.as_object().ok_or(WrongShape)?,
            }
        }
        Ok(object.get(last))
    }

    /// The member `name` of what stands at this path, for paths that are put together while the service runs.
    pub fn then(mut self, name: impl Into<String>) -> Self {
        self.0.push(name.into());
        self
    }

    pub(super) fn names(&self) -> &[String] {
        &self.0
    }
}

/// Something on the way to a claim is no object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct WrongShape;

impl From<String> for ClaimPath {
    fn from(name: String) -> Self {
        Self(vec![name])
    }
}

impl From<&str> for ClaimPath {
    fn from(name: &str) -> Self {
        Self(vec![name.to_owned()])
    }
}

/// An empty path does not compile.
impl<const N: usize> From<[&str; N]> for ClaimPath {
    fn from(names: [&str; N]) -> Self {
        const { assert!(N > 0, "a path has at least one name") };
        Self(names.map(str::to_owned).into())
    }
}

impl fmt::Display for ClaimPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("."))
    }
}
