//! The head of a request as an `Admission` sees it, without a framework.

use std::net::IpAddr;

use tenancy_core::RequestHead;

/// The head of a `GET`.
#[derive(Debug, Clone)]
pub struct Head {
    path: String,
    query: Option<String>,
    authority: Option<String>,
    fields: Vec<(&'static str, Vec<u8>)>,
    peer: Option<IpAddr>,
}

impl Head {
    /// Of `target`, which is a path, and a query behind the first `?`.
    #[must_use]
    pub fn get(target: &str) -> Self {
        let (path, query) = match target.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (target, None),
        };
        Self {
            path: path.to_owned(),
            query: query.map(ToOwned::to_owned),
            authority: None,
            fields: Vec::new(),
            peer: None,
        }
    }

    /// With this in `Authorization`.
    #[must_use]
    pub fn authorization(self, value: impl AsRef<[u8]>) -> Self {
        self.field("authorization", value)
    }

    /// With one more field, whose name is in lower case.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: impl AsRef<[u8]>) -> Self {
        self.fields.push((name, value.as_ref().to_owned()));
        self
    }

    /// Of a request whose target, or `:authority`, names a host.
    #[must_use]
    pub fn authority(mut self, authority: &str) -> Self {
        self.authority = Some(authority.to_owned());
        self
    }

    /// Of a request that came from this address.
    #[must_use]
    pub fn peer(mut self, address: IpAddr) -> Self {
        self.peer = Some(address);
        self
    }
}

impl RequestHead for Head {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        let fields = self.fields.iter().filter(move |(field, _)| *field == name);
        fields.map(|(_, value)| value.as_slice())
    }

    fn method(&self) -> &'static str {
        "GET"
    }

    fn authority(&self) -> Option<&str> {
        self.authority.as_deref()
    }

    fn path(&self) -> &str {
        &self.path
    }

    fn query(&self) -> Option<&str> {
        self.query.as_deref()
    }

    fn peer_address(&self) -> Option<IpAddr> {
        self.peer
    }
}
