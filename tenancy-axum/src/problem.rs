//! A problem document about the service itself, which says nothing but its status.

use http::header::CONTENT_TYPE;
use http::{HeaderValue, Response, StatusCode};
use tenancy_core::RefusalResponse;

use crate::RefusalBody;

/// Whose fault it is that the service cannot answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Problem {
    /// Something in the service is wrong.
    Internal,
    /// The database is not to be had now.
    Unavailable,
}

impl Problem {
    pub(crate) fn status(self) -> StatusCode {
        match self {
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// RFC 9457, and like a refusal nothing of the request.
    pub(crate) fn response<B: RefusalBody>(self) -> Response<B> {
        let body = match self {
            Self::Internal => {
                r#"{"type":"about:blank","title":"The request could not be served","status":500,"code":"internal"}"#
            }
            Self::Unavailable => {
                r#"{"type":"about:blank","title":"The request cannot be served now","status":503,"code":"temporarily_unavailable"}"#
            }
        };
        let mut response = Response::new(B::from_text(body.to_owned()));
        *response.status_mut() = self.status();
        let content_type = HeaderValue::from_static(RefusalResponse::CONTENT_TYPE);
        response.headers_mut().insert(CONTENT_TYPE, content_type);
        response
    }
}
