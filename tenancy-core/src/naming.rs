//! `NameSource`, the places of a request that may name its tenant. None of them grants anything.

mod host;
mod path;

use std::borrow::Cow;

pub(crate) use self::host::HostTemplate;
pub(crate) use self::path::{PathTemplate, is_normal};
use crate::TenantId;
use crate::head::RequestHead;

/// A place that may name the tenant of a request.
#[derive(Debug, Clone)]
pub(crate) enum NameSource {
    /// The header field of this name, in lower case.
    Header(String),
    Host(HostTemplate),
    Path(PathTemplate),
    /// Every request is for this tenant.
    Fixed(TenantId),
}

/// What one place of a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named<'h> {
    Nothing,
    /// The id or the slug of a tenant, which may not exist.
    Name(Cow<'h, str>),
    /// Something, and that is no tenant, or several.
    Nonsense,
}

impl NameSource {
    pub(crate) fn read<'h, H: RequestHead + ?Sized>(&'h self, head: &'h H) -> Named<'h> {
        match self {
            Self::Header(name) => in_header(head, name),
            Self::Host(template) => template.read(head),
            Self::Path(template) => template.read(head.path()),
            Self::Fixed(tenant) => Named::Name(tenant.as_str().into()),
        }
    }

    /// How logs call it.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Header(_) => "the header",
            Self::Host(_) => "the host",
            Self::Path(_) => "the path",
            Self::Fixed(_) => "the fixed tenant",
        }
    }
}

fn in_header<'h, H: RequestHead + ?Sized>(head: &'h H, name: &'h str) -> Named<'h> {
    let mut values = head.header_values(name);
    let Some(value) = values.next() else {
        return Named::Nothing;
    };
    if values.next().is_some() {
        return Named::Nonsense;
    }
    std::str::from_utf8(value).map_or(Named::Nonsense, |text| Named::Name(text.into()))
}

/// A template or prefix of the configuration that cannot be one.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{pattern}` {problem}")]
pub struct InvalidPattern {
    pattern: String,
    problem: &'static str,
}

impl InvalidPattern {
    pub(crate) fn new(pattern: &str, problem: &'static str) -> Self {
        let pattern = pattern.to_owned();
        Self { pattern, problem }
    }
}

/// Where a template has the tenant.
const PLACEHOLDER: &str = "{tenant}";
