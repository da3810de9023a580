//! `RefusalBody`, a body that can say why a request was refused.

use std::convert::Infallible;

use axum_core::body::Body;
use bytes::Bytes;
use http_body_util::combinators::{BoxBody, UnsyncBoxBody};
use http_body_util::{BodyExt as _, Full};

/// A response body that can be made from the text of a refusal.
///
/// Those of axum, and `String`, `Full` and the boxed bodies of `http-body-util`, are. Implement it for a body type of
/// your own. Where the type is another crate's, such as tonic's, turn it into axum's behind the layer:
///
/// ```
/// use axum::{body::Body, response::Response};
/// # type Theirs = http_body_util::Full<bytes::Bytes>;
///
/// // For `tower::ServiceBuilder::map_response`, or `ServiceExt::map_response`.
/// fn boxed(response: Response<Theirs>) -> Response<Body> {
///     response.map(Body::new)
/// }
/// # let _ = boxed;
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be made from the text of a refusal",
    label = "the layer cannot answer with this body",
    note = "turn it into axum's body behind the layer: `.map_response(|response| response.map(axum::body::Body::new))`",
    note = "or implement `tenancy_axum::RefusalBody` for it"
)]
pub trait RefusalBody {
    /// A body of this text, and nothing else.
    fn from_text(text: String) -> Self;
}

impl RefusalBody for Body {
    fn from_text(text: String) -> Self {
        Self::from(text)
    }
}

impl RefusalBody for String {
    fn from_text(text: String) -> Self {
        text
    }
}

impl RefusalBody for Full<Bytes> {
    fn from_text(text: String) -> Self {
        Self::from(text)
    }
}

impl<E: 'static> RefusalBody for BoxBody<Bytes, E> {
    fn from_text(text: String) -> Self {
        Self::new(Full::from(text).map_err(never))
    }
}

impl<E: 'static> RefusalBody for UnsyncBoxBody<Bytes, E> {
    fn from_text(text: String) -> Self {
        Self::new(Full::from(text).map_err(never))
    }
}

fn never<E>(never: Infallible) -> E {
    match never {}
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn says<B>(text: &str)
    where
        B: RefusalBody + http_body_util::BodyExt,
        B::Error: std::fmt::Debug,
    {
        let body = B::from_text(text.to_owned()).collect().await.unwrap();
        assert_eq!(body.to_bytes(), text);
    }

    #[tokio::test]
    async fn every_body_says_what_it_was_made_from() {
        says::<Body>("no").await;
        says::<String>("no").await;
        says::<Full<Bytes>>("no").await;
        says::<BoxBody<Bytes, std::io::Error>>("no").await;
        says::<UnsyncBoxBody<Bytes, axum_core::Error>>("no").await;
    }
}
