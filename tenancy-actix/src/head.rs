//! A request of actix-web as admission sees it.

use std::net::IpAddr;

use actix_web::dev::ServiceRequest;
use tenancy_core::RequestHead;

pub(crate) struct Head<'r>(pub(crate) &'r ServiceRequest);

impl RequestHead for Head<'_> {
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.0
            .headers()
            .get_all(name)
            .map(actix_web::http::header::HeaderValue::as_bytes)
    }

    fn method(&self) -> &str {
        self.0.method().as_str()
    }

    fn authority(&self) -> Option<&str> {
        let authority = self.0.head().uri.authority();
        authority.map(actix_web::http::uri::Authority::as_str)
    }

    /// The target itself: `ServiceRequest::path` counts what routing has not matched yet.
    fn path(&self) -> &str {
        self.0.head().uri.path()
    }

    fn query(&self) -> Option<&str> {
        self.0.head().uri.query()
    }

    /// Not `ConnectionInfo::realip_remote_addr`, which believes what anybody writes.
    fn peer_address(&self) -> Option<IpAddr> {
        self.0.peer_addr().map(|peer| peer.ip())
    }
}
