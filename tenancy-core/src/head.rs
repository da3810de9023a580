//! `RequestHead`, what admission sees of a request.

/// The part of a request that admission looks at, whatever the framework.
///
/// The adapters implement it for the requests of axum, tower and actix-web. It deals in plain bytes
/// because the frameworks disagree about the version of the `http` crate.
pub trait RequestHead {
    /// The values of every field named `name`, in the order received. `name` is in lower case.
    fn header_values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]>;

    /// The path of the request target as the adapter received it: neither decoded nor normalised.
    fn path(&self) -> &str;

    /// The query of the request target, without the question mark and not decoded.
    fn query(&self) -> Option<&str>;
}
