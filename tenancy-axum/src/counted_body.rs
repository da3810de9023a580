//! `CountedBody`, a response body that counts among the requests of its tenant, and is made in the span of its own.

use std::pin::Pin;
use std::task::{Context, Poll};

use http_body::{Body, Frame, SizeHint};
use pin_project_lite::pin_project;
use tenancy_core::Permit;
use tracing::Span;

use crate::RefusalBody;

pin_project! {
    /// The body of a response behind [`TenantLayer`](crate::TenantLayer). The request counts among those that its tenant may
    /// make at once until the server has taken all of this, which of a stream is when it ends, or has dropped it, as when the
    /// client goes away.
    ///
    /// What goes on after a body has ended, such as a WebSocket, counts where the handler holds the
    /// [`Permit`](crate::Permit) of the request.
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

impl<B: Body> Body for CountedBody<B> {
    type Data = B::Data;
    type Error = B::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<B::Data>, B::Error>>> {
        let this = self.project();
        let frame = this.span.in_scope(|| this.inner.poll_frame(context));
        if let Poll::Ready(None) = frame {
            *this.permit = Permit::default();
        }
        frame
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// The body of a refusal, which counts for nobody.
impl<B: RefusalBody> RefusalBody for CountedBody<B> {
    fn from_text(text: String) -> Self {
        Self::new(B::from_text(text), Permit::default(), Span::none())
    }
}
