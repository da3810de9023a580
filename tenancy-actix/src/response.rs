//! The answer to a refused request, in actix-web's types.

use actix_web::HttpResponse;
use actix_web::body::BoxBody;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use tenancy_core::{Problem, Refusal, RefusalResponse, Visit};

/// What the client is told. The refusal itself goes into the extensions, for the logs of an outer
/// middleware.
pub(crate) fn refused(refusal: Refusal) -> HttpResponse {
    let mut response = document(refusal.response());
    response.extensions_mut().insert(refusal);
    response
}

/// What the client is told where the service cannot answer.
pub(crate) fn unserved(problem: Problem) -> HttpResponse {
    document(&problem.response())
}

pub(crate) fn document(answer: &RefusalResponse) -> HttpResponse {
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::with_body(status, BoxBody::new(answer.body().to_owned()));
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
pub(crate) fn end<B>(visit: Visit, response: &mut HttpResponse<B>) {
    if let Some((name, id)) = visit.request_id_field()
        && let (Ok(name), Ok(id)) = (name.parse::<HeaderName>(), HeaderValue::from_str(id))
    {
        response.headers_mut().insert(name, id);
    }
    let status = response.status().as_u16();
    visit.end(status, response.extensions().get::<Refusal>());
}
