//! `Exemption`, which requests are admitted without a tenant whatever they carry, and what a CORS preflight is.

use crate::InvalidPattern;
use crate::head::RequestHead;
use crate::naming::is_normal;

#[derive(Debug, Clone)]
pub(crate) enum Exemption {
    /// This path, byte for byte.
    Path(String),
    /// This path with this method.
    Method { method: String, path: String },
    /// This path and those below it.
    Prefix(String),
}

impl Exemption {
    pub(crate) fn prefix(prefix: &str) -> Result<Self, InvalidPattern> {
        if prefix == "/" {
            return Err(InvalidPattern::new(prefix, "would exempt every path"));
        }
        if !is_normal(prefix) {
            let problem = "has to be a path in normal form, without a slash at the end";
            return Err(InvalidPattern::new(prefix, problem));
        }
        Ok(Self::Prefix(prefix.to_owned()))
    }

    pub(crate) fn covers<H: RequestHead + ?Sized>(&self, head: &H) -> bool {
        match self {
            Self::Path(path) => path == head.path(),
            Self::Method { method, path } => path == head.path() && method == head.method(),
            Self::Prefix(prefix) => {
                let rest = head.path().strip_prefix(prefix.as_str());
                let is_below = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
                is_below && is_normal(head.path())
            }
        }
    }
}

/// Whether this is the question of a browser that precedes a request (Fetch, "CORS-preflight request").
pub(crate) fn is_preflight<H: RequestHead + ?Sized>(head: &H) -> bool {
    let has = |name| head.header_values(name).next().is_some();
    head.method() == "OPTIONS" && has("origin") && has("access-control-request-method")
}
