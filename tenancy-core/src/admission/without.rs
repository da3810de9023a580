//! What is let in without a tenant, or without a credential.

use std::sync::Arc;

use super::{Admission, DefaultTenant};
use crate::exempt::Exemption;
use crate::{InvalidPattern, pattern};

impl Admission {
    /// Admits requests for exactly this path without a tenant, whatever credential they carry.
    ///
    /// The path is compared byte for byte, without the query: `/health` opens neither `/health/` nor `//health`
    /// nor `/%68ealth`. It is the path that the adapter sees. Put the adapter outermost: behind something that
    /// rewrites paths, such as axum's `Router::nest` or actix-web's `NormalizePath`, it sees what is left.
    ///
    /// # Errors
    /// When no request has such a path: one without a slash in front, unless it is the `*` of `OPTIONS *`, with a query, a
    /// parameter in braces, a wildcard at the end, or a character that [RFC 3986 §3.3] wants percent-encoded.
    ///
    /// [RFC 3986 §3.3]: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
    pub fn exempt(self, path: &str) -> Result<Self, InvalidPattern> {
        let path = pattern::path(path)?;
        Ok(self.exempted(Exemption::Path(path)))
    }

    /// Admits requests for exactly this path, as [`exempt`](Self::exempt) does, but with this method only.
    ///
    /// Methods are case-sensitive ([RFC 9110 §9.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.1)), and `GET` does not
    /// stand for `HEAD`.
    ///
    /// # Errors
    /// As for [`exempt`](Self::exempt), and when `method` is none.
    pub fn exempt_method(self, method: &str, path: &str) -> Result<Self, InvalidPattern> {
        let (method, path) = (pattern::method(method)?, pattern::path(path)?);
        Ok(self.exempted(Exemption::Method { method, path }))
    }

    /// Admits requests for this path and all below it without a tenant, whatever credential they carry.
    ///
    /// It is a prefix by whole segments: `/public` opens `/public` and `/public/a.css`, not `/publication`. A path
    /// that is not in normal form is never exempt, because the router behind may read it differently: one with an empty
    /// segment (`//`, and a slash at the end), with `.` or `..`, with anything percent-encoded, with a backslash, a
    /// semicolon, or a character that [RFC 3986 §3.3] does not let stand for itself. Case matters.
    ///
    /// # Errors
    /// When `prefix` is not in normal form itself, or is `/`, which is every path.
    ///
    /// [RFC 3986 §3.3]: https://www.rfc-editor.org/rfc/rfc3986#section-3.3
    pub fn exempt_prefix(self, prefix: &str) -> Result<Self, InvalidPattern> {
        let exemption = Exemption::prefix(prefix)?;
        Ok(self.exempted(exemption))
    }

    fn exempted(mut self, exemption: Exemption) -> Self {
        Arc::make_mut(&mut self.rules).exempt.push(exemption);
        self
    }

    /// Admits CORS preflights without a tenant: `OPTIONS` with `Origin` and `Access-Control-Request-Method`, and without a
    /// credential, which browsers never send along ([Fetch]).
    ///
    /// Only for services that answer them behind admission. Where a CORS layer stands in front, it is not needed.
    ///
    /// [Fetch]: https://fetch.spec.whatwg.org/#cors-preflight-request
    pub fn cors_preflight(mut self) -> Self {
        Arc::make_mut(&mut self.rules).cors_preflight = true;
        self
    }

    /// Admits requests without a credential as well, without a tenant. A malformed credential and a bad token are
    /// refused all the same.
    pub fn optional(mut self) -> Self {
        Arc::make_mut(&mut self.rules).optional = true;
        self
    }

    pub(crate) fn default_tenant(mut self, default: DefaultTenant) -> Self {
        Arc::make_mut(&mut self.rules).default_tenant = Some(default);
        self
    }
}
