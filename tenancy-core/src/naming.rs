//! `NameSource`, the places of a request that may name its tenant or its project. None of them grants anything.

mod host;
mod path;

use std::borrow::Cow;

pub(crate) use self::host::HostTemplate;
pub(crate) use self::path::{PathTemplate, is_normal};
use crate::head::RequestHead;
use crate::{TenantId, query};

/// A place that may name the tenant of a request, or its project.
#[derive(Debug, Clone)]
pub(crate) enum NameSource {
    /// The header field of this name, in lower case.
    Header(String),
    Host(HostTemplate),
    Path(PathTemplate),
    /// The query parameter of this name.
    Query(String),
    /// Every request is for this tenant.
    Fixed(TenantId),
}

/// What a service says of the names of tenants.
#[derive(Debug, Clone, Default)]
pub(crate) struct TenantNames {
    pub(crate) places: Vec<NameSource>,
    /// Also with a credential for one tenant only.
    pub(crate) are_required: bool,
}

/// What one place of a request names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Named<'h> {
    Nothing,
    /// The id or the slug of a tenant, or the id of a project, which may not exist.
    Name(Cow<'h, str>),
    /// Something, and that is no name, or several.
    Nonsense,
}

impl NameSource {
    pub(crate) fn read<'h, H: RequestHead + ?Sized>(&'h self, head: &'h H) -> Named<'h> {
        match self {
            Self::Header(name) => only(head.header_values(name), |value| {
                std::str::from_utf8(value).ok().map(Cow::Borrowed)
            }),
            Self::Host(template) => template.read(head),
            Self::Path(template) => template.read(head.path()),
            Self::Query(name) => only(query::parameters(head.query(), name), |value| {
                query::decoded(value)
            }),
            Self::Fixed(tenant) => Named::Name(tenant.as_str().into()),
        }
    }

    /// Whether what it names is the id of a tenant, never its slug.
    pub(crate) fn has_ids_only(&self) -> bool {
        matches!(self, Self::Fixed(_))
    }

    /// How logs call it.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::Header(_) => "the header",
            Self::Host(_) => "the host",
            Self::Path(_) => "the path",
            Self::Query(_) => "the query",
            Self::Fixed(_) => "the fixed tenant",
        }
    }
}

/// What a place names that holds one value at most.
fn only<'h>(
    mut values: impl Iterator<Item = &'h [u8]>,
    read: fn(&'h [u8]) -> Option<Cow<'h, str>>,
) -> Named<'h> {
    match (values.next(), values.next()) {
        (None, _) => Named::Nothing,
        (Some(value), None) => read(value).map_or(Named::Nonsense, Named::Name),
        (Some(_), Some(_)) => Named::Nonsense,
    }
}

/// Where a template has the tenant.
const TENANT: &str = "{tenant}";
/// Where a template has the project.
const PROJECT: &str = "{project}";
