//! `TransactionLayer`, which ends the transaction of each request.

use tenancy_sqlx::TenantPool;
use tower_layer::Layer;

use crate::TransactionService;

/// A tower layer that gives each request a transaction, for handlers that ask for a
/// [`RequestTransaction`](crate::RequestTransaction).
///
/// What the handler answers decides. A status below 400 commits, and the answer goes out when the database has
/// confirmed it. Any other status rolls back, and so do a panic, a client that goes away, and an error of the inner service.
/// Requests whose handlers do not ask cost no connection. A call of gRPC that fails before its first message is rolled back too,
/// although its status in HTTP is 200; one that fails later is not.
///
/// When the commit fails, the client gets status 500 with a problem document
/// ([RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)) in place of the answer, or 503 where the database says that another attempt may
/// succeed, and the cause is logged. It gets 500 too when the
/// handler has answered and something else, such as a spawned task or the body of the answer, still has the transaction.
///
/// It stands behind [`TenantLayer`](crate::TenantLayer). In front of it works too, but then what is recorded of a request is what
/// was answered before the commit.
#[derive(Debug, Clone)]
pub struct TransactionLayer {
    pool: TenantPool,
}

impl TransactionLayer {
    /// A layer that begins transactions in `pool`.
    pub fn new(pool: TenantPool) -> Self {
        Self { pool }
    }
}

impl<S> Layer<S> for TransactionLayer {
    type Service = TransactionService<S>;

    fn layer(&self, inner: S) -> TransactionService<S> {
        TransactionService::new(self.pool.clone(), inner)
    }
}
