//! What the benchmarks of databases share: a server, ways to it, and the loops in which work on it is timed.

pub(crate) mod lane;
mod link;
pub(crate) mod server;
pub(crate) mod work;

pub(crate) use self::lane::Lane;
pub(crate) use self::server::{Role, Server};
pub(crate) use self::work::Work;
