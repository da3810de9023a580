//! The answer to a refused request, in the types of the `http` crate.

use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderName, HeaderValue, Response, StatusCode};
use tenancy_core::{Admission, Refusal, RefusalResponse};

use crate::RefusalBody;

/// What the client is told. The refusal itself goes into the extensions, for the logs of an outer layer.
pub(crate) fn refused<B: RefusalBody>(admission: &Admission, refusal: Refusal) -> Response<B> {
    let answer = admission.response(&refusal);
    let mut response = Response::new(B::from_text(answer.body().to_owned()));
    *response.status_mut() =
        StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let headers = response.headers_mut();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static(RefusalResponse::CONTENT_TYPE),
    );
    if let Some(challenge) = answer
        .challenge()
        .and_then(|text| HeaderValue::from_str(text).ok())
    {
        headers.insert(WWW_AUTHENTICATE, challenge);
    }
    if let Some(seconds) = answer.retry_after() {
        headers.insert(RETRY_AFTER, seconds.into());
    }
    for (name, value) in [
        ("ratelimit-policy", answer.rate_limit_policy()),
        ("ratelimit", answer.rate_limit()),
    ] {
        if let Some(value) = value.and_then(|text| HeaderValue::from_str(text).ok()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    }
    response.extensions_mut().insert(refusal);
    response
}
