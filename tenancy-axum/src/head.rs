//! A request of the `http` crate as admission sees it.

use std::net::IpAddr;

use http::HeaderValue;
use http::header::AUTHORIZATION;
use http::request::Parts;
use tenancy_core::RequestHead;

use crate::peer;

pub(crate) struct Head<'r>(pub(crate) &'r Parts);

impl RequestHead for Head<'_> {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let fields = &self.0.headers;
        // Each request is asked for it, and reading a name costs more than finding it.
        let values = if name == AUTHORIZATION.as_str() {
            fields.get_all(AUTHORIZATION)
        } else {
            fields.get_all(name)
        };
        values.iter().map(HeaderValue::as_bytes)
    }

    fn method(&self) -> &str {
        self.0.method.as_str()
    }

    fn authority(&self) -> Option<&str> {
        self.0.uri.authority().map(http::uri::Authority::as_str)
    }

    fn path(&self) -> &str {
        self.0.uri.path()
    }

    fn query(&self) -> Option<&str> {
        self.0.uri.query()
    }

    fn peer_address(&self) -> Option<IpAddr> {
        peer::address(&self.0.extensions)
    }
}
