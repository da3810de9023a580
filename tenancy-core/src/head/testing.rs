//! `Head`, a request for unit tests.

use std::net::IpAddr;

use super::RequestHead;

/// A `GET` of `/` that has these things and nothing else. Names of fields are in lower case.
#[derive(Default)]
pub(crate) struct Head<'a> {
    pub(crate) fields: Vec<(&'a str, &'a str)>,
    pub(crate) query: Option<&'a str>,
    pub(crate) authority: Option<&'a str>,
    pub(crate) peer: Option<IpAddr>,
}

impl RequestHead for Head<'_> {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let fields = self.fields.iter().filter(move |(field, _)| *field == name);
        fields.map(|(_, value)| value.as_bytes())
    }

    fn method(&self) -> &'static str {
        "GET"
    }

    fn authority(&self) -> Option<&str> {
        self.authority
    }

    fn path(&self) -> &'static str {
        "/"
    }

    fn query(&self) -> Option<&str> {
        self.query
    }

    fn peer_address(&self) -> Option<IpAddr> {
        self.peer
    }
}
