//! `RequestHead`, what admission sees of a request.

use std::net::IpAddr;

#[cfg(test)]
pub(crate) mod testing;

/// The part of a request that admission looks at, whatever the framework.
///
/// The adapters implement it for the requests of axum, tower and actix-web. It deals in plain bytes
/// because the frameworks disagree about the version of the `http` crate.
pub trait RequestHead {
    /// The values of every field named `name`, in the order received. `name` is in lower case.
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]>;

    /// The method as it was received. Methods are case-sensitive
    /// ([RFC 9110 §9.1](https://www.rfc-editor.org/rfc/rfc9110#section-9.1)).
    fn method(&self) -> &str;

    /// The authority of the request target: `:authority` of HTTP/2
    /// ([RFC 9113 §8.3.1](https://www.rfc-editor.org/rfc/rfc9113#section-8.3.1)) or that of a target in absolute form.
    /// `None` when the target has none; the field `Host` is asked for by itself.
    fn authority(&self) -> Option<&str>;

    /// The path of the request target as the adapter received it: neither decoded nor normalised.
    fn path(&self) -> &str;

    /// The query of the request target, without the question mark and not decoded.
    fn query(&self) -> Option<&str>;

    /// The address of the peer of the connection, as the operating system tells it: nothing of the request, whatever it says.
    /// `None` where there is none or it is not known.
    fn peer_address(&self) -> Option<IpAddr>;
}
