//! A transaction for each request: the layer that ends it, and the extractor that begins it.

mod extract;
mod layer;
mod service;

pub use self::extract::RequestTransaction;
pub use self::layer::TransactionLayer;
pub use self::service::TransactionService;
