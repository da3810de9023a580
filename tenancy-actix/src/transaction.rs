//! A transaction for each request: the middleware that ends it, and the extractor that begins it.

mod extract;
mod middleware;

pub use self::extract::RequestTransaction;
pub use self::middleware::{TransactionMiddleware, TransactionService};
