//! `PeerAddress`, who is at the other end of the connection.

use std::net::IpAddr;

use http::Extensions;

/// The address of the peer, for a server that is not axum's: put it into the extensions of each request.
///
/// ```
/// use http::Request;
/// use tenancy_axum::PeerAddress;
///
/// // `peer` is what `TcpListener::accept` gave with the stream, or what tonic tells as `TcpConnectInfo::remote_addr`.
/// fn from<B>(peer: std::net::SocketAddr, mut request: Request<B>) -> Request<B> {
///     request.extensions_mut().insert(PeerAddress(peer.ip()));
///     request
/// }
/// # let _ = from::<()>;
/// ```
///
/// On axum, serve with `into_make_service_with_connect_info::<SocketAddr>()`: with the feature `axum`, which is on by
/// default, what it puts there is read. Where there is neither,
/// [`client_address`](tenancy_core::VisitContext::client_address) is `None`, and no proxy is believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PeerAddress(pub IpAddr);

pub(crate) fn address(extensions: &Extensions) -> Option<IpAddr> {
    let told = extensions.get().map(|PeerAddress(address)| *address);
    told.or_else(|| connected_from(extensions))
}

#[cfg(feature = "axum")]
fn connected_from(extensions: &Extensions) -> Option<IpAddr> {
    use std::net::SocketAddr;

    use axum::extract::ConnectInfo;
    let told = extensions.get();
    told.map(|ConnectInfo(address): &ConnectInfo<SocketAddr>| address.ip())
}

#[cfg(not(feature = "axum"))]
fn connected_from(_: &Extensions) -> Option<IpAddr> {
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peer_is_what_the_server_put_there() {
        let mut extensions = Extensions::new();
        assert_eq!(address(&extensions), None);
        let peer = "2001:db8::1".parse().unwrap();
        extensions.insert(PeerAddress(peer));
        assert_eq!(address(&extensions), Some(peer));
    }

    #[cfg(feature = "axum")]
    #[test]
    fn the_peer_is_the_one_that_axum_is_connected_to() {
        let mut extensions = Extensions::new();
        let peer = std::net::SocketAddr::from(([192, 0, 2, 1], 4711));
        extensions.insert(axum::extract::ConnectInfo(peer));
        assert_eq!(address(&extensions), Some(peer.ip()));
    }
}
