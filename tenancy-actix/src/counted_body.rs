//! `CountedBody`, a response body that counts among the requests of its tenant, and is made in the span of its own.

use std::pin::Pin;
use std::task::{Context, Poll};

use actix_web::body::{BodySize, MessageBody};
use actix_web::web::Bytes;
use pin_project_lite::pin_project;
use tenancy_core::Permit;
use tracing::Span;

pin_project! {
    /// The body of a response behind [`TenantMiddleware`](crate::TenantMiddleware). The request counts among those that its
    /// tenant may make at once until the server, or a middleware outside such as `Compress`, has taken all of this, which of a
    /// stream is when it ends, or has dropped it.
    ///
    /// actix-web lets a handler finish when its client has gone away, and the request counts until then. What goes on after
    /// a body has ended counts where somebody holds [the permit](tenancy_core::VisitContext::permit). A WebSocket is a body, and
    /// counts as long as it is open.
    ///
    /// What its stream logs while it is polled is inside the span of the request.
    #[derive(Debug)]
    pub struct CountedBody<B> {
        #[pin]
        inner: B,
        permit: Permit,
        span: Span,
    }
}

impl<B> CountedBody<B> {
    pub(crate) fn new(inner: B, permit: Permit, span: Span) -> Self {
        Self {
            inner,
            permit,
            span,
        }
    }
}

impl<B: MessageBody> MessageBody for CountedBody<B> {
    type Error = B::Error;

    fn size(&self) -> BodySize {
        self.inner.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, B::Error>>> {
        let this = self.project();
        let chunk = this.span.in_scope(|| this.inner.poll_next(context));
        if let Poll::Ready(None) = chunk {
            *this.permit = Permit::default();
        }
        chunk
    }

    fn try_into_bytes(self) -> Result<Bytes, Self> {
        let Self {
            inner,
            permit,
            span,
        } = self;
        inner
            .try_into_bytes()
            .map_err(|inner| Self::new(inner, permit, span))
    }
}
