//! A transaction for each request: the middleware that ends it, and the extractor that begins it.

mod error;
mod extract;
mod middleware;

pub use self::error::TransactionRejection;
pub use self::extract::RequestTransaction;
pub use self::middleware::{TransactionMiddleware, TransactionService};
