//! What is different about gRPC.
//!
//! Its clients read the body of an answer as messages and its outcome from `grpc-status`. A problem document is none to them: tonic's
//! client takes it for a broken message, whatever the status of HTTP.

use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Response, Version};
use tenancy_core::RefusalResponse;

use crate::{RefusalBody, response};

const MEDIA_TYPE: &str = "application/grpc";
const STATUS: HeaderName = HeaderName::from_static("grpc-status");
const MESSAGE: HeaderName = HeaderName::from_static("grpc-message");

/// Whether a request is a call: a `POST` over HTTP/2 whose media type is `application/grpc`, or that with a format such as
/// `+proto` ([gRPC over HTTP/2](https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md)).
///
/// Nothing else is, because the answer has status 200: whoever looks at that, such as a gateway that asks this service with
/// a `GET` whether to let a request pass, must not be told so by a field that a client adds.
pub(crate) fn is_call(method: &Method, version: Version, headers: &HeaderMap) -> bool {
    method == Method::POST && version == Version::HTTP_2 && has_media_type(headers)
}

fn has_media_type(headers: &HeaderMap) -> bool {
    let media_type = headers.get(CONTENT_TYPE).map(HeaderValue::as_bytes);
    let format = media_type.and_then(|it| it.strip_prefix(MEDIA_TYPE.as_bytes()));
    format.is_some_and(|format| matches!(format.first(), None | Some(b'+' | b';')))
}

/// Whether an answer with these fields says that the call has failed. An answer with messages says so behind them, too late
/// to look.
#[cfg(feature = "sqlx")]
pub(crate) fn has_failed(headers: &HeaderMap) -> bool {
    headers.get(STATUS).is_some_and(|status| status != "0")
}

/// An answer without a message ("Trailers-Only"): status 200 of HTTP, that of gRPC, and the stable code as its message. The
/// other fields, such as `Retry-After`, are the metadata of the call.
pub(crate) fn refused<B: RefusalBody>(code: &'static str, answer: &RefusalResponse) -> Response<B> {
    let mut response = Response::new(B::from_text(String::new()));
    let headers = response.headers_mut();
    response::add(answer.fields(), headers);
    // A call has no problem document.
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE));
    headers.insert(STATUS, HeaderValue::from(status(answer.status())));
    headers.insert(MESSAGE, HeaderValue::from_static(code));
    response
}

/// The status of gRPC for one of HTTP, after the comments in
/// [google.rpc.Code](https://github.com/googleapis/googleapis/blob/master/google/rpc/code.proto).
fn status(http: u16) -> u16 {
    match http {
        400 => 3,  // INVALID_ARGUMENT
        401 => 16, // UNAUTHENTICATED
        403 => 7,  // PERMISSION_DENIED
        429 => 8,  // RESOURCE_EXHAUSTED
        503 => 14, // UNAVAILABLE
        _ => 13,   // INTERNAL
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_is_known_by_its_media_type() {
        for (media_type, expected) in [
            ("application/grpc", true),
            ("application/grpc+proto", true),
            ("application/grpc;charset=utf-8", true),
            // What a browser sends is translated, or refused, in front of a service.
            ("application/grpc-web", false),
            ("application/grpc-web+proto", false),
            ("application/json", false),
            ("text/application/grpc", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, media_type.parse().unwrap())]);
            let is_call = |method, version| is_call(&method, version, &headers);
            let found = is_call(Method::POST, Version::HTTP_2);
            assert_eq!(found, expected, "{media_type}");
            assert!(!is_call(Method::GET, Version::HTTP_2));
            assert!(!is_call(Method::POST, Version::HTTP_11));
        }
        assert!(!is_call(&Method::POST, Version::HTTP_2, &HeaderMap::new()));
    }
}
