//! The answer to a refused request, in the types of the `http` crate.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use tenancy_core::{Admission, Refusal, RefusalResponse};

use crate::{RefusalBody, grpc};

/// What the client of a request with these `headers` is told. The refusal itself goes into the extensions, for the logs of
/// an outer layer.
pub(crate) fn refused<B: RefusalBody>(
    admission: &Admission,
    refusal: Refusal,
    headers: &HeaderMap,
) -> Response<B> {
    let answer = admission.response(&refusal);
    let mut response = if grpc::is_call(headers) {
        grpc::response(&refusal, &answer)
    } else {
        problem(&answer)
    };
    for (name, value) in answer.fields() {
        if let Ok(value) = HeaderValue::from_str(&value) {
            let name = HeaderName::from_static(name);
            response.headers_mut().entry(name).or_insert(value);
        }
    }
    response.extensions_mut().insert(refusal);
    response
}

fn problem<B: RefusalBody>(answer: &RefusalResponse) -> Response<B> {
    let mut response = Response::new(B::from_text(answer.body().to_owned()));
    *response.status_mut() =
        StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    response
}
