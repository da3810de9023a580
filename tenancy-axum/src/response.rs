//! The answer to a refused request, in the types of the `http` crate.

use http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode};
use tenancy_core::{Problem, Refusal, RefusalResponse, Visit};

use crate::{RefusalBody, grpc};

/// What the client is told, of gRPC where the request is a call of it. The refusal itself goes into the extensions, for the logs of
/// an outer layer.
pub(crate) fn refused<B: RefusalBody>(refusal: Refusal, is_call: bool) -> Response<B> {
    let answer = refusal.response();
    let mut response = if is_call {
        grpc::refused(refusal.kind().code(), answer)
    } else {
        document(answer)
    };
    response.extensions_mut().insert(refusal);
    response
}

/// What the client is told where the service cannot answer, of gRPC where the request is a call of it.
pub(crate) fn unserved<B: RefusalBody>(problem: Problem, is_call: bool) -> Response<B> {
    let answer = problem.response();
    if is_call {
        grpc::refused(problem.code(), &answer)
    } else {
        document(&answer)
    }
}

pub(crate) fn document<B: RefusalBody>(answer: &RefusalResponse) -> Response<B> {
    let mut response = Response::new(B::from_text(answer.body().to_owned()));
    *response.status_mut() =
        StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    add(answer.fields(), response.headers_mut());
    response
}

/// Adds fields of `tenancy-core`, whose names and values are good ones.
pub(crate) fn add(
    fields: impl Iterator<Item = (&'static str, impl AsRef<str>)>,
    headers: &mut HeaderMap,
) {
    for (name, value) in fields {
        if let Ok(value) = HeaderValue::from_str(value.as_ref()) {
            headers.append(HeaderName::from_static(name), value);
        }
    }
}

/// Ends the visit with what the client is told, which may include the id of its request.
pub(crate) fn end<B>(visit: Visit, response: &mut Response<B>) {
    if let Some((name, id)) = visit.request_id_field()
        && let (Ok(name), Ok(id)) = (name.parse::<HeaderName>(), HeaderValue::from_str(id))
    {
        response.headers_mut().insert(name, id);
    }
    let refusal = response.extensions().get::<Refusal>();
    visit.end(response.status().as_u16(), refusal);
}
