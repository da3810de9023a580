//! `Head`, a request as the `http` crate has it.

use http::header::{AUTHORIZATION, HeaderMap, HeaderValue};
use std::net::IpAddr;

use tenancy_core::{RequestHead, TenantId};

use crate::Failure;

pub(super) struct Head(HeaderMap);

impl Head {
    /// Where a request names its tenant.
    pub(super) const TENANT: &str = "x-tenant-id";

    /// What a browser sends, with a token and perhaps the name of a tenant.
    pub(super) fn new(token: &str, tenant: Option<&TenantId>) -> Result<Self, Failure> {
        let mut fields = HeaderMap::new();
        for (name, value) in [
            ("host", "service.example"),
            ("user-agent", "Mozilla/5.0 (X11; Linux x86_64; rv:133.0)"),
            ("accept", "application/json"),
            ("accept-encoding", "gzip, deflate, br, zstd"),
        ] {
            fields.insert(name, HeaderValue::from_static(value));
        }
        let authorization = HeaderValue::from_str(&format!("Bearer {token}"))?;
        fields.insert(AUTHORIZATION, authorization);
        if let Some(tenant) = tenant {
            fields.insert(Self::TENANT, HeaderValue::from_str(tenant.as_str())?);
        }
        Ok(Self(fields))
    }
}

impl RequestHead for Head {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0.get_all(name).iter().map(HeaderValue::as_bytes)
    }

    fn method(&self) -> &'static str {
        "GET"
    }

    fn authority(&self) -> Option<&str> {
        None
    }

    fn path(&self) -> &'static str {
        "/"
    }

    fn query(&self) -> Option<&str> {
        None
    }

    fn peer_address(&self) -> Option<IpAddr> {
        None
    }
}
