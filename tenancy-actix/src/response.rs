//! The answer to a refused request, in actix-web's types.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use tenancy_core::{Admission, Refusal, Visit};

/// What the client is told. The refusal itself goes into the extensions, for the logs of an outer
/// middleware.
pub(crate) fn refused(admission: &Admission, refusal: Refusal) -> HttpResponse {
    let answer = admission.response(&refusal);
    let status = StatusCode::from_u16(answer.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut response = HttpResponse::build(status);
    for (name, value) in answer.fields() {
        response.insert_header((name, value.as_ref()));
    }
    let mut response = response.body(answer.body().to_owned());
    response.extensions_mut().insert(refusal);
    response
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
