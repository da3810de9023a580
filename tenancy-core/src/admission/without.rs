//! What is let in without a tenant, or without a credential.

use std::sync::Arc;

use super::{Admission, DefaultTenant};
use crate::InvalidPattern;
use crate::exempt::Exemption;

impl Admission {
    /// Admits requests for exactly this path without a tenant, whatever credential they carry.
    ///
    /// The path is compared byte for byte, without the query: `/health` opens neither `/health/` nor `//health`
    /// nor `/%68ealth`. It is the path that the adapter sees. Put the adapter outermost: behind something that
    /// rewrites paths, such as axum's `Router::nest` or actix-web's `NormalizePath`, it sees what is left.
    pub fn exempt(mut self, path: impl Into<String>) -> Self {
        let exemption = Exemption::Path(path.into());
        Arc::make_mut(&mut self.rules).exempt.push(exemption);
        self
    }

    /// Admits requests for exactly this path, as [`exempt`](Self::exempt) does, but with this method only.
    ///
    /// Methods are case-sensitive ([RFC 9110 §9.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.1)), and `GET` does not
    /// stand for `HEAD`.
    pub fn exempt_method(mut self, method: impl Into<String>, path: impl Into<String>) -> Self {
        let (method, path) = (method.into(), path.into());
        let exemption = Exemption::Method { method, path };
        Arc::make_mut(&mut self.rules).exempt.push(exemption);
        self
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
    pub fn exempt_prefix(mut self, prefix: &str) -> Result<Self, InvalidPattern> {
        let exemption = Exemption::prefix(prefix)?;
        Arc::make_mut(&mut self.rules).exempt.push(exemption);
        Ok(self)
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
